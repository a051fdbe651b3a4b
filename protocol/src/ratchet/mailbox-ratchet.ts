/** The ratchet of a mailbox session (§9.5): that of §6 with skipped keys, because envelopes come late, twice or never. */
import { type Bytes, equalBytes } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { MAX_PAST_CHAINS, MAX_SKIP_PER_CHAIN, MAX_SKIPPED_KEYS, SKIPPED_KEY_LIFE } from '../limits.ts';
import type { Primitives, SecretKey } from '../primitives.ts';
import { heardEpoch, pqReceive } from './pq.ts';
import type { RatchetHeader, RatchetState, ReceivingChain } from './ratchet-state.ts';
import { chainStep, messageKey, turn } from './steps.ts';

/** The key of a place in a chain whose envelope has not come. */
export interface SkippedKey {
  /** The chain's, 32. */
  readonly dh: Bytes;
  readonly n: number;
  /** mk_ec */
  readonly key: SecretKey;
  /** The lowest and highest post-quantum epoch that its envelope can have. */
  readonly peLow: number;
  readonly peHigh: number;
  /** When it was skipped, Unix milliseconds. */
  readonly at: number;
}

/** pqk of an epoch that a skipped key may need. */
export interface PqKey {
  readonly epoch: number;
  readonly key: SecretKey;
}

export interface MailboxRatchet {
  readonly ratchet: RatchetState;
  /** Oldest first. */
  readonly skipped: readonly SkippedKey[];
  readonly pqKeys: readonly PqKey[];
  /** The peer's ratchet keys before the present one, newest last: what comes under them again is a copy. */
  readonly pastChains: readonly Bytes[];
}

export interface MailboxReceived {
  readonly state: MailboxRatchet;
  readonly messageKey: SecretKey;
}

/**
 * The key of a received message, and the state once its HMAC holds.
 * @throws ProtocolError `envelope-0` (check `dh`, `used`, `pn`, `skip` or `pe`) for a header that cannot come here: `used` is
 *   a copy of what was opened, or its key is gone; `envelope-1` for an all-zero X25519 output
 */
export function mailboxReceive(
  p: Primitives,
  state: MailboxRatchet,
  header: RatchetHeader,
  now: number,
): MailboxReceived {
  const { ratchet } = state;
  const { receiving } = ratchet;
  if (equalBytes(ratchet.own.publicKey, header.dh)) throw refuse('dh', 'the envelope carries our own ratchet key');
  const stored = state.skipped.find(({ dh, n }) => n === header.n && equalBytes(dh, header.dh));
  if (stored !== undefined) return receiveSkipped(p, state, stored, header.pe);
  if (receiving !== undefined && equalBytes(receiving.dh, header.dh)) {
    if (header.n < receiving.n) throw used();
    checkSkip(header.n - receiving.n);
    return receiveAhead(p, state, { header, now, before: [], epoch: pqReceive(ratchet.pq, header.pe, now) });
  }
  if (isPast(state, header.dh)) throw used();
  const skips = header.pn - (receiving?.n ?? 0);
  // Before the first key of the peer there is no chain in which anything could have been skipped.
  if (skips < 0 || (receiving === undefined && skips > 0)) {
    throw refuse('pn', `the chain before cannot have had ${header.pn} envelopes`);
  }
  checkSkip(skips);
  checkSkip(header.n);
  return receiveTurned(p, state, header, now);
}

/** A late one: its key was stored when it was skipped. Whatever else came since, nothing turns. */
function receiveSkipped(p: Primitives, state: MailboxRatchet, stored: SkippedKey, pe: number): MailboxReceived {
  const pqKey = state.pqKeys.find(({ epoch }) => epoch === pe);
  if (pe < stored.peLow || pe > stored.peHigh || pqKey === undefined) {
    throw refuse('pe', 'the envelope is of a post-quantum epoch that its place cannot have');
  }
  const { ratchet } = state;
  const skipped = state.skipped.filter((one) => one !== stored);
  return {
    state: {
      ...state,
      ratchet: {
        ...ratchet,
        pq: { ...ratchet.pq, flights: ratchet.pq.flights + 1 },
        heard: ratchet.heard + 1,
      },
      skipped,
      pqKeys: neededKeys(state.pqKeys, skipped),
    },
    messageKey: messageKey(p, pqKey.key, stored.key),
  };
}

