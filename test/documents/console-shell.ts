/** One shell for the commands of one document, as a reader has it: folder, variables and files carry over. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';

const CHECKOUT = join(import.meta.dirname, '../..');
/** Longest time for one command, ms. */
const PATIENCE = 60_000;

// Commands come on descriptor 3, each ended by a NUL; what a command reads, it reads from nowhere. `$?` is the last command's.
const LOOP = `status=0
while IFS= read -r -d '' -u 3 command; do
  (exit "$status")
  eval "$command" 3<&- </dev/null
  status=$?
  printf '\\0%s\\n' "$status"
done`;

/** What a command did. */
export interface Ran {
  /** standard output and standard error as they came */
  readonly printed: string;
  /** undefined where it did not come to an end: it took too long, or ended the shell */
  readonly status: number | undefined;
}

export class ConsoleShell {
  readonly #folder: string;
  readonly #shell: ChildProcess;
  #printed = '';
  #wake: () => void = () => undefined;
  #ended = false;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#shell = spawn('bash', ['--noprofile', '--norc', '-c', `exec 2>&1\n${LOOP}`], {
      cwd: join(folder, 'checkout'),
      env: environment(folder, port),
      stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
      detached: true, // its own process group, so that `close` ends what it left in the background
    });
    this.#shell.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#printed += text;
      this.#wake();
    });
    const end = (): void => {
      this.#ended = true;
      this.#wake();
    };
    this.#shell.once('close', end); // everything it said has been read
    this.#shell.once('exit', () => setTimeout(end, 1_000)); // something in the background may keep its output open
  }

  /** A shell in a folder that looks like a fresh checkout after `npm ci`; what is written there reaches no other. */
  static async open(): Promise<ConsoleShell> {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'waxwing-console-')));
    mkdirSync(join(folder, 'checkout'));
    mkdirSync(join(folder, 'home'));
    mkdirSync(join(folder, 'tmp'));
    for (const name of readdirSync(CHECKOUT)) {
      if (!name.startsWith('.')) symlinkSync(join(CHECKOUT, name), join(folder, 'checkout', name));
    }
    return new ConsoleShell(folder, await freePort());
  }

  /** Runs one command to its end; once one did not come to it, nothing more can be run. */
  async run(command: string): Promise<Ran> {
    (this.#shell.stdio[3] as Writable).write(`${command}\0`);
    const deadline = Date.now() + PATIENCE;
    for (;;) {
      const [whole = '', printed, status] = /^([^\0]*)\0(\d+)\n/.exec(this.#printed) ?? [];
      if (printed !== undefined) {
        this.#printed = this.#printed.slice(whole.length); // what something in the background said since
        return { printed, status: Number(status) };
      }
      if (this.#ended || Date.now() > deadline) return { printed: this.#printed, status: undefined };
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 500);
        this.#wake = (): void => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Ends the shell and whatever it left running, and removes the folder. */
  close(): void {
    try {
      process.kill(-(this.#shell.pid ?? Number.NaN), 'SIGKILL');
    } catch {
      // nothing is left
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Nothing of the homes and settings of whoever runs the tests comes in. */
function environment(folder: string, port: number): NodeJS.ProcessEnv {
  const passed = Object.entries(process.env).filter(([name]) => !/^(WAXWING_|NODE_|npm_|BASH_|XDG_DATA)/.test(name));
  return {
    ...Object.fromEntries(passed),
    PATH: `${join(folder, 'checkout/node_modules/.bin')}:${process.env['PATH'] ?? ''}`,
    TMPDIR: join(folder, 'tmp'),
    HOME: join(folder, 'home'),
    XDG_DATA_HOME: join(folder, 'home/data'),
    XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), // compiled code only: it saves seconds
    PORT: String(port),
    NO_COLOR: '1',
    LC_ALL: 'C.UTF-8',
    TERM: 'dumb',
  };
}

/** A port that nobody listens on now, below those that systems hand out for outgoing connections. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => {
        resolve(false);
      });
      server.listen(port, '127.0.0.1', () => {
        resolve(true);
      });
    });
    if (!free) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}
