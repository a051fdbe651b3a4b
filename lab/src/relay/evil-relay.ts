/**
 * A relay that lies: the real one, with a layer of lies between its sessions and their callers. It has what every relay
 * has (its own keys, everything that is stored, who is connected) and nothing else.
 */
import { join } from 'node:path';
import { encodeDevice, equalBytes, type Bytes, type RelayLink } from '@waxwing/protocol';
import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';
import { DEFAULTS, openLog, openSqlite, Relay, type SqliteFile } from '@waxwing/relay';
import type { Lab } from '../lab.ts';
import type { Name } from '../people.ts';
import { Changing } from '../changing.ts';
import type { Lie } from './lie.ts';
import { LyingSpeaker } from './lying-speaker.ts';

const HOST = '127.0.0.1';

export interface EvilRelayOptions {
  /** Its clock, Unix ms; the lab's unless given. */
  readonly now?: () => number;
  /** Whose keys it has; the relay's own unless given. */
  readonly who?: Name;
  /** A free one unless given. */
  readonly port?: number;
}

export class EvilRelay {
  readonly account: Bytes;
  /** What it does otherwise than it should, in this order; may be changed at any time. */
  readonly lies: Lie[] = [];
  /** Everyone who ever had a channel, oldest first. */
  readonly callers: LyingSpeaker[] = [];
  readonly #lab: Lab;
  readonly #now: () => number;
  readonly #changing = new Changing();
  #running: { readonly relay: Relay; readonly file: SqliteFile } | undefined;
  #copy: string | undefined;

  private constructor(lab: Lab, now: () => number, account: Bytes) {
    this.#lab = lab;
    this.#now = now;
    this.account = account;
  }

  /** Open to everyone, on a free port of the loopback, with its store in memory. */
  static async start(lab: Lab, { now = Date.now, who = 'relay', port = 0 }: EvilRelayOptions = {}): Promise<EvilRelay> {
    const { account, device } = await lab.people.person(who);
    const file = openSqlite(':memory:', p);
    await file.store.commit([
      {
        kind: 'identity',
        accountPublic: account.publicKey.spki,
        accountPrivate: account.privateKey.exposeSecretBytes(),
        device: encodeDevice(device),
      },
    ]);
    const evil = new EvilRelay(lab, now, device.bundle.account);
    await evil.#serve(file, port);
    lab.defer(() => evil.stop());
    return evil;
  }

  /** Its address: nobody needs an invite. */
  get link(): RelayLink {
    return { host: HOST, port: this.#parts().relay.port, relay: this.account };
  }

  /** The newest channel of an account. @throws Error where it never had one */
  callerOf(account: Uint8Array): LyingSpeaker {
    const found = this.callers.findLast((caller) => equalBytes(caller.account, account));
    if (found === undefined) throw new Error('nobody of this account has called');
    return found;
  }

  /** Waits until something has gone through it. Whether it has, within a few seconds. */
  until(holds: () => boolean): Promise<boolean> {
    return this.#changing.until(holds);
  }

  /** Cuts an account's channel without a word, and waits until it has come again and asked for its mailbox. */
  async reconnected(account: Uint8Array): Promise<void> {
    const { length } = this.callers;
    this.callerOf(account).cut();
    await this.until(() => this.receives(account, length));
  }

  /** Whether one of an account's channels, after the first `before` of all, has asked for its mailbox. */
  receives(account: Uint8Array, before = 0): boolean {
    return this.callers.slice(before).some((caller) => caller.receiving && equalBytes(caller.account, account));
  }

  /** Keeps a copy of everything it has stored. */
  async keepCopy(): Promise<void> {
    this.#copy = join(await this.#lab.folder(), 'copy.db');
    await this.#parts().file.backup(this.#copy);
  }

  /** Cuts everyone, and goes on from the copy that was kept, on the same port, as if nothing had happened since. */
  async rollBack(): Promise<void> {
    if (this.#copy === undefined) throw new Error('no copy was kept');
    const { port } = this.link;
    await this.stop();
    await this.#serve(openSqlite(this.#copy, p), port);
  }

  #parts(): { readonly relay: Relay; readonly file: SqliteFile } {
    if (this.#running === undefined) throw new Error('the relay does not run');
    return this.#running;
  }

  async #serve(file: SqliteFile, port: number): Promise<void> {
    const relay = await Relay.start({
      primitives: p,
      settings: { ...DEFAULTS, host: HOST, port, data: ':memory:', open: true, joinsPerHour: 1_000 },
      store: file.store,
      log: openLog('silent', { write: () => undefined }),
      now: this.#now,
      speakThrough: (call) => {
        const caller = new LyingSpeaker(
          call,
          () => this.lies,
          () => this.#changing.changed(),
        );
        this.callers.push(caller);
        this.#changing.changed();
        return caller;
      },
    });
    this.#running = { relay, file };
  }

  /** Without a goodbye. Twice is harmless. */
  async stop(): Promise<void> {
    for (const caller of this.callers) caller.cut();
    await this.#running?.relay.drain();
    this.#running = undefined;
  }
}
