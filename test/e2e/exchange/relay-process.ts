/** A real `waxwing relay` that can be killed and started again at the same port. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';

const PROGRAM = join(import.meta.dirname, '../../../cli/bin/waxwing.js');

export interface RelayProcessOptions {
  readonly data: string;
  /** Words before the command, such as `faketime`. */
  readonly under?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly args?: readonly string[];
  /** Where a core dump would fall. */
  readonly cwd?: string;
}

export class RelayProcess {
  readonly #options: RelayProcessOptions;
  readonly #port: number;
  #child: ChildProcess | undefined;
  /** Its address, `waxwing://…/#A`. */
  address = '';

  private constructor(options: RelayProcessOptions, port: number) {
    this.#options = options;
    this.#port = port;
  }

  /** Killed when the test ends. */
  static async start(t: TestContext, options: RelayProcessOptions): Promise<RelayProcess> {
    const relay = new RelayProcess(options, await freePort());
    t.after(() => relay.kill('SIGKILL'));
    await relay.start();
    return relay;
  }

  get pid(): number {
    return this.#child?.pid ?? -1;
  }

  get port(): number {
    return this.#port;
  }

  /** Starts it on the data it has, and resolves when it takes callers. */
  async start(other: Pick<RelayProcessOptions, 'under' | 'env'> = {}): Promise<void> {
    const { data, under = [], env, args = [], cwd } = { ...this.#options, ...other };
    const [command = '', ...words] = [
      ...under,
      ...[process.execPath, PROGRAM, 'relay', '--json', '--port', String(this.#port), '--data', data, ...args],
    ];
    const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env }, cwd });
    this.#child = child;
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    this.address = (JSON.parse(line) as { address: string }).address;
  }

  /** Ends it and resolves when it is gone. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  /** An invite for so many people. */
  async invite(uses: number): Promise<string> {
    const { data } = this.#options;
    const out = await new Promise<string>((resolve, reject) => {
      const words = [PROGRAM, 'relay', 'invite', '--uses', String(uses), '--json', '--data', data];
      execFile(process.execPath, words, (error, text) => {
        if (error === null) resolve(text);
        else reject(new Error('no invite', { cause: error }));
      });
    });
    return (JSON.parse(out) as { link: string }).link;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('a TCP server has a port');
  return address.port;
}
