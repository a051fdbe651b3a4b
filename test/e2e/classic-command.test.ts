/** The command with --classic, and what is at its other end: itself, a hostile peer, something else (§13). */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CLASSIC_WRITE_SPACING,
  decodePem,
  encodePackage,
  encodePem,
  encryptMessage,
  SecretKey,
} from '@waxwing/protocol/classic';
import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';
import { ALL_HELD, ClassicFolder, delivers, Program, SECRET, WARNED, WAXWING } from './classic-program.ts';

const folder = new ClassicFolder();
const waxwing = (...args: string[]): Program => folder.waxwing(...args);
after(() => {
  folder.remove();
});

/** A peer made of the library's pieces, which can do what no honest one does. */
async function hostilePeer(
  port: string,
): Promise<{ socket: Socket; send: (text: string, honest: boolean) => Promise<void> }> {
  const socket = connect(Number(port), '127.0.0.1').setNoDelay(true);
  const [pem] = (await once(socket, 'data')) as [Buffer];
  const keys = await p.generateRsa();
  const other = await p.generateRsa();
  socket.write(encodePem(keys.publicKey));
  await sleep(CLASSIC_WRITE_SPACING);
  const send = async (message: string, honest: boolean): Promise<void> => {
    const sealed = await encryptMessage(p, {
      message,
      recipientPublicKey: decodePem(pem),
      senderPrivateKey: honest ? keys.privateKey : other.privateKey,
      secret: new SecretKey(new TextEncoder().encode(SECRET)),
      now: Math.floor(Date.now() / 1000),
    });
    socket.write(encodePackage(sealed));
  };
  return { socket, send };
}

