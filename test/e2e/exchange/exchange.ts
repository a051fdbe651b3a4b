/** Five people who write to each other through a relay while the one or the other of the six processes is killed. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { openHome } from '@waxwing/client';
import { decodeRelayLink, encodeRelayLink } from '@waxwing/protocol';
import { RelayProcess, type RelayProcessOptions } from './relay-process.ts';

const CLIENT = join(import.meta.dirname, 'exchange-client.ts');
const TIMEOUT = 240_000;

/** Stands in every text. */
export const MARK = 'nightjar-';

interface Report {
  readonly pending?: number;
  readonly queued?: number;
  readonly longestWait?: number;
  readonly messages?: number;
  readonly said?: readonly number[];
  readonly event?: string;
}

interface Plan {
  readonly name: string;
  readonly home: string;
  readonly link: string;
  readonly peers: readonly string[];
  readonly each: number;
}

/** What stands before a command, such as `faketime`, and around it. */
export type Surroundings = Pick<RelayProcessOptions, 'under' | 'env'>;

export class Person {
  readonly name: string;
  readonly home: string;
  readonly #t: TestContext;
  readonly #plan: Plan;
  /** What stands around it, unless a start says otherwise. */
  readonly run: Surroundings;
  #child: ChildProcess | undefined;
  /** What it said last. */
  report: Report = {};
  /** Events that are no everyday ones. */
  readonly events: string[] = [];
  #last = '';

  constructor(t: TestContext, plan: Plan, run: Surroundings) {
    this.#t = t;
    this.name = plan.name;
    this.home = plan.home;
    this.#plan = plan;
    this.run = run;
    t.after(() => this.kill('SIGKILL'));
  }

  /** Starts it, with as many texts to say to each of the others as its plan or `each` says. */
  start(other: Surroundings & { readonly each?: number } = this.run): void {
    const { under = [], env = {} } = other;
    const each = other.each ?? this.#plan.each;
    const plan = JSON.stringify({ ...this.#plan, each, mark: MARK });
    const [command, ...words] = [...under, process.execPath, CLIENT, plan];
    const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    this.#child = child;
    this.report = {};
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.#last = line;
      const report = JSON.parse(line) as Report;
      if (report.event === undefined) this.report = report;
      else this.events.push(line);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#t.diagnostic(`${this.name}: ${text}`);
    });
  }

  get last(): string {
    return this.#last;
  }

  get running(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  /** It ended, and nobody killed it. */
  get ended(): boolean {
    return typeof this.#child?.exitCode === 'number';
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    if (!this.running || this.#child === undefined) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill(signal);
    await gone;
  }
}

export interface ExchangeOptions {
  readonly folder: string;
  readonly people: number;
  /** Texts of each person to each other one. */
  readonly each: number;
  readonly relay?: Partial<RelayProcessOptions>;
  /** Of one of them, by number. */
  readonly around?: (person: number) => Surroundings;
  /** The port that the people dial, where it is not the relay's own. */
  readonly dial?: (port: number) => Promise<number>;
}

export class Exchange {
  readonly relay: RelayProcess;
  readonly people: readonly Person[];
  readonly each: number;

  private constructor(relay: RelayProcess, people: readonly Person[], each: number) {
    this.relay = relay;
    this.people = people;
    this.each = each;
  }

  static async start(t: TestContext, options: ExchangeOptions): Promise<Exchange> {
    const { folder, each, around, dial } = options;
    const relay = await RelayProcess.start(t, { data: join(folder, 'relay'), ...options.relay });
    const invite = decodeRelayLink(await relay.invite(options.people));
    const link = encodeRelayLink({ ...invite, port: (await dial?.(invite.port)) ?? invite.port });
    const names = Array.from({ length: options.people }, (_, index) => `person${String(index)}`);
    const people = names.map(
      (name, index) =>
        new Person(
          t,
          { name, home: join(folder, name), link, peers: names.filter((other) => other !== name), each },
          around?.(index) ?? {},
        ),
    );
    const exchange = new Exchange(relay, people, each);
    await exchange.#meet();
    for (const person of people) person.start();
    return exchange;
  }

  /**
   * Everybody has looked everybody up before anything is said. To whom one is still a stranger of several messages one is
   * kept, and the others come late (§9.6): that is no part of what is tried here.
   */
  async #meet(): Promise<void> {
    for (const person of this.people) person.start({ ...person.run, each: 0 });
    await this.until(() => this.people.every(({ report }) => report.messages !== undefined));
    for (const person of this.people) await person.kill('SIGKILL');
  }

  /** The number of texts that each of them receives and sends, and of all together. */
  get total(): number {
    return this.people.length * (this.people.length - 1) * this.each;
  }

  /** How many texts there are in all homes, received and sent, as far as they say. */
  get progress(): number {
    return this.people.reduce((sum, { report }) => sum + (report.messages ?? 0), 0);
  }

  /** Resolves when everyone has everything; throws where that takes too long. */
  async settle(each = this.each): Promise<void> {
    const all = 2 * (this.people.length - 1) * each;
    await this.until(() => this.people.every(({ report }) => report.pending === 0 && report.messages === all));
  }

  /** Resolves when something holds; throws where that takes too long, or somebody ended by himself. */
  async until(holds: () => boolean): Promise<void> {
    const deadline = performance.now() + TIMEOUT;
    while (!holds()) {
      for (const person of this.people) assert.ok(!person.ended, `${person.name} ended by itself: ${person.last}`);
      assert.ok(
        performance.now() < deadline,
        `not everything arrived:\n${this.people.map(({ name, last, events }) => `${name}: ${last}\n  ${events.slice(-5).join('\n  ')}`).join('\n')}`,
      );
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Kills one process, chosen at random, and starts it again. Who it was. */
  async killOne(): Promise<string> {
    const victim = Math.floor(Math.random() * (this.people.length + 1));
    const person = this.people[victim];
    if (person === undefined) {
      await this.relay.kill('SIGKILL');
      await this.relay.start();
      return 'relay';
    }
    await person.kill('SIGKILL');
    person.start();
    return person.name;
  }

  /** Ends everyone, and reads in each home what arrived: everything, once, in its sender's order. */
  async verify(each = this.each): Promise<void> {
    for (const person of this.people) await person.kill('SIGKILL');
    for (const { name, home: path } of this.people) {
      const home = await openHome({ path });
      try {
        const received = home.store.history
          .list({ limit: 100_000 })
          .filter(({ direction }) => direction === 'in')
          .map(({ body }) => new TextDecoder().decode(body));
        for (const other of this.people) {
          if (other.name === name) continue;
          const theirs = received.filter((text) => text.startsWith(`${other.name}>`));
          const wanted = Array.from(
            { length: each },
            (_, number) => `${other.name}>${name} ${String(number)} ${MARK} text`,
          );
          assert.deepEqual(theirs, wanted, `what ${name} has of ${other.name}`);
        }
        assert.equal(received.length, (this.people.length - 1) * each);
      } finally {
        home.close();
      }
    }
  }
}
