/** What a start leaves to either side: a session in which nothing has been said yet. */
import type { Bytes } from '../bytes.ts';
import type { Primitives, SecretKey } from '../primitives.ts';
import type { DeviceName, RatchetState } from '../ratchet/ratchet-state.ts';
import { typingKey } from './start-schedule.ts';

export interface StartedSession {
  /** 16 */
  readonly sid: Bytes;
  readonly ratchet: RatchetState;
  /** 64 each (§9.7): for one's own signals and for the peer's. */
  readonly typingOut: SecretKey;
  readonly typingIn: SecretKey;
  /** Rides on every envelope until the peer has answered; empty at who was started with. */
  readonly start: Bytes;
  /** Unix milliseconds. */
  readonly madeAt: number;
}

export function typingKeys(
  p: Primitives,
  root: SecretKey,
  ends: { readonly self: DeviceName; readonly peer: DeviceName },
): Pick<StartedSession, 'typingOut' | 'typingIn'> {
  return { typingOut: typingKey(p, root, ends.self), typingIn: typingKey(p, root, ends.peer) };
}
