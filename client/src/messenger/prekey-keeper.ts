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
import type { OwnPrekeys } from '../store/prekeys.ts';
import { ownDevice, type Place } from './place.ts';

/** A statement this old is replaced, ms: an initiator may use it for two days more. */
const RENEW_AFTER = 5 * DAY;

/** What the relay says of the prekeys it holds. */
export interface PrekeysThere {
  /** 0: none. */
  readonly counter: number;
  /** Undefined where it says nothing of them now. */
  readonly entriesLeft: number | undefined;
}

/** How the own prekeys stand at the relay. */
export interface PrekeyHealth {
  /** One-time keys, as the relay last said, or as they were left there since; undefined before it said anything. */
  readonly left: number | undefined;
  /** When the newest ones were made, Unix milliseconds. */
  readonly made: number | undefined;
  /** Sets of 100 that were made for this relay within a day; no more than 24 are. */
  readonly today: number;
}

export class PrekeyKeeper {
  readonly #place: Place;
  #held: readonly HeldPrekeys[] = [];
  #bundles: readonly Bundle[] = [];
  /** Statements (by counter) of which a start has used something that no transaction has written yet, as they were before. */
  readonly #spent = new Map<number, HeldPrekeys>();
  #work: Promise<unknown> = Promise.resolve();
  #left: number | undefined;
  #uploading = false;

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

  get health(): PrekeyHealth {
    const here = this.#ofRelay();
    return { left: this.#left, made: here[0]?.held.made, today: this.#today(here) };
  }

  /**
   * The relay says how many entries of the newest statement are left. What it said of one that has another in its place, or
   * gets it just now, is old. @throws RelayFailure
   */
  async heard(requests: RelayRequests, left: number): Promise<void> {
    if (this.#uploading) return;
    const newest = (): number => this.#ofRelay()[0]?.held.counter ?? 0;
    const counter = newest();
    await this.#work;
    if (newest() === counter) await this.refill(requests, { counter, entriesLeft: left });
  }

  /** Uploads new prekeys where they are due. One at a time. Whether it did. @throws RelayFailure */
  refill(requests: RelayRequests, there: PrekeysThere): Promise<boolean> {
    const run = this.#work.then(async () => {
      this.#left = there.entriesLeft ?? this.#left;
      if (!this.#isDue(there)) return false;
      this.#uploading = true;
      try {
        await this.#upload(requests);
      } finally {
        this.#uploading = false;
      }
      return true;
    });
    this.#work = run.catch(() => undefined);
    return run;
  }

  #isDue({ counter, entriesLeft }: PrekeysThere): boolean {
    const { now } = this.#place;
    const { certificate } = ownDevice(this.#place).bundle;
    const here = this.#ofRelay();
    // A relay that asks again and again must not fill the disk with keys; nor keep them from another relay.
    if (this.#today(here) >= MAX_PREKEYS_A_DAY) return false;
    const [newest] = here;
    if (newest === undefined || newest.held.counter > counter) return true; // it did not get there
    const age = now() - newest.held.made;
    return (
      newest.held.counter < counter ||
      (entriesLeft !== undefined && entriesLeft <= PREKEY_REFILL_AT) ||
      age >= RENEW_AFTER ||
      age < -DAY ||
      newest.serial < certificate.serial
    );
  }

  /** The statements made for this relay whose keys are held, newest first. */
  #ofRelay(): readonly OwnPrekeys[] {
    const { store, relay } = this.#place;
    const held = store.prekeys.held(ownDevice(this.#place).bundle.device);
    return held.filter((one) => equalBytes(one.relay, relay));
  }

  #today(of: readonly OwnPrekeys[]): number {
    const now = this.#place.now();
    return of.filter(({ held: { made } }) => made <= now && made > now - DAY).length;
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
    this.#left = made.entries.length;
  }
}
