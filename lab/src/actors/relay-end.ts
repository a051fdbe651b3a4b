/** A user of a relay as an attack sees one: what he says, what his screen shows, and what he is told. */
import type { Bytes } from '@waxwing/protocol';
import type { Stop } from '../check.ts';

export interface RelayEnd {
  /** 32 */
  readonly account: Bytes;
  /** Texts that came, in the order in which they were shown. */
  readonly texts: readonly string[];
  /** What else he is told, in order. */
  readonly told: readonly Notice[];
  /** What was refused here, and what was noticed, in order. */
  readonly stops: readonly Stop[];
  /** Texts of his own that others are known to have. */
  readonly delivered: readonly string[];
  /** Whether it has given up on the relay for good. */
  readonly ended: boolean;
  /** How long it said it would wait before it calls again, ms each. */
  readonly waits: readonly number[];
  /** Says something to an account; resolves when the relay has answered for it, or this end has refused. */
  say(to: Bytes, text: string): Promise<void>;
  /** The account that the relay gives for a name, as this end takes it; undefined where it refuses. */
  find(name: string): Promise<Bytes | undefined>;
  /** Of how many envelopes that did not open something is kept. */
  remembered(): Promise<number>;
  /** Waits until `holds`, or `patience` ms: a few seconds unless given. Whether it held. */
  until(holds: () => boolean, patience?: number): Promise<boolean>;
}

/** What a user is told beside texts. */
export type Notice =
  | { readonly kind: 'missing'; readonly count: number }
  | { readonly kind: 'late'; readonly text: string }
  /** It was on its way for longer than a minute. */
  | { readonly kind: 'waited'; readonly text: string; readonly milliseconds: number }
  /** A session was started without a one-time key. */
  | { readonly kind: 'weaker start' }
  /** An envelope did not open. */
  | { readonly kind: 'unopenable'; readonly code: string; readonly check: string }
  /** Sent once more, because it was said not to have been opened; or no longer. */
  | { readonly kind: 'sent anew' | 'not delivered'; readonly text: string }
  /** Another account answers under a name that is known. */
  | { readonly kind: 'changed'; readonly name: string };
