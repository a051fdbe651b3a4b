/** The items that carry a room's state to devices (§10.2), each in the pairwise session with one. */
import type { Party } from '../envelope/message-statement.ts';
import { TYPE_ROOM } from '../labels.ts';
import type { SecretKey } from '../primitives.ts';
import { type MemberFile, memberOf } from '../rooms/member-file.ts';
import { sameParty } from '../rooms/party.ts';
import { encodeRoomItem } from '../rooms/room-item.ts';
import type { RoomState } from '../rooms/room-state.ts';
import type { ItemTo } from './room-flight.ts';

/** The items that tell a state to every other device that was or is in the room. */
export function stateItems(of: {
  readonly state: RoomState;
  readonly secret: SecretKey;
  readonly me: Party;
  readonly before?: MemberFile;
}): readonly ItemTo[] {
  const { state, secret, me, before } = of;
  const { members } = state.file;
  const out = before?.members.filter((member) => memberOf(state.file, member) === undefined) ?? [];
  return [...members, ...out]
    .filter((member) => !sameParty(member, me))
    .map(({ account, device }) => stateItem(state, secret, { account, device }));
}

/** The item that tells a state to one device; with the secret where it is in the room then. */
export function stateItem(state: RoomState, secret: SecretKey | undefined, to: Party): ItemTo {
  const { statement, signature, file, leaves } = state;
  const known = memberOf(file, to) === undefined ? undefined : secret;
  return {
    to,
    item: { type: TYPE_ROOM, body: encodeRoomItem({ statement, signature, file: file.bytes, secret: known, leaves }) },
  };
}
