/**
 * Envelopes that did not open, whose mailbox is gone, or of which a relay knows nothing more (§9.4, §9.6): what was in them
 * goes again in another session, three times at most.
 */
import {
  type Bytes,
  DAY,
  DEVICE_ID_SIZE,
  ENVELOPE_DAYS,
  ENVELOPE_STATE,
  type EnvelopeState,
  equalBytes,
  isProtocolError,
  MAX_SENT_ANEW,
  openPrekeyStatement,
  openBundle,
  type Party,
  toHex,
} from '@waxwing/protocol';
import { WaxwingError } from '../errors.ts';
import { RelayFailure } from '../relay/relay-failure.ts';
import type { RelayRequests } from '../relay/relay-requests.ts';
import type { ChainKey } from '../store/chain.ts';
import type { PostedLine } from '../store/posted.ts';
import type { Pair } from './pair.ts';
import type { Pairs } from './pairs.ts';
import { pairKey, type Place, viewAccount } from './place.ts';
import { withLostFlights } from './receipts.ts';

export interface LostEnvelopesOptions {
  readonly place: Place;
  readonly pairs: Pairs;
  /** Something is queued again. */
  readonly onQueued: (account: Bytes) => void;
  readonly onNotDelivered: (account: Bytes, numbers: readonly number[], error: WaxwingError) => void;
  /** Flights to this device did not arrive: what they told beside their items is to be told again. */
  readonly onLost: (peer: Party) => void;
  /** A copy of a room's envelope. */
  readonly onRoom: (envelope: PostedLine, state: EnvelopeState) => void;
}

/** No device. */
const NOBODY = new Uint8Array(DEVICE_ID_SIZE);
const DID_NOT_OPEN = 'They did not open there: the session was lost, and another one takes its place.';
const GONE = 'The mailbox they lay in is gone: the recipient has another device, or came back.';
const WAITED = 'They waited at the relay for 30 days, and the recipient is back.';
const NEW_DEVICE = 'The recipient has a new device.';

export class LostEnvelopes {
  readonly #options: LostEnvelopesOptions;
  /** What the relay knew nothing of when it was asked last, though it had taken it: confirmed, or thrown away. */
  #unknown: readonly PostedLine[] = [];

  constructor(options: LostEnvelopesOptions) {
    this.#options = options;
  }

