/** Own prekeys (§9.1): made and uploaded when they are due, held as long as a start may name them. */
import {
  type Bundle,
  createPrekeys,
  DAY,
  decodePrekeyEntry,
  dropOldPrekeys,
  equalBytes,
  type HeldPrekeys,
  isProtocolError,
  MAX_PREKEYS_A_DAY,
  OLD_WRAP_KEY_LIFE,
  openPrekeyStatement,
  PREKEY_KEYS_LIFE,
  PREKEY_REFILL_AT,
  type PrekeyUse,
  readBundle,
  spendPrekeys,
} from '@waxwing/protocol';
import type { RelayRequests } from '../relay/relay-requests.ts';
import { ownDevice, type Place } from './place.ts';

/** A statement this old is replaced, ms: an initiator may use it for two days more. */
const RENEW_AFTER = 5 * DAY;

/** What the relay says of the prekeys it holds. */
export interface PrekeysThere {
  /** 0: none. */
  readonly counter: number;
  readonly entriesLeft: number;
}

export class PrekeyKeeper {
  readonly #place: Place;
  #held: readonly HeldPrekeys[] = [];
  #bundles: readonly Bundle[] = [];
  /** Statements (by counter) of which a start has used something that no transaction has written yet, as they were before. */
  readonly #spent = new Map<number, HeldPrekeys>();
  #work: Promise<unknown> = Promise.resolve();

  private constructor(place: Place) {
    this.#place = place;
  }

  static async open(place: Place): Promise<PrekeyKeeper> {
    const keeper = new PrekeyKeeper(place);
    await keeper.readBundles();
    keeper.#read();
    return keeper;
  }

  /** The keys that starts may name, newest first. */
  get held(): readonly HeldPrekeys[] {
    return this.#held;
  }

  /** The own bundles of the last 60 days. */
  get bundles(): readonly Bundle[] {
    return this.#bundles;
  }

  /** The serial of the bundle that was there beside a statement. */
  serialOf(counter: number): number {
    const { bundle } = ownDevice(this.#place);
    return (
      this.#place.store.prekeys.held(bundle.device).find(({ held }) => held.counter === counter)?.serial ??
      bundle.certificate.serial
    );
  }

  /** After the device was renewed. */
  async readBundles(): Promise<void> {
    const { store, p, now } = this.#place;
    const { device, bytes, certificate } = ownDevice(this.#place).bundle;
    store.transaction(() => {
      store.prekeys.noteBundle({ device, serial: certificate.serial, bytes }, now() - OLD_WRAP_KEY_LIFE);
    });
    this.#bundles = await Promise.all(store.prekeys.ownBundles(device).map((bundle) => readBundle(p, bundle)));
  }

  #read(): void {
    const { store, now } = this.#place;
    const kept = store.prekeys.held(ownDevice(this.#place).bundle.device).map(({ held }) => held);
    this.#held = dropOldPrekeys(kept, now());
  }

  /** A start used this; `save` writes it. */
  spend(use: PrekeyUse): void {
    const before = this.#held.find(({ counter }) => counter === use.counter);
    if (before !== undefined && !this.#spent.has(use.counter)) this.#spent.set(use.counter, before);
    this.#held = spendPrekeys(this.#held, use);
  }

  /** Inside the transaction of the start's flight. */
  save(): void {
    const { device } = ownDevice(this.#place).bundle;
    for (const held of this.#held) {
      if (this.#spent.has(held.counter)) this.#place.store.prekeys.replace(device, held);
    }
  }

  saved(): void {
    this.#spent.clear();
  }

  /** What was spent is not on disk: it is held again. */
  revert(): void {
    this.#held = this.#held.map((held) => this.#spent.get(held.counter) ?? held);
    this.#spent.clear();
  }

  /**
   * Whether the relay holds a statement of this device that this home never made: the home is an older copy (§9.4). Its word
   * alone says nothing: it has to show the statement. @throws RelayFailure where it does not answer
   */
  async isOldCopy(requests: RelayRequests, { counter }: PrekeysThere): Promise<boolean> {
    const { store, p } = this.#place;
    const { bundle } = ownDevice(this.#place);
    const last = store.prekeys.lastCounter(bundle.device);
    if (counter <= last) return false;
    for (const shown of await requests.fetch(bundle.account, false)) {
      try {
        if ((await openPrekeyStatement(p, bundle, shown)).counter > last) return true;
      } catch (error) {
        if (!isProtocolError(error, 'prekeys')) throw error;
      }
    }
    return false;
  }

  /** Uploads new prekeys where they are due. One at a time. Whether it did. @throws RelayFailure */
  refill(requests: RelayRequests, there: PrekeysThere): Promise<boolean> {
    const run = this.#work.then(async () => {
      if (!this.#isDue(there)) return false;
      await this.#upload(requests);
      return true;
    });
    this.#work = run.catch(() => undefined);
    return run;
  }

  #isDue({ counter, entriesLeft }: PrekeysThere): boolean {
    const { store, relay, now } = this.#place;
    const { device, certificate } = ownDevice(this.#place).bundle;
    const held = store.prekeys.held(device);
    // A relay that asks again and again must not fill the disk with keys.
    const today = held.filter(({ held: { made } }) => made <= now() && made > now() - DAY).length;
    if (today >= MAX_PREKEYS_A_DAY) return false;
    const newest = held.find((one) => equalBytes(one.relay, relay));
    if (newest === undefined || newest.held.counter > counter) return true; // it did not get there
    const age = now() - newest.held.made;
    return (
      newest.held.counter < counter ||
      entriesLeft <= PREKEY_REFILL_AT ||
      age >= RENEW_AFTER ||
      age < -DAY ||
      newest.serial < certificate.serial
    );
  }

  async #upload(requests: RelayRequests): Promise<void> {
    const { store, p, relay, now } = this.#place;
    const device = ownDevice(this.#place);
    const { device: id, certificate } = device.bundle;
    const made = await createPrekeys(p, device, { counter: store.prekeys.lastCounter(id) + 1, now: now() });
    store.transaction(() => {
      store.prekeys.add(id, { held: made.held, relay, serial: certificate.serial });
      store.prekeys.dropBefore(now() - PREKEY_KEYS_LIFE);
    });
    this.#held = dropOldPrekeys([made.held, ...this.#held], now());
    await requests.uploadPrekeys({
      statement: made.statement,
      signature: made.signature,
      keys: made.entries.map((entry) => decodePrekeyEntry(entry)),
    });
  }
}
