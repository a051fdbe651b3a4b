/** A process of the load, as the benchmark sees it. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { processorTimeOf } from '../pair/program.ts';
import type { CommandName, Commands } from './commands.ts';
import type { NetworkDescription } from './network.ts';

const PROGRAM = join(import.meta.dirname, 'load-process.ts');
/** No command takes longer, ms. */
const PATIENCE = 300_000;

export class Load {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(network: NetworkDescription): Promise<Load> {
    const load = new Load(fork(PROGRAM, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }));
    await load.tell('network', network);
    return load;
  }

  /** One command at a time. @throws Error where the process ended, or says nothing */
  async tell<Name extends CommandName>(name: Name, told: Commands[Name]['told']): Promise<Commands[Name]['answer']> {
    return await new Promise((resolve, reject) => {
      const settle = (run: () => void): void => {
        clearTimeout(timer);
        this.#child.off('message', take).off('exit', fail);
        run();
      };
      const take = (message: unknown): void => {
        settle(() => resolve((message as { readonly answer: Commands[Name]['answer'] }).answer));
      };
      const fail = (): void => {
        settle(() => reject(new Error(`a process of the load did not do what it was told: ${name}`)));
      };
      const timer = setTimeout(fail, PATIENCE);
      this.#child.once('message', take).once('exit', fail);
      this.#child.send({ name, told });
    });
  }

  /** Used so far, s; undefined where the system does not tell. */
  processorTime(): number | undefined {
    return processorTimeOf(this.#child.pid ?? -1);
  }

  end(): void {
    this.#child.kill();
  }
}
