/** Classic mode against a Python peer of the original program, over a real loopback socket, both roles (§13). */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { CLASSIC_MAX_PACKAGE } from '@waxwing/protocol/classic';
import { ALL_HELD, ClassicFolder, delivers, Program, SECRET, WARNED } from './classic-program.ts';

const PEER = join(import.meta.dirname, 'classic_peer.py');
const CHAT = join(import.meta.dirname, 'classic-chat.ts');

const folder = new ClassicFolder();
const waxwing = (...args: string[]): Program => folder.waxwing(...args);
after(() => {
  folder.remove();
});

const python = spawnSync('python3', ['-c', 'import cryptography'], { encoding: 'utf8' });
const skip =
  python.error !== undefined
    ? 'python3 is not installed: the peer of the original program cannot run'
    : python.status !== 0 && "python3 has no package 'cryptography': the peer of the original program cannot run";

function peer(...args: string[]): Program {
  return new Program('python3', [PEER, ...args, '--secret', SECRET]);
}

function chat(secret: string, ...args: string[]): Program {
  return new Program(process.execPath, [CHAT, ...args], { WAXWING_CLASSIC_SECRET: secret });
}

const ORIGINAL = /^Security: HMAC VERIFIED \| Message verified\(\ds old\) \| Signature verified!$/;
const OURS =
  /^Security: HMAC VERIFIED \| Session key unwrapped \| Message decrypted \| Message verified\(\ds old\) \| Signature verified!$/;
const TEXTS = ['Hello!', '', 'Grüße | ✓ 🕊', 'x'.repeat(9_000)];

async function chatBothWays(ours: Program, theirs: Program): Promise<void> {
  await Promise.all([ours.line(/^Keys exchanged/), theirs.line(/^Keys exchanged/)]);
  for (const text of TEXTS) {
    await delivers(ours, theirs, text, ORIGINAL);
    await delivers(theirs, ours, text, OURS);
  }
  // Typed at once, and still one package a read at the other end.
  for (let i = 0; i < 5; i++) ours.type(`line ${i}`);
  for (let i = 0; i < 5; i++) assert.equal(await theirs.line(/^Message: /), `Message: line ${i}`);
}

suite('classic and the Python peer of the original', { skip }, () => {
  test('as the server', async () => {
    using ours = chat(SECRET, 'server');
    using theirs = peer('client', '--port', await ours.port());
    await chatBothWays(ours, theirs);
    theirs.leave();
    await ours.line(/^Peer left/);
  });

  test('as the client', async () => {
    using theirs = peer('server');
    using ours = chat(SECRET, 'client', await theirs.port());
    await chatBothWays(ours, theirs);
    ours.leave();
    await theirs.line(/^Peer left/);
  });

  test('packages that arrive joined are all read', async () => {
    using ours = chat(SECRET, 'server');
    using theirs = peer('client', '--port', await ours.port(), '--spacing', '0');
    for (let i = 0; i < 20; i++) theirs.type(`line ${i}`);
    for (let i = 0; i < 20; i++) assert.equal(await ours.line(/^Message: /), `Message: line ${i}`);
  });

  test('under another secret everything is refused, in words, and the connection lives', async () => {
    using ours = chat('another secret', 'server');
    using theirs = peer('client', '--port', await ours.port());
    for (let i = 0; i < 2; i++) {
      theirs.type('unread');
      await ours.line(/^Refused: classic-hmac/);
      ours.type('unread');
      await theirs.line(/^Refused: ValueError: HMAC failed/);
    }
  });
});

const HMAC_FAILED = new RegExp(`^Security: ✗ HMAC FAILED \\| - Age not checked \\| - Signature not checked${WARNED}`);

/** Every word of the beginning, in its order. */
async function begins(ours: Program, ...words: readonly string[]): Promise<void> {
  for (const word of words) assert.equal(await ours.line(/^(?!Peer )/), word);
  assert.match(await ours.line(/^/), /^Peer SHA256:.{43} \(NOT AUTHENTICATED\)$/);
}

async function commandChatsBothWays(ours: Program, theirs: Program): Promise<void> {
  for (const text of ['Hello!', 'Grüße | ✓ 🕊', 'x'.repeat(9_000)]) {
    await delivers(ours, theirs, text, ORIGINAL);
    await delivers(theirs, ours, text, ALL_HELD);
  }
}

suite('the command with --classic and the Python peer of the original', { skip }, () => {
  test('as the server, which listens for the next one', async () => {
    using ours = waxwing('server', '--classic', '--port', '0');
    assert.match(await ours.line(/^/), /^INSECURE by design: .* say nothing secret\.$/);
    assert.equal(await ours.line(/^/), 'Generating RSA key pair...');
    const port = await ours.port();
    ours.type('typed before anyone was there');
    for (const run of [1, 2]) {
      using theirs = peer('client', '--port', port);
      await begins(ours, 'Connection accepted!', 'Exchanging keys...', 'Keys exchanged ✓');
      if (run === 1) await theirs.line(/^Message: typed before anyone was there$/);
      await commandChatsBothWays(ours, theirs);
      theirs.leave();
      assert.equal(await ours.line(/^/), 'Your peer left.');
      assert.equal(await ours.line(/^/), 'Listening for the next one...');
    }
    ours.type('exit');
    assert.equal(await ours.exited, 0);
  });

  test('as the client, which leaves when piped lines are written', async () => {
    using theirs = peer('server');
    using ours = waxwing('client', `127.0.0.1:${await theirs.port()}`, '--classic');
    await ours.line(/^INSECURE by design: /);
    assert.equal(await ours.line(/^/), 'Generating RSA key pair...');
    assert.equal(await ours.line(/^/), 'Connecting to server...');
    await begins(ours, 'Connected!', 'Exchanging keys...', 'Keys exchanged ✓');
    await commandChatsBothWays(ours, theirs);
    for (let i = 0; i < 20; i++) ours.type(`line ${i}`);
    ours.leave();
    for (let i = 0; i < 20; i++) assert.equal(await theirs.line(/^(Message|Refused): /), `Message: line ${i}`);
    await theirs.line(/^Peer left/);
    assert.equal(await ours.exited, 0);
  });

  test('a package under another secret is refused with its reason, and the connection lives', async () => {
    using ours = waxwing('server', '--classic', '--port', '0');
    using theirs = new Program('python3', [PEER, 'client', '--port', await ours.port(), '--secret', 'another']);
    for (let i = 0; i < 2; i++) {
      theirs.type('unread');
      assert.match(await ours.line(/^Refused: /), /^Refused: The HMAC does not hold: .* \/why explains\.$/);
      assert.match(await ours.line(/^/), HMAC_FAILED);
      ours.type('unread');
      await theirs.line(/^Refused: ValueError: HMAC failed/);
    }
    ours.type('/why');
    await ours.line(/^ {2}Code {4}classic-hmac, check hmac$/);
    assert.doesNotMatch(ours.rest, /unread/);
  });

  test('a text that fits no package is refused and kept; the next one goes out', async () => {
    using ours = waxwing('server', '--classic', '--port', '0');
    using theirs = peer('client', '--port', await ours.port());
    await ours.line(/^Keys exchanged/);
    ours.type('y'.repeat(CLASSIC_MAX_PACKAGE));
    await ours.line(/^The message makes a package of \d+ bytes; .* It was not sent: shorten it/);
    await ours.line(/^Not sent, kept here:$/);
    assert.equal(await ours.line(/^/), `  | ${'y'.repeat(CLASSIC_MAX_PACKAGE)}`);
    ours.type('short');
    assert.equal(await theirs.line(/^(Message|Refused): /), 'Message: short');
  });
});
