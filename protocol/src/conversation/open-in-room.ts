/** Opening an envelope of a room (§10.4): a record and an envelope, and the record after it. Nothing else is changed. */
import { type Bytes, equalBytes } from '../bytes.ts';
import { decodeEnvelope } from '../envelope/envelope.ts';
import { stale } from '../envelope/freshness.ts';
import { decodeHeader, type Header, KIND_ROOM } from '../envelope/header.ts';
import type { Party } from '../envelope/message-statement.ts';
import { type Opened, openEnvelope, type RoomOpeningContext } from '../envelope/open.ts';
import { advanceChain, beginChain, checkFirst, checkPlace } from '../envelope/received-chain.ts';
import { isProtocolError, ProtocolError } from '../errors.ts';
import type { Device } from '../keys/device.ts';
import type { Primitives, SecretKey } from '../primitives.ts';
import { lasts } from '../rooms/fork.ts';
import { memberOf } from '../rooms/member-file.ts';
import type { Certificates } from '../rooms/open-room-item.ts';
import { sameParty } from '../rooms/party.ts';
import { refuseRoom } from '../rooms/refusal.ts';
import { firstHalf, roomAddress } from '../rooms/room-state.ts';
import { type ReceivedPlace, receivePlace, type SenderChain } from '../rooms/sender-chain.ts';
import { openedFlight } from './opened-flight.ts';
import type { OpenedHeld, OpenedRoomFlight } from './room-flight.ts';
import {
  authorOf,
  dropOldOfRoom,
  newestEpoch,
  type RoomEpoch,
  type RoomRecord,
  withAuthor,
  withChain,
} from './room-record.ts';
import { roomStatement } from './seal-room-flight.ts';

/** This device in a room. */
export interface RoomSelf {
  readonly device: Device;
  readonly certificates: Certificates;
  /** The local secret of the implicit rejection. */
  readonly rejection: SecretKey;
  readonly stopwatch: (() => number) | undefined;
}

/**
 * The header of an envelope of this room.
 * @throws ProtocolError `envelope-0`, for an envelope of another kind (check `kind`) or room (`device`) too
 */
export function readRoomHeader(p: Primitives, room: Uint8Array, envelope: Uint8Array): Header {
  const header = decodeHeader(decodeEnvelope(envelope).hdr);
  if (header.kind !== KIND_ROOM) throw refuse('kind', 'the envelope is not of the kind of a room');
  if (!equalBytes(header.toDevice, roomAddress(p, room))) throw refuse('device', 'the envelope is for another room');
  return header;
}

/** @throws ProtocolError as `RoomConversation.open` */
export async function openInRoom(
  p: Primitives,
  self: RoomSelf,
  record: RoomRecord,
  { envelope, now }: { readonly envelope: Uint8Array; readonly now: number },
): Promise<{ readonly record: RoomRecord; readonly flight: OpenedRoomFlight }> {
  const header = readRoomHeader(p, record.room, envelope);
  const epoch = epochOf(record, header.sid);
  if (epoch === undefined) throw refuse('sid', 'the envelope is of a state that has not come');
  const sender = senderOf(epoch, header, self);
  let place: ReceivedPlace | undefined;
  const opened = await openEnvelope(p, openingContext(p, self, record, { epoch, sender, n: header.n }), {
    encoded: envelope,
    now,
    deriveKey: ({ n }) => {
      place = receivePlace(p, { chain: sender, skipped: record.skipped }, { n, now });
      return { messageKey: place.messageKey, commit: () => undefined };
    },
    stopwatch: self.stopwatch,
  });
  const reached = place ?? { chain: sender, skipped: record.skipped };
  const after = dropOldOfRoom(accepted(record, { opened, epoch, ...reached, n: header.n }), now);
  const flight = {
    ...openedFlight(opened),
    author: { account: sender.account, device: sender.device },
    state: epoch.state,
    epoch: epoch.says.epoch,
    late: opened.freshness.late,
    writtenBefore: !equalBytes(epoch.file.hash, newestEpoch(record).file.hash),
    lost: !lasts(p, record.epochs, epoch),
  };
  return { record: after, flight };
}

