/** Transcript hashes (§3). An F in a hash is the whole frame with its five header bytes. */
import { type Bytes, concat } from '../bytes.ts';
import { PREFIX_COMMIT } from '../labels.ts';
import type { Primitives } from '../primitives.ts';

type Hash = Pick<Primitives, 'sha256'>;

/** commit = H("waxwing/1 commit\n" ‖ r_S): r_S is chosen before the client's values are seen. */
export function commitmentTo(p: Hash, opening: Uint8Array): Bytes {
  return p.sha256(concat(PREFIX_COMMIT, opening));
}

/** TH1 = H(F1 ‖ F2) */
export function transcript1(p: Hash, f1: Uint8Array, f2: Uint8Array): Bytes {
  return p.sha256(concat(f1, f2));
}

/** TH2 = H(TH1 ‖ H(bundle_S) ‖ r_S): what the server signs. */
export function transcript2(p: Hash, th1: Uint8Array, serverBundleHash: Uint8Array, opening: Uint8Array): Bytes {
  return p.sha256(concat(th1, serverBundleHash, opening));
}

/** TH3 = H(TH1 ‖ F3) */
export function transcript3(p: Hash, th1: Uint8Array, f3: Uint8Array): Bytes {
  return p.sha256(concat(th1, f3));
}

/** TH4 = H(TH3 ‖ H(bundle_C)): what the client signs. */
export function transcript4(p: Hash, th3: Uint8Array, clientBundleHash: Uint8Array): Bytes {
  return p.sha256(concat(th3, clientBundleHash));
}

/** TH5 = H(TH3 ‖ F4): the whole handshake. */
export function transcript5(p: Hash, th3: Uint8Array, f4: Uint8Array): Bytes {
  return p.sha256(concat(th3, f4));
}
