/** Everything that two devices' mailboxes keep of each other (§9.4, §9.5): a value, and its form at rest. */
import { type Bytes, compareBytes, equalBytes } from '../bytes.ts';
import { bytes, decodeCborAs, encodeCbor, exactly, list, tuple, uint } from '../codec/cbor.ts';
import { newReceivedChain, type ReceivedChain } from '../envelope/received-chain.ts';
import { type Bundle, readBundle } from '../keys/bundle.ts';
import {
  ENDED_SESSION_LIFE,
  GONE_SID_LIFE,
  HASH_SIZE,
  MAX_CBOR_ARRAY,
  MAX_GAPS,
  MAX_SESSIONS,
  MAX_SKIPPED_KEYS_OF_PAIR,
  SID_SIZE,
} from '../limits.ts';
import type { Primitives } from '../primitives.ts';
import { dropOldKeys } from '../ratchet/mailbox-ratchet.ts';
import type { StartedSession } from '../start/start-session.ts';
import type { ChainEnd } from './flight.ts';
import { decodeSession, encodeSession, encodeSkippedKeys, type MailboxSession, newSession } from './mailbox-session.ts';

/** What stays of a session that was deleted: enough to know a late copy for one. */
export interface GoneSession {
  /** 16 */
  readonly sid: Bytes;
  /** Unix milliseconds. */
  readonly at: number;
}

export interface MailboxState {
  /** The peer's newest known bundle: wraps go to its key. */
  readonly peer: Bundle;
  /** The bundles of the same device before it, newest first: one of them may be that of an older flight. */
  readonly earlier: readonly Bundle[];
  /** The last flight sent to this device, over all sessions and channels. */
  readonly sent: ChainEnd;
  readonly received: ReceivedChain;
  /** One of them is sent on at most: the one that has not ended. */
  readonly sessions: readonly MailboxSession[];
  readonly gone: readonly GoneSession[];
}

/** Two of a year each cover every envelope that a relay still keeps. */
const MAX_EARLIER_BUNDLES = 2;

/** Nothing said yet with the device of this bundle. */
export function newMailboxState(peer: Bundle): MailboxState {
  const received = newReceivedChain();
  return { peer, earlier: [], sent: received.last, received, sessions: [], gone: [] };
}

/** The session that is sent on. */
export function sendingSession(state: MailboxState): MailboxSession | undefined {
  return state.sessions.find(({ ended }) => ended === 0);
}

/** The state with a session changed. */
export function withSession(state: MailboxState, session: MailboxSession): MailboxState {
  return { ...state, sessions: state.sessions.map((one) => (equalBytes(one.sid, session.sid) ? session : one)) };
}

/** With a start of one's own: the session whose start was last is sent on (§9.4). */
export function withOwnStart(state: MailboxState, started: StartedSession, now: number): MailboxState {
  return sentOn({ ...state, sessions: [...state.sessions, newSession(started)] }, started.sid, now);
}

/**
 * With a start of the peer's: it is sent on (§9.4). But where one's own is unanswered, which is one that still rides, both
 * sides send on the lower sid; and a start that comes late, after a flight that the peer sent since, changes nothing.
 */
export function withPeerStart(
  state: MailboxState,
  session: MailboxSession,
  come: { readonly now: number; readonly late: boolean },
): MailboxState {
  const present = sendingSession(state);
  const stays =
    present !== undefined && (present.start.length > 0 ? compareBytes(present.sid, session.sid) < 0 : come.late);
  const sid = stays ? present.sid : session.sid;
  return sentOn({ ...state, sessions: [...state.sessions, session] }, sid, come.now);
}

/**
 * The state once an envelope of a session did not open at the peer's: it is never sent on again (§9.4), and neither are
 * `lost`, which met with the same. Of the others the one that ended last is sent on, where there is one.
 */
export function withLostSession(
  state: MailboxState,
  { sid, lost, now }: { readonly sid: Uint8Array; readonly lost: readonly Uint8Array[]; readonly now: number },
): MailboxState {
  const present = sendingSession(state);
  if (present === undefined || !equalBytes(present.sid, sid)) return state;
  const good = state.sessions.filter((one) => ![sid, ...lost].some((bad) => equalBytes(bad, one.sid)));
  const next = good.toSorted((a, b) => b.ended - a.ended)[0];
  return sentOn(state, next?.sid ?? new Uint8Array(0), now);
}

/** With another bundle of the peer's device, where it is of a higher serial. */
export function withBundle(state: MailboxState, bundle: Bundle): MailboxState {
  if (bundle.certificate.serial <= state.peer.certificate.serial) return state;
  return { ...state, peer: bundle, earlier: [state.peer, ...state.earlier].slice(0, MAX_EARLIER_BUNDLES) };
}

function sentOn(state: MailboxState, sid: Uint8Array, now: number): MailboxState {
  const sessions = state.sessions.map((one) => {
    if (equalBytes(one.sid, sid)) return { ...one, ended: 0 };
    return one.ended === 0 ? { ...one, ended: now } : one;
  });
  return dropOld({ ...state, sessions }, now);
}

