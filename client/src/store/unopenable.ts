/** Envelopes that did not open (§9.4): what `doctor` shows, the newest thousand for 30 days. */
import type { Bytes, ProtocolErrorCode } from '@waxwing/protocol';
import type { ClientErrorCode } from '../errors.ts';

export interface UnopenedEnvelope {
  /** 16, the relay's id of it. */
  readonly id: Bytes;
  readonly at: number;
  /** Whose session it is of, where that is known. */
  readonly account: Bytes | undefined;
  /** Of the check that failed; of the client where all held, and what came does not fit to what is kept. */
  readonly code: ProtocolErrorCode | ClientErrorCode;
  /** `kept` for the latter. */
  readonly check: string;
}

export interface UnopenedEnvelopes {
  add(one: UnopenedEnvelope): void;
  /** Newest first. */
  list(): readonly UnopenedEnvelope[];
  dropBefore(time: number): void;
}
