/** The proof line of a message, in the exact words users know. */
import type { KeyState, ProofView } from './proof-view.ts';

/** `Security: ✓ HMAC VERIFIED | ✓ Message verified(1s old) | ✓ Signature verified! | #1` */
export declare function proofLine(proof: ProofView): string;
/** The short mark after a message in a terminal: `✓ #1`, `✗ #1`, or in words where classic is insecure. */
export declare function proofMark(proof: ProofView): string;
/** `verified`, `first seen`, `CHANGED`. */
export declare function keyStateWord(state: KeyState): string;
/** `Peer SHA256:… (first seen)` */
export declare function peerLine(peer: {
  readonly fingerprint: string;
  readonly name?: string;
  readonly keyState: KeyState;
}): string;
