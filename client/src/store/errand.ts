/** Items that are no messages and yet must arrive: they wait for their recipient's receipt like these, and are never shown. */
import type { Bytes } from '@waxwing/protocol';
import type { ChainKey } from './chain.ts';

export interface Errand {
  readonly number: number;
  /** Media type, `application/waxwing-…`. */
  readonly type: string;
  readonly body: Bytes;
  readonly opening: Bytes;
}

export interface Errands {
  /** `state` (32): that of a room whose secret it carries. */
  add(account: Bytes, item: { readonly type: string; readonly body: Bytes; readonly state?: Bytes | undefined }): void;
  /** Queued ones, oldest first, that fit one flight. */
  nextBatch(account: Bytes): readonly Errand[];
  markSent(numbers: readonly number[], chain: ChainKey, seq: number): void;
  /** The peer has these flights: their errands are done and gone. */
  done(chain: ChainKey, seqs: readonly number[]): void;
  /** These flights are lost: their errands are queued again. */
  requeue(chain: ChainKey, seqs: readonly number[]): void;
  /** What was on its way to other devices of the account than this one is queued again. */
  requeueOthers(chain: ChainKey): void;
  /** Accounts for which something is queued. */
  accounts(): readonly Bytes[];
}