/** Without what is past its time or above its number (§9.4, §9.5). */
export function dropOld(state: MailboxState, now: number): MailboxState {
  const byEnd = state.sessions.toSorted((a, b) => rank(b) - rank(a));
  const kept = byEnd.filter(
    ({ ended }, place) => ended === 0 || (place < MAX_SESSIONS && now - ended <= ENDED_SESSION_LIFE),
  );
  const lost = state.sessions.filter((one) => !kept.includes(one)).map(({ sid }) => ({ sid, at: now }));
  const gone = [...state.gone, ...lost].filter(({ at }) => now - at <= GONE_SID_LIFE).slice(-MAX_CBOR_ARRAY);
  const sessions = state.sessions
    .filter((one) => kept.includes(one))
    .map((one) => ({ ...one, ...dropOldKeys(one, now) }));
  return { ...state, sessions: capKeys(sessions, now), gone };
}

/** The one that is sent on before all others, then the one that ended last. */
function rank({ ended }: MailboxSession): number {
  return ended === 0 ? Number.POSITIVE_INFINITY : ended;
}

/** Of all sessions together 2,000 skipped keys are kept: the oldest go first. */
function capKeys(sessions: readonly MailboxSession[], now: number): readonly MailboxSession[] {
  const times = sessions.flatMap(({ skipped }) => skipped.map(({ at }) => at)).sort((a, b) => b - a);
  if (times.length <= MAX_SKIPPED_KEYS_OF_PAIR) return sessions;
  let room = MAX_SKIPPED_KEYS_OF_PAIR;
  const oldest = times[MAX_SKIPPED_KEYS_OF_PAIR - 1] ?? now;
  room -= times.filter((at) => at > oldest).length;
  return sessions.map((session) => {
    const skipped = session.skipped.filter(({ at }) => at > oldest || (at === oldest && room-- > 0));
    return { ...session, ...dropOldKeys({ ...session, skipped }, now) };
  });
}

/** The rows of a state at rest: secret, for the home's encrypted database alone, all in one transaction (§9.5). */
export interface StoredMailbox {
  /** Newest first. */
  readonly bundles: readonly Uint8Array[];
  /** CBOR[1, sent seq, its hash, received seq, its hash, gaps, voids, gone] */
  readonly chains: Uint8Array;
  readonly sessions: readonly Uint8Array[];
  /** Oldest first. */
  readonly skipped: readonly Uint8Array[];
}

const CHAINS = tuple([
  exactly(1),
  uint(),
  bytes(HASH_SIZE),
  uint(),
  bytes(HASH_SIZE),
  list(tuple([uint(), uint(), bytes(HASH_SIZE), bytes(HASH_SIZE)]), 0, MAX_GAPS),
  list(tuple([uint(), uint()]), 0, MAX_GAPS),
  list(tuple([bytes(SID_SIZE), uint()]), 0, MAX_CBOR_ARRAY),
]);

export function encodeMailboxState(state: MailboxState): StoredMailbox {
  const { sessions, peer } = state;
  return {
    bundles: encodeBundles(state),
    chains: encodeChains(state),
    sessions: sessions.map((session) => encodeSession(session, peer)),
    skipped: sessions.flatMap(encodeSkippedKeys),
  };
}

/** The row of the peer's bundles, newest first. */
export function encodeBundles({ peer, earlier }: MailboxState): readonly Bytes[] {
  return [peer, ...earlier].map((bundle) => bundle.bytes);
}

/** The row of both chains, and of the sessions that are gone. */
export function encodeChains({ sent, received, gone }: MailboxState): Bytes {
  return encodeCbor([
    1,
    sent.seq,
    sent.hash,
    received.last.seq,
    received.last.hash,
    received.gaps.map(({ from, to, before, after }) => [from, to, before, after]),
    received.voids,
    gone.map(({ sid, at }) => [sid, at]),
  ]);
}

/** @throws ProtocolError `cbor` or `bundle` where the form is damaged */
export async function decodeMailboxState(p: Primitives, stored: StoredMailbox): Promise<MailboxState> {
  const [first, ...others] = stored.bundles;
  const peer = await readBundle(p, first ?? new Uint8Array(0));
  const earlier = await Promise.all(others.map((bundle) => readBundle(p, bundle)));
  const [, sentSeq, sentHash, lastSeq, lastHash, gaps, voids, gone] = decodeCborAs(CHAINS, stored.chains);
  return {
    peer,
    earlier,
    sent: { seq: sentSeq, hash: sentHash },
    received: {
      last: { seq: lastSeq, hash: lastHash },
      gaps: gaps.map(([from, to, before, after]) => ({ from, to, before, after })),
      voids,
    },
    sessions: stored.sessions.map((session) => {
      const { peer: _device, ...decoded } = decodeSession(p, { session, skipped: stored.skipped });
      return decoded;
    }),
    gone: gone.map(([sid, at]) => ({ sid, at })),
  };
}