suite('the command with --classic', () => {
  test('never shows a text whose signature failed', async () => {
    using ours = waxwing('server', '--classic', '--port', '0');
    const { socket, send } = await hostilePeer(await ours.port());
    await send('a lie', false);
    await ours.line(/^Refused: The signature is not the peer's; the text is not shown\./);
    assert.match(
      await ours.line(/^/),
      new RegExp(`^Security: ✓ HMAC VERIFIED \\| ✓ Message verified\\(0s old\\) \\| ✗ Signature failed!${WARNED}`),
    );
    await send('the truth', true);
    assert.equal(await ours.line(/^Message: /), 'Message: the truth');
    ours.type('/proof 1');
    await ours.line(/^Proof of #1, from your peer: NOT all five checks hold$/);
    await ours.line(/^ {2}Protocol {5}INSECURE: classic protocol/);
    assert.doesNotMatch(ours.rest, /a lie/);
    socket.destroy();
  });

  test('ends a connection whose bytes are no package, and listens again; --once ends it', async () => {
    for (const single of [false, true]) {
      using ours = waxwing('server', '--classic', '--port', '0', ...(single ? ['--once'] : []));
      const port = await ours.port();
      for (let run = 0; run < (single ? 1 : 2); run++) {
        const { socket, send } = await hostilePeer(port);
        await send('first', true);
        await ours.line(/^Message: first$/);
        socket.write('GET / HTTP/1.1\r\n\r\n');
        await ours.line(/^The connection with 127\.0\.0\.1 was ended: /);
        await ours.line(/^Check that the other side runs the original program/);
        if (!socket.closed) await once(socket, 'close');
        if (!single) assert.equal(await ours.line(/^/), 'Listening for the next one...');
      }
      if (single) assert.equal(await ours.exited, 5);
    }
  });

  test('talks to one peer at a time', async () => {
    using ours = waxwing('server', '--classic', '--port', '0', '--once');
    const port = await ours.port();
    using first = waxwing('client', `127.0.0.1:${port}`, '--classic');
    await first.line(/^Keys exchanged/);
    using second = waxwing('client', `127.0.0.1:${port}`, '--classic');
    await second.line(/ended the connection without sending its key\. It may be talking to someone else/);
    assert.equal(await second.exited, 4);
    await ours.line(/turned away: only one peer chats at a time/);
    await delivers(first, ours, 'still here', ALL_HELD);
    first.type('last words');
    first.type('exit');
    first.type('never sent');
    await ours.line(/^Message: last words$/);
    assert.equal(await first.exited, 0);
    assert.equal(await ours.exited, 0);
    assert.doesNotMatch(ours.rest, /never sent/);
  });

  test('says what it keeps: nothing', async () => {
    using ours = waxwing('server', '--classic', '--port', '0');
    await ours.port();
    for (const command of [
      'verify',
      'peer',
      'history',
      'search x',
      'delete 1',
      'block',
      'nick me',
      'name you',
      'resend',
    ]) {
      ours.type(`/${command}`);
      const [word = ''] = command.split(' ');
      assert.equal(await ours.line(/^/), `Classic keeps no identities and no history, so /${word} means nothing here.`);
    }
    ours.type('to nobody');
    ours.type('/quit');
    await ours.line(/^1 message was not sent \(#1\)/);
    await ours.line(/^ {2}\| to nobody$/);
    assert.equal(await ours.exited, 7);
    assert.ok(!existsSync(folder.home));
  });

  test('leaves on a signal', async () => {
    using ours = waxwing('server', '--classic', '--port', '0');
    ours.leave();
    const port = await ours.port();
    using theirs = waxwing('client', `127.0.0.1:${port}`, '--classic');
    await theirs.line(/^Keys exchanged/);
    ours.signal('SIGTERM');
    assert.equal(await ours.exited, 0);
    await theirs.line(/^Your peer left\.$/);
    assert.equal(await theirs.exited, 0);
  });

  test('takes the secret from the first line of a file', async () => {
    const file = join(folder.path, 'secret');
    writeFileSync(file, `${SECRET}\r\nwhat follows is no secret\n`);
    using ours = waxwing('server', '--classic', '--port', '0');
    const options = ['--classic', '--classic-secret-file', file];
    using theirs = new Program(process.execPath, [WAXWING, 'client', `127.0.0.1:${await ours.port()}`, ...options], {
      WAXWING_CLASSIC_SECRET: 'not this one',
    });
    await theirs.line(/^Keys exchanged/);
    await delivers(theirs, ours, 'Hello!', ALL_HELD);
  });

  test('refuses to start without a secret, and with options that mean nothing here', async () => {
    const empty = join(folder.path, 'empty');
    writeFileSync(empty, '\n');
    const cases: readonly (readonly [args: readonly string[], sentence: RegExp])[] = [
      [[], /^Classic needs the HMAC secret .*\nGive both ends the same one: .*\n\[secret-missing\]$/m],
      [['--classic-secret-file', empty], /^The first line of .* is empty/m],
      [['--classic-secret-file', join(folder.path, 'none')], /^The secret's file .* cannot be read \(ENOENT\)/m],
      [['--memory'], /^--memory means nothing with --classic: .*\n.*\n\[option-misplaced\]$/m],
      [['--peer', `SHA256:${'A'.repeat(43)}`], /^--peer means nothing with --classic: /m],
      [['--keep', '90d'], /^--keep means nothing with --classic: /m],
      [['--profile', 'me'], /^--profile means nothing with --classic: /m],
    ];
    const ends = cases.map(async ([args, sentence], index) => {
      const role = index % 2 === 0 ? 'server' : 'client';
      using ours = new Program(process.execPath, [WAXWING, role, '--classic', ...args], { WAXWING_CLASSIC_SECRET: '' });
      assert.equal(await ours.exited, 2);
      assert.match(ours.rest, sentence);
    });
    await Promise.all(ends);
  });

  test('fails clearly at both ends where the other end is not classic', async () => {
    {
      using ordinary = waxwing('server', '--port', '0', '--memory');
      using classic = waxwing('client', `127.0.0.1:${await ordinary.port()}`, '--classic');
      await classic.line(/was ended: The peer sent no public key in PEM form\.$/);
      await classic.line(/^Check that the other side runs the original program, or waxwing with --classic\./);
      assert.equal(await classic.exited, 4);
      await ordinary.line(/^The connection with 127\.0\.0\.1 was ended: /);
    }
    using classic = waxwing('server', '--classic', '--port', '0');
    using ordinary = waxwing('client', `127.0.0.1:${await classic.port()}`, '--memory');
    ordinary.leave();
    await classic.line(/^The connection with 127\.0\.0\.1 was ended: The peer sent no public key in PEM form\.$/);
    await classic.line(/^Listening for the next one/);
    assert.equal(await ordinary.exited, 4);
    assert.match(ordinary.rest, /Check that a waxwing server listens there/);
  });
});
