/** The real command as a process: its lines with the time they came, its input, its end, what it used. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { once } from 'node:events';

const ENTRY = join(import.meta.dirname, '../../cli/bin/waxwing.js');
/** A program that says nothing of what is awaited for so long has failed, ms. */
const PATIENCE = 120_000;
/** /proc counts processor time in these, s. */
const TICK = 0.01;

export class Program {
  readonly #child: ChildProcess;
  readonly started = performance.now();
  #unread = '';
  readonly #watchers = new Set<(line: string) => void>();
  readonly #ended: Promise<unknown>;

  /** `waxwing ARGS` on a home. */
  constructor(home: string, ...args: readonly string[]) {
    this.#child = spawn(process.execPath, [ENTRY, ...args], {
      env: { ...process.env, WAXWING_HOME: home, WAXWING_PASSPHRASE_FILE: '', NO_COLOR: '1' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#ended = once(this.#child, 'close');
    this.#child.stdin?.on('error', () => undefined); // it may end before it has read everything
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#take(text);
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Calls `watch` with every line from now on; call what it returns to stop. */
  watch(watch: (line: string) => void): () => void {
    this.#watchers.add(watch);
    return () => this.#watchers.delete(watch);
  }

  /** The next line that matches, and when it came. */
  async line(pattern: RegExp): Promise<{ readonly match: RegExpExecArray; readonly at: number }> {
    return await new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        stop();
        settle();
      };
      const fail = (): void => {
        finish(() => {
          reject(new Error(`waxwing never said anything like ${String(pattern)}`));
        });
      };
      const timer = setTimeout(fail, PATIENCE);
      void this.#ended.then(fail);
      const stop = this.watch((line) => {
        const match = pattern.exec(line);
        if (match === null) return;
        const at = performance.now();
        finish(() => {
          resolve({ match, at });
        });
      });
    });
  }

  /** The port of a server that has just been started. */
  async port(): Promise<number> {
    const { match } = await this.line(/^Listening on 127\.0\.0\.1:(\d+)\.\.\.$/);
    return Number(match[1]);
  }

  /** Writes to standard input; resolves when the pipe takes more. */
  async type(text: string): Promise<void> {
    const { stdin } = this.#child;
    if (stdin !== null && !stdin.write(text)) await Promise.race([once(stdin, 'drain'), this.#ended]);
  }

  endInput(): void {
    this.#child.stdin?.end();
  }

  /** Resolves with the exit code. */
  async ended(): Promise<number | null> {
    await this.#ended;
    return this.#child.exitCode;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** Resident memory, MB; undefined where `ps` cannot tell. */
  memory(): number | undefined {
    return memoryOf(this.pid);
  }

  /** Processor time used so far, s; undefined where there is no /proc. */
  processorTime(): number | undefined {
    return processorTimeOf(this.pid);
  }

  #take(text: string): void {
    const lines = (this.#unread + text).split('\n');
    this.#unread = lines.pop() ?? '';
    for (const line of lines) for (const watch of this.#watchers) watch(line);
  }
}

/** Resident memory of a process, MB; undefined where `ps` cannot tell. */
export function memoryOf(pid: number): number | undefined {
  const { status, stdout } = spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  return status === 0 ? Number(stdout) / 1_024 : undefined;
}

/** User and system time of a process and its threads, s. */
export function processorTimeOf(pid: number): number | undefined {
  try {
    // The name in brackets may hold spaces: fields are counted behind it.
    const fields =
      readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
        .split(') ')
        .at(-1)
        ?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * TICK;
  } catch {
    return undefined;
  }
}

/** Runs `waxwing ARGS` to its end. */
export async function runOnce(home: string, ...args: readonly string[]): Promise<void> {
  const program = new Program(home, ...args);
  program.endInput();
  if ((await program.ended()) !== 0) throw new Error(`waxwing ${args.join(' ')} failed`);
}
