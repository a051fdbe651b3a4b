/** When a member was last added (§10.1): what a leave statement of an earlier time does not reach beyond. */
import { equalBytes } from '../bytes.ts';
import type { Party } from '../envelope/message-statement.ts';
import { memberOf } from './member-file.ts';
import type { RoomState } from './room-state.ts';

/**
 * `made` of the state that last added this member, below `from`, in Unix milliseconds; 0 where that state is not held, or
 * where he is not in the room.
 */
export function addedAt(states: readonly RoomState[], from: RoomState, party: Party): number {
  let state = from;
  while (memberOf(state.file, party) !== undefined) {
    const { epoch, made, prev } = state.says;
    const before = states.find((one) => equalBytes(one.state, prev));
    if (before === undefined) return epoch === 1 ? made : 0;
    if (memberOf(before.file, party) === undefined) return made;
    state = before;
  }
  return 0;
}
