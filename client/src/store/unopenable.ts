/** Envelopes that did not open (§9.4): what `doctor` shows, the newest thousand for 30 days. */
import type { Bytes, ProtocolErrorCode } from '@waxwing/protocol';

export interface UnopenedEnvelope {
  /** 16, the relay's id of it. */
  readonly id: Bytes;
  readonly at: number;
  /** Whose session it is of, where that is known. */
  readonly account: Bytes | undefined;
  readonly code: ProtocolErrorCode;
  readonly check: string;
}

export interface UnopenedEnvelopes {
  add(one: UnopenedEnvelope): void;
  /** Newest first. */
  list(): readonly UnopenedEnvelope[];
  dropBefore(time: number): void;
}
