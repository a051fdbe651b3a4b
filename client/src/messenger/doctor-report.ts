/** What the doctor says (§9.4, §9.6, §10.5): causes that programs can tell apart, and sentences for people. */
import type { ClientErrorCode } from '../errors.ts';
import type { PrekeyHealth } from './prekey-keeper.ts';
import type { Unopenable } from './relay-event.ts';

/** Stable; documented in docs/cli.md. */
export type FindingCause =
  | 'not-connected'
  | 'relay' // it refused what the doctor asked of it
  | 'clock' // of this machine or of the relay: they differ by more than a minute
  | 'prekeys-renewed'
  | 'prekeys-empty' // none is left there for one use alone
  | 'prekeys-taken' // more of them are used up in a day than people begin with one
  | 'missing' // deliveries of somebody that never came
  | 'no-receipt' // the relay has something no more, and its recipient never said that it came
  | 'held-back' // own messages wait, and `code` says for what
  | 'given-up' // own messages that are not sent by themselves any more
  | 'session-lost'
  | 'quarantined' // too much that does not hold came from there: nothing of it is taken
  | 'room-forked'
  | 'room-held' // messages of a room wait for the state they were written in
  | 'room-secret' // the newest state of a room is here, and its secret is not: nothing can be said there yet
  | 'room-unknown'; // something came of rooms that this device is not in

export interface Finding {
  readonly cause: FindingCause;
  /** Why messages are held back, or what the relay answered. */
  readonly code: ClientErrorCode | undefined;
  /** Whom or which room it is about, as titles are; it holds names that others chose: sanitise it. */
  readonly about: string | undefined;
  /** What is wrong, without the title; sanitise it. */
  readonly sentence: string;
  /** What was done about it just now, or is done by itself. */
  readonly repaired: string | undefined;
  /** The one thing left to the user; undefined where nothing is. */
  readonly next: string | undefined;
}

export interface DoctorReport {
  readonly connected: boolean;
  /** The relay's clock minus the own, ms, as the handshake found it; undefined before the first channel. */
  readonly clockOffset: number | undefined;
  readonly prekeys: PrekeyHealth;
  /** Envelopes of the last 30 days that did not open. */
  readonly unopenable: readonly Unopenable[];
  readonly findings: readonly Finding[];
}

/** A finding of which only what differs is given. */
export function finding(
  cause: FindingCause,
  sentence: string,
  rest: Partial<Omit<Finding, 'cause' | 'sentence'>> = {},
): Finding {
  return { cause, sentence, code: undefined, about: undefined, repaired: undefined, next: undefined, ...rest };
}

/** `1 delivery`, `2 deliveries` */
export function many(count: number, one: string, more = `${one}s`): string {
  return `${String(count)} ${count === 1 ? one : more}`;
}
