/** A real program as a child process: its lines as they come, its input, its end. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Lab } from '../lab.ts';

const PATIENCE = 20_000;

export interface ProgramOptions {
  /** Behind the path of Node.js. */
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

export class LineProgram {
  readonly #child: ChildProcess;
  /** Everything it printed, byte for byte as UTF-8. */
  out = '';
  err = '';
  readonly #changed = new Set<() => void>();
  /** The exit code; null where a signal ended it. */
  readonly exited: Promise<number | null>;
  /** Undefined while it runs. */
  exitCode: number | null | undefined;

  constructor(lab: Lab, options: ProgramOptions) {
    this.#child = spawn(process.execPath, options.args, { env: { ...process.env, ...options.env }, stdio: 'pipe' });
    this.#child.stdin?.on('error', () => undefined); // it may end before it has read everything
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.out += text;
      this.#change();
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.err += text;
      this.#change();
    });
    this.exited = new Promise((resolve) => {
      this.#child.once('close', (code) => {
        this.exitCode = code;
        resolve(code);
        this.#change();
      });
    });
    lab.defer(async () => {
      this.#child.kill('SIGKILL');
      await this.exited;
    });
  }

  /** Ends it as a user does who closes its window. */
  end(): void {
    this.#child.kill('SIGTERM');
  }

  get running(): boolean {
    return this.exitCode === undefined;
  }

  /** The complete lines printed so far. */
  get lines(): readonly string[] {
    return this.out.split('\n').slice(0, -1);
  }

  /** Types lines. */
  type(...lines: readonly string[]): void {
    this.#child.stdin?.write(lines.map((line) => `${line}\n`).join(''));
  }

  /** Waits until `holds`, the program's end, or `ms`. Whether it held. */
  async until(holds: () => boolean, ms: number = PATIENCE): Promise<boolean> {
    const deadline = Date.now() + ms;
    while (!holds()) {
      const left = deadline - Date.now();
      if (!this.running || left <= 0) return holds();
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          this.#changed.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, Math.min(left, 200));
        this.#changed.add(wake);
      });
    }
    return true;
  }

  /** What the first group of the first line that matches holds. @throws Error with what it printed */
  async line(pattern: RegExp): Promise<string> {
    const find = (): string | undefined => this.lines.map((line) => pattern.exec(line)?.[1]).find((found) => found);
    await this.until(() => find() !== undefined);
    const found = find();
    if (found === undefined) throw new Error(`no line like ${String(pattern)} in:\n${this.out}\n${this.err}`);
    return found;
  }

  #change(): void {
    for (const changed of [...this.#changed]) changed();
  }
}
