/** Two processes with a socket between them: one receives, one sends, and both say what it took. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** The command of one end, without what every end is told: its role, and for the sender the port and the count. */
export interface End {
  readonly command: string;
  readonly args: readonly string[];
}

export interface Flood {
  readonly receiver: End;
  readonly sender: End;
}

export interface FloodResult {
  readonly seconds: number;
  /** Processor time of both, seconds, and of the busier one. */
  readonly processor: number;
  readonly busier: number;
}

/** Sends `count` messages. @throws Error where they do not all arrive in order and acknowledged */
export async function flood({ receiver, sender }: Flood, count: number): Promise<FloodResult> {
  const near = new Lines(spawn(receiver.command, [...receiver.args], { stdio: ['ignore', 'pipe', 'inherit'] }));
  try {
    const port = await near.value('port');
    const args = [...sender.args, String(port), String(count)];
    const far = new Lines(spawn(sender.command, args, { stdio: ['ignore', 'pipe', 'inherit'] }));
    const seconds = await far.value('seconds');
    const counts = [await near.value('count'), await far.value('count')];
    if (counts.some((each) => each !== count)) throw new Error(`${counts.join(' and ')} messages of ${String(count)}`);
    const times = [await near.value('processor'), await far.value('processor')];
    return { seconds, processor: times.reduce((sum, each) => sum + each, 0), busier: Math.max(...times) };
  } finally {
    near.kill();
  }
}

/** `NAME VALUE` lines of a process. */
class Lines {
  readonly #child: ChildProcess;
  readonly #values = new Map<string, PromiseWithResolvers<number>>();

  constructor(child: ChildProcess) {
    this.#child = child;
    if (child.stdout === null) throw new Error('a pipe was asked for');
    createInterface(child.stdout).on('line', (line) => {
      const [name = '', value = ''] = line.split(' ');
      this.#slot(name).resolve(Number(value));
    });
    child.once('close', () => {
      for (const name of ['port', 'seconds', 'count', 'processor']) {
        this.#slot(name).reject(new Error('a process of a flood ended too soon'));
      }
    });
  }

  value(name: string): Promise<number> {
    return this.#slot(name).promise;
  }

  kill(): void {
    this.#child.kill();
  }

  #slot(name: string): PromiseWithResolvers<number> {
    const known = this.#values.get(name);
    if (known !== undefined) return known;
    const made = Promise.withResolvers<number>();
    made.promise.catch(() => undefined); // whoever waits is told
    this.#values.set(name, made);
    return made;
  }
}
