/** What a line to a relay tells whoever holds it. */
import type { RelayEvent } from '@waxwing/protocol';
import type { WaxwingError } from '../errors.ts';
import type { RelayRequests } from './relay-requests.ts';

/** What the relay said first, with what the handshake told. */
export interface RelayWelcome {
  /** Whether this device is the one that the relay has of this account. If not: `join`. */
  readonly member: boolean;
  /** The name claimed there, without `@`. */
  readonly name: string | undefined;
  /** Of the newest statement the relay holds of this device; 0: none. */
  readonly prekeyCounter: number;
  readonly entriesLeft: number;
  /** Envelopes in the mailbox. */
  readonly waiting: number;
  /** The relay's clock minus the own, ms; over a minute the user is told (§3). */
  readonly clockOffset: number;
}

/** What a relay says unasked while a channel stands. */
export type RelayNews = Extract<RelayEvent, { readonly event: 'deliver' | 'signal' | 'status' | 'entries' }>;

/** Called in order, never after `close` has resolved; what they throw is a fault and ends the process. */
export interface RelayLineObserver {
  /** A channel stands. `requests` are its own: they fail once it has ended. News comes after this. */
  readonly onUp: (requests: RelayRequests, welcome: RelayWelcome) => void;
  /** The channel ended; what it had under way has failed before. Not called where `close` ended it. */
  readonly onDown: (error: WaxwingError) => void;
  readonly onNews: (news: RelayNews) => void;
  /** The next try comes after so many ms, or with `wake`. */
  readonly onRetry: (inMs: number, error: WaxwingError) => void;
}