/** Opens what was held and can be opened now. What does not open is gone, unless a bundle is still to be fetched for it. */
export async function openHeld(
  p: Primitives,
  self: RoomSelf,
  before: RoomRecord,
  now: number,
): Promise<OpenedHeld & { readonly record: RoomRecord }> {
  const opened: OpenedRoomFlight[] = [];
  const refused: { envelope: Bytes; error: ProtocolError }[] = [];
  let record = before;
  for (const one of before.held) {
    if (epochOf(before, one.sid) === undefined) continue;
    const without = (from: RoomRecord): RoomRecord => ({ ...from, held: from.held.filter((other) => other !== one) });
    try {
      const next = await openInRoom(p, self, record, { envelope: one.envelope, now });
      record = without(next.record);
      opened.push(next.flight);
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      if (error.code === 'room') continue;
      record = without(record);
      refused.push({ envelope: one.envelope, error });
    }
  }
  return { record, opened, refused };
}

/** The epoch of this sid, where it can be opened. */
function epochOf({ epochs }: RoomRecord, sid: Uint8Array): RoomEpoch | undefined {
  return epochs.find(({ state, chains }) => chains.length > 0 && equalBytes(firstHalf(state), sid));
}

/** Step 0: whose chain the header names. */
function senderOf(epoch: RoomEpoch, header: Header, { device }: RoomSelf): SenderChain {
  if (header.pe !== epoch.says.epoch) throw refuse('pe', 'the envelope names another epoch than its state');
  if (header.pn !== 0) throw refuse('pn', 'no chain of a room stands before another');
  const sender = epoch.chains.find(({ dh }) => equalBytes(dh, header.dh));
  if (sender === undefined || sameParty(sender, device.bundle)) {
    throw refuse('dh', 'the envelope names no other member of its state');
  }
  return sender;
}

function openingContext(
  p: Primitives,
  self: RoomSelf,
  record: RoomRecord,
  { epoch, sender, n }: { readonly epoch: RoomEpoch; readonly sender: SenderChain; readonly n: number },
): RoomOpeningContext {
  const [certificate, ...earlier] = self.certificates(sender);
  if (certificate === undefined) throw refuseRoom('bundle', 'The bundle of the author is not known yet.');
  const author = authorOf(record, sender);
  const { file } = newestEpoch(record);
  return {
    kind: KIND_ROOM,
    sid: firstHalf(epoch.state),
    device: roomAddress(p, record.room),
    certificate,
    earlier,
    statement: roomStatement(record.room, epoch, sender),
    wrapKeys: self.device.wrapKeys.map(({ privateKey }) => privateKey),
    rejection: self.rejection,
    member: self.device.bundle,
    place: (payload, judged) => {
      const first = { now: judged.now, missing: missingBefore(record, sender, n) };
      const freshness =
        author === undefined ? checkFirst(payload, first) : checkPlace(author.received, payload, judged);
      if (memberOf(file, sender) === undefined) throw stale('removed', 'the author is in the room no more');
      return freshness;
    },
  };
}

/**
 * How many flights of an author of whom none has come are missing for certain: the places of this epoch before n; and where
 * both were in the room when it began, all there are.
 */
function missingBefore({ epochs }: RoomRecord, author: Party, n: number): number {
  const first = epochs.find(({ says, chains }) => says.epoch === 1 && chains.length > 0);
  return first !== undefined && memberOf(first.file, author) !== undefined ? Number.POSITIVE_INFINITY : n;
}

/** Step 6: all five hold, and only now anything moves. */
function accepted(
  record: RoomRecord,
  of: Pick<ReceivedPlace, 'chain' | 'skipped'> & {
    readonly opened: Opened;
    readonly epoch: RoomEpoch;
    readonly n: number;
  },
): RoomRecord {
  const { opened, epoch, chain, skipped } = of;
  const { payload, hash, freshness } = opened;
  const known = authorOf(record, chain);
  const flight = { seq: payload.seq, prev: payload.prev, hash, voids: freshness.voids };
  const received =
    known === undefined ? beginChain(flight, missingBefore(record, chain, of.n)) : advanceChain(known.received, flight);
  const { account, device } = chain;
  const author = { account, device, received, told: known?.told ?? 0, news: true };
  return withAuthor(withChain({ ...record, skipped }, epoch, chain), author);
}

function refuse(check: string, message: string): ProtocolError {
  return new ProtocolError('envelope-0', check, message);
}
