/** A message that came through a mailbox, passed every check, and is on disk. */
import type { OpenedQuote, Proof } from '@waxwing/protocol';
import type { ReceivedMessage } from '../direct/event.ts';
import type { RoomView } from './room-view.ts';

export interface RelayMessage extends Omit<ReceivedMessage, 'proof'> {
  /** One typed result per check (§5.4); of a quote its signature and its place: nothing of it was sealed for this way here. */
  readonly proof: Proof | OpenedQuote['proof'];
  /** The room it was said in; undefined for a private message. */
  readonly room: RoomView | undefined;
  /** It took the place of one that was missing: `arrived late`; `quoted`: as its sender's signed original (§9.6). */
  readonly late: false | 'late' | 'quoted';
  /** It waited at a relay, ms on the clocks of the two ends: `delivered late (3 h)`. 0 where it came at once. */
  readonly waited: number;
  /** A room's: `written before NAME was removed`, `written in a state that did not last` (§10.5). */
  readonly remark: string | undefined;
}
