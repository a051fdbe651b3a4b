/** Sealing a flight in two halves: what is settled before anything changes, and the slow work after it. */
import type { Bytes } from '../bytes.ts';
import { type StatementContext, commitItem, encodeMessageStatement } from '../envelope/message-statement.ts';
import type { Item } from '../envelope/payload.ts';
import { type EnvelopeRoom, type SealedLayers, type Sealing, checkSealable, sealEnvelope } from '../envelope/seal.ts';
import { ProtocolError } from '../errors.ts';
import type { Bundle } from '../keys/bundle.ts';
import { HASH_SIZE, MAX_CTL, MAX_ITEMS, MAX_SAFE_UINT } from '../limits.ts';
import type { Primitives, RsaPrivateKey } from '../primitives.ts';
import { controlToSend } from '../ratchet/pq.ts';
import type { ratchetSend } from '../ratchet/ratchet.ts';
import type { Trace } from '../trace.ts';
import type { ChainEnd, ControlEntry, OutgoingItem, SealedFlight } from './flight.ts';

export interface FlightOptions {
  /** KIND_LIVE or KIND_MAILBOX. */
  readonly kind: number;
  readonly sid: Bytes;
  readonly peer: Bundle;
  readonly signKey: RsaPrivateKey;
  readonly statement: StatementContext;
  /** The step that this flight takes. */
  readonly ratchet: ReturnType<typeof ratchetSend>;
  /** The last flight sent to this device. */
  readonly last: ChainEnd;
  readonly items: readonly Item[];
  readonly ctl: readonly ControlEntry[];
  /** Unix milliseconds. */
  readonly now: number;
  /** Seconds. */
  readonly ttl: number;
  readonly room: EnvelopeRoom;
}

export interface FlightPlan {
  /** Where the chain stands with this flight: to be stored before it leaves. */
  readonly end: ChainEnd;
  readonly sealing: Sealing;
  readonly commitments: readonly Bytes[];
}

/**
 * Items as they travel: copies, because the caller's bytes may change. The openings that are still to be drawn are drawn at
 * once: one by one they would cost a full flight as much as all the rest.
 */
export function takeItems(p: Primitives, items: readonly OutgoingItem[]): readonly Item[] {
  const wanted = items.filter(({ opening }) => opening === undefined).length;
  const drawn = p.randomBytes(HASH_SIZE * Math.min(wanted, MAX_ITEMS)); // of more, none will leave
  let used = 0;
  return items.map(({ type, body, opening }) => ({
    type,
    body: new Uint8Array(body),
    opening: opening === undefined ? drawn.subarray(used, (used += HASH_SIZE)) : new Uint8Array(opening),
  }));
}

/** @throws ProtocolError `limit` for a flight over a limit or not well-formed, `reuse` where the chain is at its end */
export function planFlight(p: Primitives, options: FlightOptions): FlightPlan {
  const { items, now, last, ratchet, peer } = options;
  if (!Number.isSafeInteger(now) || now < 0) throw new ProtocolError('limit', 'sent', 'the time is no Unix time');
  if (last.seq >= MAX_SAFE_UINT) throw new ProtocolError('reuse', 'seq', 'the chain of flights is at its end');
  if (options.ctl.length >= MAX_CTL) throw new ProtocolError('limit', 'ctl', 'one ctl entry is kept for the ratchet');
  const ctl: readonly ControlEntry[] = [...options.ctl, ...controlToSend(ratchet.state)];
  checkSealable(items, ctl, options.room);

  const signed = { seq: last.seq + 1, prev: last.hash, sent: now, ttl: options.ttl };
  const commitments = items.map((item) => commitItem(p, item));
  const statement = encodeMessageStatement(p, options.statement, { ...signed, commitments });
  return {
    end: { seq: signed.seq, hash: p.sha256(statement) },
    sealing: {
      header: { kind: options.kind, sid: options.sid, toDevice: peer.device, ...ratchet.header },
      messageKey: ratchet.messageKey,
      statement,
      payload: { ...signed, items, ctl },
      signKey: options.signKey,
      wrapKey: peer.certificate.wrapKey,
    },
    commitments,
  };
}

/** The envelope of a plan. Its place in ratchet and chain is used up, whatever becomes of it. */
export async function sealPlan(p: Primitives, plan: FlightPlan, trace?: Trace<SealedLayers>): Promise<SealedFlight> {
  const { sealing, end, commitments } = plan;
  const { statement, payload } = sealing;
  const { envelope, signature } = await sealEnvelope(p, { ...sealing, trace });
  return {
    envelope,
    seq: end.seq,
    items: payload.items.map((item, index) => ({ ...item, id: commitments[index] as Bytes })),
    statement,
    statementHash: end.hash,
    signature,
    commitments,
    sent: payload.sent,
    ttl: payload.ttl,
  };
}