/** A new key of the peer: what its old chain still held is skipped, then its new chain begins. */
function receiveTurned(p: Primitives, state: MailboxRatchet, header: RatchetHeader, now: number): MailboxReceived {
  const { receiving } = state.ratchet;
  const epoch = pqReceive(state.ratchet.pq, header.pe, now); // before any secret is touched
  const range = epochs(state, header, now);
  const before = receiving === undefined ? [] : skipTo(p, receiving, header.pn, range).skipped;
  const turned = { ...state.ratchet, ...turn(p, state.ratchet, header) };
  const past = receiving === undefined ? state.pastChains : [...state.pastChains, receiving.dh].slice(-MAX_PAST_CHAINS);
  return receiveAhead(p, { ...state, ratchet: turned, pastChains: past }, { header, now, before, epoch });
}

/** The next one of the present chain, or one behind it: what lies between is skipped. */
function receiveAhead(
  p: Primitives,
  state: MailboxRatchet,
  received: {
    readonly header: RatchetHeader;
    readonly now: number;
    /** Skipped in the chain before. */
    readonly before: readonly SkippedKey[];
    readonly epoch: ReturnType<typeof pqReceive>;
  },
): MailboxReceived {
  const { header, now, before, epoch } = received;
  const { ratchet } = state;
  if (ratchet.receiving === undefined) throw refuse('dh', 'nothing has come under this key');
  const reached = skipTo(p, ratchet.receiving, header.n, epochs(state, header, now));
  const { key, next } = chainStep(p, reached.chain);
  const fresh = [...before, ...reached.skipped];
  const low = heardEpoch(ratchet.pq);
  const pqKeys =
    fresh.length === 0 ? state.pqKeys : withKeys(state.pqKeys, [low, { epoch: header.pe, key: epoch.key }]);
  return {
    state: dropOldKeys(
      {
        ...state,
        ratchet: {
          ...ratchet,
          receiving: { ...ratchet.receiving, chain: next, n: header.n + 1 },
          pq: epoch.pq,
          heard: ratchet.heard + 1,
        },
        skipped: [...state.skipped, ...fresh],
        pqKeys,
      },
      now,
    ),
    messageKey: messageKey(p, epoch.key, key),
  };
}

/** Without the keys that are 30 days old or above 1,000, and without the post-quantum keys that no stored key needs. */
export function dropOldKeys(state: MailboxRatchet, now: number): MailboxRatchet {
  const young = state.skipped.filter(({ at }) => now - at <= SKIPPED_KEY_LIFE);
  const skipped = young.slice(-MAX_SKIPPED_KEYS);
  return { ...state, skipped, pqKeys: neededKeys(state.pqKeys, skipped) };
}

type SkipRange = Pick<SkippedKey, 'peLow' | 'peHigh' | 'at'>;

function epochs(state: MailboxRatchet, header: RatchetHeader, now: number): SkipRange {
  return { peLow: heardEpoch(state.ratchet.pq).epoch, peHigh: header.pe, at: now };
}

/** The chain at `to`, and the keys of the places before it. */
function skipTo(
  p: Primitives,
  receiving: ReceivingChain,
  to: number,
  range: SkipRange,
): { readonly chain: SecretKey; readonly skipped: readonly SkippedKey[] } {
  let { chain } = receiving;
  const skipped: SkippedKey[] = [];
  for (let n = receiving.n; n < to; n++) {
    const { key, next } = chainStep(p, chain);
    skipped.push({ dh: receiving.dh, n, key, ...range });
    chain = next;
  }
  return { chain, skipped };
}

function checkSkip(count: number): void {
  if (count > MAX_SKIP_PER_CHAIN) {
    throw refuse('skip', `${count} envelopes of one chain are missing; ${MAX_SKIP_PER_CHAIN} may be`);
  }
}

function isPast(state: MailboxRatchet, dh: Uint8Array): boolean {
  return (
    state.pastChains.some((past) => equalBytes(past, dh)) || state.skipped.some((stored) => equalBytes(stored.dh, dh))
  );
}

function withKeys(keys: readonly PqKey[], more: readonly PqKey[]): readonly PqKey[] {
  const all = new Map([...keys, ...more].map(({ epoch, key }) => [epoch, key]));
  return [...all].map(([epoch, key]) => ({ epoch, key }));
}

function neededKeys(keys: readonly PqKey[], skipped: readonly SkippedKey[]): readonly PqKey[] {
  return keys.filter(({ epoch }) => skipped.some(({ peLow, peHigh }) => epoch >= peLow && epoch <= peHigh));
}

function used(): ProtocolError {
  return refuse('used', 'the envelope is a copy of one that was opened, or came after its key was gone');
}

function refuse(check: string, message: string): ProtocolError {
  return new ProtocolError('envelope-0', check, message);
}
