/** A server under load: some who send, some who receive, each lot in a process of its own. */
import { Load } from './load.ts';
import type { Server } from './server.ts';

/** Pairs of a sender and a receiver. */
const PAIRS = 32;
/** Unacknowledged messages of one sender. */
const WINDOW = 32;

export interface FloodSample {
  /** Messages a second, from the first until the last is acknowledged to its sender and to its recipient's server. */
  readonly rate: number;
  /** Processor time of the server and of the two processes that load it, µs a message. */
  readonly server: number;
  readonly load: number;
}

export class Bout {
  readonly #server: Server;
  readonly #senders: Load;
  readonly #receivers: Load;

  private constructor(server: Server, loads: { senders: Load; receivers: Load }) {
    this.#server = server;
    this.#senders = loads.senders;
    this.#receivers = loads.receivers;
  }

  static async begin(server: Server): Promise<Bout> {
    const loads: Load[] = [];
    try {
      const senders = await Load.start(server.network);
      loads.push(senders);
      const receivers = await Load.start(server.network);
      loads.push(receivers);
      const to = await receivers.tell('listen', { first: 0, count: PAIRS });
      await senders.tell('connect', { first: PAIRS, count: PAIRS, to });
      return new Bout(server, { senders, receivers });
    } catch (error) {
      for (const load of loads) load.end();
      await server.stop();
      throw error;
    }
  }

  /** As fast as it goes, while the recipients are there. */
  async flood(seconds: number): Promise<FloodSample> {
    return await this.#flooding(seconds, async (sent) => (await this.#receivers.tell('await', { count: sent })).ended);
  }

  /** As fast as it goes, while the recipients are away: what is sent stays. Ends the receivers. */
  async floodAbsent(seconds: number): Promise<FloodSample> {
    await this.#receivers.tell('leave', undefined);
    return await this.#flooding(seconds, async () => 0);
  }

  async #flooding(seconds: number, arrived: (sent: number) => Promise<number>): Promise<FloodSample> {
    const before = this.#used();
    const { sent, began, ended } = await this.#senders.tell('flood', { seconds, window: WINDOW });
    const last = Math.max(ended, await arrived(sent));
    const after = this.#used();
    const each = (at: 0 | 1): number => ((after[at] - before[at]) / sent) * 1e6;
    return { rate: (sent / (last - began)) * 1_000, server: each(0), load: each(1) };
  }

  /** Milliseconds from when each message was due until its recipient had it. */
  async pace(perSecond: number, seconds: number): Promise<readonly number[]> {
    const { sent } = await this.#senders.tell('pace', { seconds, perSecond });
    return (await this.#receivers.tell('await', { count: sent })).latencies;
  }

  #used(): readonly [server: number, load: number] {
    const load = [this.#senders, this.#receivers].map((each) => each.processorTime() ?? Number.NaN);
    return [this.#server.processorTime() ?? Number.NaN, load.reduce((sum, each) => sum + each, 0)];
  }

  async end(): Promise<void> {
    this.#senders.end();
    this.#receivers.end();
    await this.#server.stop();
  }
}