  /** The relay says what became of an envelope: unopenable, or its mailbox is gone. */
  async notice(id: Bytes, state: EnvelopeState): Promise<void> {
    const { place, pairs, onRoom } = this.#options;
    const envelope = place.store.posted.get(id);
    if (envelope === undefined) return; // known before, or none of ours
    if (envelope.room !== undefined) {
      onRoom({ ...envelope, kept: envelope.outer !== undefined }, state);
      return;
    }
    const pair = await pairs.of(envelope.chain);
    if (pair === undefined) return;
    if (state === ENVELOPE_STATE.unopenable) {
      await this.#resend(pair, {
        reason: DID_NOT_OPEN,
        which: (one) => toHex(one.id) === toHex(id),
        lose: [envelope.sid],
      });
    } else if (state === ENVELOPE_STATE.mailboxGone) {
      const lose = pair.state.sessions.map(({ sid }) => sid);
      await this.#resend(pair, { reason: GONE, which: () => true, lose });
    }
  }

  /** Those of a pair that the relay has no more, and that nobody has confirmed still. */
  unknownOf(chain: ChainKey): readonly PostedLine[] {
    const { posted } = this.#options.place.store;
    const ids = new Set(this.#unknown.map(({ id }) => toHex(id)));
    return ids.size === 0 ? [] : posted.ofChain(chain).filter(({ id, lost }) => !lost && ids.has(toHex(id)));
  }

  /** The account is there: what the relay has lost of ours goes again. */
  async heard(account: Bytes): Promise<void> {
    const { place, pairs } = this.#options;
    const pair = await pairs.current(account);
    const some = pair !== undefined && place.store.posted.ofChain(pair.key).some(({ lost }) => lost);
    if (some) await this.#resend(pair, { reason: WAITED, which: ({ lost }) => lost, lose: [] });
  }

  /** The account is written to at this device (16) now; what was on its way between others goes again. */
  moved(account: Bytes, device: Bytes): void {
    const { place, onQueued } = this.#options;
    const { store, observe } = place;
    const key = pairKey(place, { account, device });
    const numbers = store.transaction(() => {
      store.errands.requeueOthers(key);
      store.posted.removeOthers(key);
      return store.mail.requeueOthers(key);
    });
    if (numbers.length > 0) observe({ kind: 'sent-anew', numbers, reason: NEW_DEVICE });
    onQueued(account);
  }

  /** After a start of the program: what an own device of before, or one of theirs, left on its way goes again. */
  movedAll(): void {
    const { store, relay } = this.#options.place;
    for (const { account, device } of store.contacts.list(relay)) this.moved(account, device ?? NOBODY);
  }

  /**
   * Asks what became of everything that lies at the relay: its word that something did not open goes to channels that are
   * up, and is not said twice. What it knows nothing of after 30 days was not fetched; whether its recipient is back is
   * asked too.
   * @throws RelayFailure
   */
  async review(requests: RelayRequests): Promise<void> {
    const { store, relay, now } = this.#options.place;
    const unknown: PostedLine[] = [];
    const young: PostedLine[] = [];
    for (let after = 0; ; ) {
      const page = store.posted.atRelay(relay, after);
      const last = page.at(-1);
      if (last === undefined) break;
      after = last.place;
      const states = await requests.status(page.map(({ id }) => id));
      for (const [index, envelope] of page.entries()) {
        const state = states[index];
        // One that is young and unknown was confirmed, and its receipt is on the way.
        if (state !== undefined && state !== ENVELOPE_STATE.unknown) await this.notice(envelope.id, state);
        else (envelope.at < now() - ENVELOPE_DAYS * DAY ? unknown : young).push(envelope);
      }
    }
    this.#unknown = young;
    store.transaction(() => {
      store.posted.markLost(unknown.map(({ id }) => id));
    });
    this.#tellWaiting(unknown);
    await this.#lookForThem(requests);
  }

  #tellWaiting(lost: readonly PostedLine[]): void {
    const { store, observe } = this.#options.place;
    const numbers = lost
      .filter(({ room }) => room === undefined)
      .flatMap(({ chain, seq }) => store.mail.numbersOf(chain, [seq]));
    if (numbers.length > 0) observe({ kind: 'held-back', numbers, error: awayFor30Days() });
  }

  /** Whose prekeys were made since is back, though nothing came of him yet. */
  async #lookForThem(requests: RelayRequests): Promise<void> {
    const { place, pairs } = this.#options;
    const { store, relay, p, now } = place;
    for (const { account } of store.contacts.list(relay)) {
      const pair = await pairs.current(account);
      const lost = pair === undefined ? [] : store.posted.ofChain(pair.key).filter((one) => one.lost);
      if (lost.length === 0) continue;
      try {
        const [set] = await requests.fetch(account, false);
        if (set === undefined || set.statement.length === 0) continue;
        const bundle = await openBundle(p, set.bundle, now());
        const { made } = await openPrekeyStatement(p, bundle, set);
        if (equalBytes(bundle.account, account) && made > Math.max(...lost.map(({ at }) => at)))
          await this.heard(account);
      } catch (error) {
        if (!isProtocolError(error) && !(error instanceof RelayFailure && !error.passing)) throw error;
      }
    }
  }

  async #resend(
    pair: Pair,
    how: {
      readonly reason: string;
      readonly which: (envelope: PostedLine) => boolean;
      readonly lose: readonly Bytes[];
    },
  ): Promise<void> {
    const { place, onQueued, onNotDelivered } = this.#options;
    const { store, observe } = place;
    const { account } = pair.key;
    const done = await pair.inTurn(async () => {
      for (const sid of how.lose) pair.lose(sid);
      const rows = store.posted.ofChain(pair.key).filter(how.which);
      const seqs = rows.map(({ seq }) => seq);
      const counted = how.lose.length > 0;
      try {
        const result = store.transaction(() => {
          const numbers = store.mail.numbersOf(pair.key, seqs);
          const given = counted ? store.mail.countTries(numbers, MAX_SENT_ANEW) : [];
          const anew = store.mail.requeue(pair.key, seqs, new Set(given));
          store.mail.giveUp(given);
          store.errands.requeue(pair.key, seqs);
          store.posted.remove(rows.map(({ id }) => id));
          pair.notes = withLostFlights(pair.notes, seqs);
          pair.save();
          return { anew, given, lost: seqs.length > 0 };
        });
        pair.settle();
        return result;
      } catch (error) {
        pair.revert();
        throw error;
      }
    });
    if (done.anew.length > 0) observe({ kind: 'sent-anew', numbers: done.anew, reason: how.reason });
    if (done.given.length > 0)
      onNotDelivered(account, done.given, notDelivered(viewAccount(place, account).fingerprint));
    if (done.lost) this.#options.onLost({ account, device: pair.key.peerDevice });
    onQueued(account);
  }
}

function awayFor30Days(): WaxwingError {
  return new WaxwingError(
    'mailbox-full',
    'The recipient has not come for 30 days, and the relay keeps nothing longer.',
    'Nothing: it is kept here, and sent anew when the recipient is back.',
  );
}

function notDelivered(fingerprint: string): WaxwingError {
  return new WaxwingError(
    'not-delivered',
    `It was sent ${String(MAX_SENT_ANEW + 1)} times, and never opened at ${fingerprint}.`,
    'Ask your peer to run /doctor, then send it again with /resend.',
  );
}
