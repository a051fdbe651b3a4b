/** Classic mode against a Python peer of the original program, over a real loopback socket, both roles (§13). */
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { suite, test } from 'node:test';

const PEER = join(import.meta.dirname, 'classic_peer.py');
const CHAT = join(import.meta.dirname, 'classic-chat.ts');
const SECRET = 'a secret both ends were told';
const PATIENCE = 20_000;

const python = spawnSync('python3', ['-c', 'import cryptography'], { encoding: 'utf8' });
const skip =
  python.error !== undefined
    ? 'python3 is not installed: the peer of the original program cannot run'
    : python.status !== 0 && "python3 has no package 'cryptography': the peer of the original program cannot run";

/** A running program: its lines as they come, and its standard input. */
class Program {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: string[] = [];
  #wake: () => void = () => undefined;
  #errors = '';

  constructor(command: string, args: readonly string[], env: Record<string, string> = {}) {
    this.#child = spawn(command, args, { env: { ...process.env, ...env } });
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      this.#lines.push(line);
      this.#wake();
    });
    this.#child.stderr.on('data', (data: Buffer) => (this.#errors += data.toString()));
    this.#child.on('close', () => {
      this.#wake();
    });
  }

  /** The first line that matches, those before it dropped. */
  async line(pattern: RegExp): Promise<string> {
    const deadline = Date.now() + PATIENCE;
    while (Date.now() < deadline) {
      for (let line = this.#lines.shift(); line !== undefined; line = this.#lines.shift()) {
        if (pattern.test(line)) return line;
      }
      if (this.#child.exitCode !== null) break;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, deadline - Date.now());
        this.#wake = (): void => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    assert.fail(`no line like ${String(pattern)}; on standard error: ${this.#errors}`);
  }

  async port(): Promise<string> {
    return (await this.line(/^Listening on /)).split(':').at(-1) ?? '';
  }

  type(text: string): void {
    this.#child.stdin.write(`${text}\n`);
  }

  leave(): void {
    this.#child.stdin.end();
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }
}

function peer(...args: string[]): Program {
  return new Program('python3', [PEER, ...args, '--secret', SECRET]);
}

function chat(secret: string, ...args: string[]): Program {
  return new Program(process.execPath, [CHAT, ...args], { WAXWING_CLASSIC_SECRET: secret });
}

/** What one end types has to arrive at the other, with the lines of its checks. */
async function delivers(from: Program, to: Program, text: string, proof: RegExp): Promise<void> {
  from.type(text);
  assert.equal(await to.line(/^Message: /), `Message: ${text}`);
  assert.match(await to.line(/^Security: /), proof);
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
