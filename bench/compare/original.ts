/** The original program's construction in Python (original.py), where a python3 with `cryptography` is there. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Contestant } from '../measure/interleave.ts';

const PROGRAM = join(import.meta.dirname, '../comparators/original.py');
/** The version of `cryptography`, or undefined where the comparison cannot be made. */
export function findOriginal(): string | undefined {
  const { status, stdout } = spawnSync('python3', ['-c', 'import cryptography; print(cryptography.__version__)'], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : undefined;
}

export const NO_ORIGINAL =
  'the original’s construction: there is no python3 with the package cryptography on this machine';

/** Lines of a Python process, one at a time. */
export class OriginalProcess {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #waiting: AsyncIterator<string, undefined>;

  constructor(...args: readonly string[]) {
    this.#child = spawn('python3', [PROGRAM, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    if (this.#child.stdout === null) throw new Error('a pipe was asked for');
    this.#lines = createInterface(this.#child.stdout);
    this.#waiting = this.#lines[Symbol.asyncIterator]();
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  async line(): Promise<string> {
    const next = await this.#waiting.next();
    if (next.done === true) throw new Error('the Python process ended');
    return next.value;
  }

  async ended(): Promise<void> {
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
  }

  kill(): void {
    this.#lines.close();
    this.#child.kill();
  }
}

/** A sample is the median of a burst of `count` messages, by Python's own clock. */
export async function originalContestant(size: number, count: number): Promise<Contestant> {
  const python = new OriginalProcess('rounds');
  await python.line();
  return {
    name: 'original',
    parts: ['seal', 'open'],
    async sample() {
      python.tell(`${String(size)} ${String(count)}`);
      return (await python.line()).split(' ').map(Number);
    },
    close: () => {
      python.kill();
    },
  };
}
