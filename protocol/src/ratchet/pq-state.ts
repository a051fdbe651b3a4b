/** Where one side stands in the post-quantum exchange (§6). */
import type { Bytes } from '../bytes.ts';
import type { MlKemPrivateKey, SecretKey } from '../primitives.ts';

export type PqPhase =
  /** Sends and takes `epoch`. */
  | { readonly kind: 'settled' }
  /** Our offer for `epoch` + 1 rides on every envelope until it is answered. */
  | { readonly kind: 'offering'; readonly privateKey: MlKemPrivateKey; readonly offer: Bytes }
  /** Our answer rides on every envelope until the other sends with `epoch` + 1; until then we send with `epoch`. */
  | { readonly kind: 'answering'; readonly next: SecretKey; readonly answer: Bytes }
  /** Our offer was answered: we send with `epoch`, and still take the one before, until the other's first of `epoch`. */
  | { readonly kind: 'settling'; readonly previous: SecretKey };

export interface PqState {
  /** The epoch we send with, and its key pqk. */
  readonly epoch: number;
  readonly key: SecretKey;
  readonly phase: PqPhase;
  /** Whether we are the smaller account, then the smaller device: that side offers the odd epochs. */
  readonly smaller: boolean;
  /** Flights of both directions since the epoch began on this side, and when that was. */
  readonly flights: number;
  readonly since: number;
}
