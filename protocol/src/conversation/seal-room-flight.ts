/** Sealing a flight for all members of a room (§10.3), in two halves as in plan-flight.ts. */
import { type Bytes, toHex } from '../bytes.ts';
import { KIND_ROOM } from '../envelope/header.ts';
import {
  commitItem,
  encodeMessageStatement,
  type Party,
  type StatementContext,
} from '../envelope/message-statement.ts';
import type { Item } from '../envelope/payload.ts';
import { checkSealable, type CopyRecipient, sealCopies } from '../envelope/seal.ts';
import { ProtocolError } from '../errors.ts';
import type { Device } from '../keys/device.ts';
import { MAX_SAFE_UINT, OUTER_LENGTHS } from '../limits.ts';
import type { Primitives } from '../primitives.ts';
import type { Certificates } from '../rooms/open-room-item.ts';
import { encodeParty, sameParty } from '../rooms/party.ts';
import { firstHalf, roomAddress, type RoomState } from '../rooms/room-state.ts';
import { type SenderChain, sendPlace } from '../rooms/sender-chain.ts';
import type { ChainEnd, ControlEntry, OutgoingItem } from './flight.ts';
import type { SealedRoomFlight } from './room-flight.ts';
import type { RoomEpoch } from './room-record.ts';

export interface RoomFlightToSeal {
  readonly items: readonly OutgoingItem[];
  readonly ctl?: readonly ControlEntry[] | undefined;
  /** Unix milliseconds. */
  readonly now: number;
  /** Seconds after which the sender wants it forgotten; 0, and where it is absent, is no wish. */
  readonly ttl?: number | undefined;
}

const LARGEST_OUTER = OUTER_LENGTHS.at(-1) ?? 0;

/** The lines of a statement in a room: its id, the state, and the list of members that its author saw. */
export function roomStatement(room: Uint8Array, { state, file }: RoomState, author: Party): StatementContext {
  return {
    conversation: toHex(room),
    session: toHex(firstHalf(state)),
    from: encodeParty(author),
    to: toHex(file.hash),
  };
}

export interface RoomSealing {
  readonly device: Device;
  readonly room: Bytes;
  readonly epoch: RoomEpoch;
  /** The last flight sent to the room. */
  readonly last: ChainEnd;
  readonly certificates: Certificates;
  readonly flight: Omit<RoomFlightToSeal, 'items'> & { readonly items: readonly Item[] };
}

export interface RoomPlan {
  /** Where the chain of flights stands with this one: to be stored before it leaves. */
  readonly end: ChainEnd;
  /** The slow work. */
  readonly seal: () => Promise<SealedRoomFlight>;
}

/**
 * What is settled before anything changes, and the sender's chain after it.
 * @throws ProtocolError `limit` for a flight over a limit or not well-formed; `reuse` where a counter is at its end
 */
export function sealInRoom(
  p: Primitives,
  sealing: RoomSealing,
): { readonly plan: RoomPlan; readonly chain: SenderChain } {
  const { device, room, epoch, last, flight } = sealing;
  const { items, now, ctl = [], ttl = 0 } = flight;
  if (!Number.isSafeInteger(now) || now < 0) throw new ProtocolError('limit', 'sent', 'the time is no Unix time');
  if (last.seq >= MAX_SAFE_UINT) throw new ProtocolError('reuse', 'seq', 'the chain of flights is at its end');
  checkSealable(items, ctl, { check: 'outer', size: LARGEST_OUTER });
  const me = device.bundle;
  const own = epoch.chains.find((chain) => sameParty(chain, me));
  if (own === undefined) throw new ProtocolError('reuse', 'chain', 'there is no chain to send on');
  const { messageKey, next } = sendPlace(p, own);

  const signed = { seq: last.seq + 1, prev: last.hash, sent: now, ttl };
  const commitments = items.map((item) => commitItem(p, item));
  const statement = encodeMessageStatement(p, roomStatement(room, epoch, me), { ...signed, commitments });
  const end = { seq: signed.seq, hash: p.sha256(statement) };
  const { recipients, without } = recipientsOf(sealing);
  const seal = async (): Promise<SealedRoomFlight> => {
    const { dh, n } = own;
    const { copies, signature } = await sealCopies(
      p,
      {
        header: {
          kind: KIND_ROOM,
          sid: firstHalf(epoch.state),
          toDevice: roomAddress(p, room),
          dh,
          pn: 0,
          n,
          pe: epoch.says.epoch,
        },
        messageKey,
        statement,
        payload: { ...signed, items, ctl },
        signKey: device.signKey,
      },
      recipients,
    );
    return {
      state: epoch.state,
      copies: recipients.map(({ member }, index) => ({
        to: member,
        inner: { kind: 'envelope', envelope: copies[index] as Bytes, start: new Uint8Array(0) },
      })),
      without,
      seq: end.seq,
      items: items.map((item, index) => ({ ...item, id: commitments[index] as Bytes })),
      statement,
      statementHash: end.hash,
      signature,
      commitments,
      sent: now,
      ttl,
    };
  };
  return { plan: { end, seal }, chain: next };
}

/** Every other member: those whose certificate is known, and those who have to wait. */
function recipientsOf({ device, epoch, certificates }: RoomSealing): {
  readonly recipients: readonly CopyRecipient[];
  readonly without: readonly Party[];
} {
  const recipients: CopyRecipient[] = [];
  const without: Party[] = [];
  for (const { account, device: id } of epoch.file.members) {
    const member = { account, device: id };
    if (sameParty(member, device.bundle)) continue;
    const [newest] = certificates(member);
    if (newest === undefined) without.push(member);
    else recipients.push({ member, wrapKey: newest.wrapKey });
  }
  return { recipients, without };
}
