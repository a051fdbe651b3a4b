/** The failure of a room's state, statement or item (§10.2). */
import { ProtocolError } from '../errors.ts';

/** A failure of the named check. */
export function refuseRoom(check: string, message: string, cause?: unknown): ProtocolError {
  return new ProtocolError('room', check, message, cause === undefined ? undefined : { cause });
}
