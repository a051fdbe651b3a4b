/** A flight that was said in a room and passed every check: what of it is kept, and what is shown. */
import {
  concat,
  equalBytes,
  isValidAt,
  LIVE_MAX_AGE,
  newestEpoch,
  type OpenedRoomFlight,
  textOf,
  TYPE_TEXT,
} from '@waxwing/protocol';
import { type Place, viewAccount } from './place.ts';
import type { RelayMessage } from './relay-message.ts';
import { type Room, roomChain } from './room.ts';
import type { Rooms } from './rooms.ts';
import { writtenBefore } from './view-room.ts';

const OWN_TYPES = 'application/waxwing-';
const TAG = 16;

/** Inside the transaction that stores the room. The messages, without a view of the room. */
export function keepInRoom(
  { place, rooms }: { readonly place: Place; readonly rooms: Rooms },
  room: Room,
  flight: OpenedRoomFlight,
): readonly RelayMessage[] {
  const { store, p, now } = place;
  const { author, seq, statement, signature, commitments, sent, age, gap, proof, outcome, late } = flight;
  const blocked = store.peers.get(author.account)?.blockedAt !== undefined;
  const items = blocked ? [] : flight.items.filter(({ type }) => !type.startsWith(OWN_TYPES));
  const bundles = rooms.bundles.of(author);
  const bundle = bundles.find(({ certificate }) => isValidAt(certificate, sent)) ?? bundles[0];
  if (items.length === 0 || bundle === undefined) return [];
  const tag = p.sha256(concat(author.account, author.device)).slice(0, TAG);
  const received = now();
  const record = {
    chain: roomChain(place, room.id, tag),
    author,
    seq,
    statement,
    signature,
    commitments: concat(...commitments),
    bundle: bundle.bytes,
    sent,
    proof: JSON.stringify(proof),
    outcome,
    age,
    gap,
  };
  const numbers = store.history.receive(record, items);
  const peer = viewAccount(place, author.account);
  const remark = remarkOf(place, room, flight);
  const waited = age > LIVE_MAX_AGE ? age : 0;
  return items.flatMap(({ type, body }, index): RelayMessage[] => {
    const number = numbers[index];
    if (number === undefined) return []; // an id is shown once (§5.1)
    const text = type === TYPE_TEXT ? textOf(body) : undefined;
    const told = { gap: index === 0 ? gap : 0, seq, late: late ? ('late' as const) : (false as const), waited };
    return [{ number, peer, type, body, text, sent, received, age, proof, room: undefined, remark, ...told }];
  });
}

function remarkOf(
  place: Place,
  room: Room,
  { writtenBefore: before, lost, state }: OpenedRoomFlight,
): string | undefined {
  if (lost) return 'written in a state that did not last';
  const then = room.state.epochs.find((one) => equalBytes(one.state, state));
  return before && then !== undefined ? writtenBefore(place, then.file, newestEpoch(room.state).file) : undefined;
}
