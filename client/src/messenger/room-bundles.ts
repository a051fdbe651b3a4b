/** Bundles of the members of rooms (§10.2): of devices one has sessions with, and others fetched from the relay. */
import {
  type Bundle,
  type Certificate,
  checkSerial,
  encodeParty,
  equalBytes,
  isProtocolError,
  isValidAt,
  openBundle,
  type Party,
  readBundle,
  sameParty,
} from '@waxwing/protocol';
import { isPassing, RelayFailure } from '../relay/relay-failure.ts';
import type { RelayRequests } from '../relay/relay-requests.ts';
import type { Pair } from './pair.ts';
import type { Pairs } from './pairs.ts';
import { ownDevice, pairKey, type Place } from './place.ts';

/** Until a member is asked for again of whom the relay knows nothing, ms. */
const ASK_AGAIN = 60_000;

export class RoomBundles {
  readonly #place: Place;
  readonly #pairs: Pairs;
  readonly #ofPairs = new Map<string, Pair>();
  readonly #fetched = new Map<string, readonly Bundle[]>();
  /** When nothing was found of a member; monotonic, ms. */
  readonly #unknown = new Map<string, number>();
  #requests: RelayRequests | undefined;

  constructor(place: Place, pairs: Pairs) {
    this.#place = place;
    this.#pairs = pairs;
  }

  up(requests: RelayRequests | undefined): void {
    this.#requests = requests;
  }

  /** Those in hand, newest first: `find` them before. */
  of(party: Party): readonly Bundle[] {
    const own = ownDevice(this.#place).bundle;
    if (sameParty(own, party)) return [own];
    const name = encodeParty(party);
    const pair = this.#ofPairs.get(name);
    return pair === undefined ? (this.#fetched.get(name) ?? []) : [pair.state.peer, ...pair.state.earlier];
  }

  /** For a RoomConversation: what is in hand. */
  readonly certificates = (party: Party): readonly Certificate[] =>
    this.of(party).map(({ certificate }) => certificate);

  /**
   * Has the bundles of these at hand as far as they are to be had.
   * @throws RelayFailure that passes, where the relay could not be asked
   */
  async find(parties: readonly Party[]): Promise<void> {
    for (const party of parties) await this.#find(party);
  }

  async #find({ account, device }: Party): Promise<void> {
    const party = { account: new Uint8Array(account), device: new Uint8Array(device) };
    const { place } = { place: this.#place };
    const name = encodeParty(party);
    if (sameParty(ownDevice(place).bundle, party)) return;
    const pair = this.#ofPairs.get(name) ?? (await this.#pairs.of(pairKey(place, party)));
    if (pair !== undefined) {
      this.#ofPairs.set(name, pair);
      return;
    }
    if (!this.#fetched.has(name)) {
      const stored = place.store.rooms.bundles(party);
      if (stored.length > 0) {
        this.#fetched.set(name, await Promise.all(stored.map((bytes) => readBundle(place.p, bytes))));
      }
    }
    const [newest] = this.#fetched.get(name) ?? [];
    if (newest === undefined || !isValidAt(newest.certificate, place.now())) await this.#fetch(name, party);
  }

  async #fetch(name: string, party: Pick<Bundle, 'account' | 'device'>): Promise<void> {
    const requests = this.#requests;
    if (requests === undefined || performance.now() - (this.#unknown.get(name) ?? -ASK_AGAIN) < ASK_AGAIN) return;
    try {
      for (const set of await requests.fetch(party.account, false)) await this.#take(name, party, set.bundle);
    } catch (error) {
      if (!(error instanceof RelayFailure) || isPassing(error)) throw error;
    }
    if (!this.#fetched.has(name)) this.#unknown.set(name, performance.now());
  }

  async #take(name: string, party: Pick<Bundle, 'account' | 'device'>, bytes: Uint8Array): Promise<void> {
    const { p, store, now } = this.#place;
    let bundle: Bundle;
    try {
      bundle = await openBundle(p, bytes, now());
      checkSerial(store.prekeys.knownSerial(bundle.account, bundle.device), bundle);
    } catch (error) {
      if (!isProtocolError(error, 'bundle')) throw error;
      return; // a relay can give out anything
    }
    const before = this.#fetched.get(name) ?? [];
    if (!sameParty(bundle, party) || before.some(({ hash }) => equalBytes(hash, bundle.hash))) return;
    const { account, device, certificate } = bundle;
    store.transaction(() => {
      store.rooms.addBundle({ account, device, serial: certificate.serial, bytes: bundle.bytes });
    });
    this.#fetched.set(name, [bundle, ...before]);
  }
}
