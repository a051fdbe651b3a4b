/** The programs that the classic tests run, and what they print. */
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const WAXWING = join(import.meta.dirname, '../../cli/bin/waxwing.js');
export const SECRET = 'a secret both ends were told';
const PATIENCE = 20_000;

/** A running program: its lines as they come, and its standard input. */
export class Program {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: string[] = [];
  #wake: () => void = () => undefined;
  #errors = '';
  /** The exit code, once everything it said has been read. */
  readonly exited: Promise<number | null>;

  constructor(command: string, args: readonly string[], env: Record<string, string> = {}) {
    this.#child = spawn(command, args, { env: { ...process.env, ...env } });
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      this.#lines.push(line);
      this.#wake();
    });
    this.#child.stderr.on('data', (data: Buffer) => (this.#errors += data.toString()));
    this.exited = new Promise((resolve) => {
      this.#child.on('close', (code) => {
        this.#wake();
        resolve(code);
      });
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
    return /:(\d+)/.exec(await this.line(/^Listening on /))?.[1] ?? '';
  }

  /** All it has said that no `line` has taken, on both streams. */
  get rest(): string {
    return [...this.#lines, this.#errors].join('\n');
  }

  type(text: string): void {
    this.#child.stdin.write(`${text}\n`);
  }

  leave(): void {
    this.#child.stdin.end();
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }
}

/** A folder for one test file, with a home in it where nothing must appear. */
export class ClassicFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'waxwing-classic-'));
  readonly home = join(this.path, 'home');

  /** The command itself, without a terminal. */
  waxwing(...args: string[]): Program {
    return new Program(process.execPath, [WAXWING, ...args], {
      WAXWING_CLASSIC_SECRET: SECRET,
      WAXWING_HOME: this.home,
    });
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}

/** What one end types has to arrive at the other, with the lines of its checks. */
export async function delivers(from: Program, to: Program, text: string, proof: RegExp): Promise<void> {
  from.type(text);
  assert.equal(await to.line(/^Message: /), `Message: ${text}`);
  assert.match(await to.line(/^Security: /), proof);
}

/** How every proof line of the command ends. */
export const WARNED = ' \\| INSECURE: classic protocol, nobody has proved who this is \\| #\\d+$';
export const ALL_HELD = new RegExp(
  `^Security: ✓ HMAC VERIFIED \\| ✓ Message verified\\(\\ds old\\) \\| ✓ Signature verified!${WARNED}`,
);
