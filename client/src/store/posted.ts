/** Envelopes on their way through a relay: kept as they were sealed until it has them, and known until the recipient does. */
import type { Bytes } from '@waxwing/protocol';
import type { ChainKey } from './chain.ts';

export interface PostedEnvelope {
  /** 16, the relay's name for it. */
  readonly id: Bytes;
  /** The relay's account, 32. */
  readonly relay: Bytes;
  /** The mailbox, 32. */
  readonly target: Bytes;
  readonly chain: ChainKey;
  /** The room (32) whose sequence `seq` is of; undefined between the two devices of `chain`. */
  readonly room: Bytes | undefined;
  readonly seq: number;
  /** 16: the session it was sealed in; of a room the first 16 of its state. */
  readonly sid: Bytes;
  /** The sealed blob (§11.3); undefined once the relay has it on disk. */
  readonly outer: Bytes | undefined;
  /** When it was sealed, and, once `outer` is gone, when the relay had it. Unix milliseconds. */
  readonly at: number;
  /** The relay knows nothing of it any more: sent anew when the recipient is back. */
  readonly lost: boolean;
}

/** Without its bytes; `kept`: they are still here, because the relay does not have it. */
export type PostedLine = Omit<PostedEnvelope, 'outer'> & { readonly kept: boolean };

/** One that lies at the relay; places ascend in the order in which they were sealed. */
export type PlacedLine = PostedLine & { readonly place: number };

export interface Posted {
  /** In the transaction in which its flight was sealed. */
  add(envelope: PostedEnvelope & { readonly outer: Bytes }): void;
  /** What the relay does not have yet, in the order in which it was sealed, but for `except` (ids in hex). */
  toPut(
    relay: Bytes,
    limit: number,
    except: ReadonlySet<string>,
  ): readonly (PostedEnvelope & { readonly outer: Bytes })[];
  /** The relay has these on disk. */
  stored(ids: readonly Bytes[]): void;
  get(id: Bytes): PostedEnvelope | undefined;
  /** Those of a pair's own chain, ascending by seq; with `room` of that room's. */
  ofChain(chain: ChainKey, room?: Bytes): readonly PostedLine[];
  /** How many of a pair the relay does not have yet. */
  waiting(chain: ChainKey): number;
  /** Those that lie at the relay and are not lost, in the order in which they were sealed, after a place, 1,024 at most. */
  atRelay(relay: Bytes, after: number): readonly PlacedLine[];
  markLost(ids: readonly Bytes[]): void;
  remove(ids: readonly Bytes[]): void;
  /** Those between any other two devices of the same accounts, but for rooms'. */
  removeOthers(chain: ChainKey): void;
}
