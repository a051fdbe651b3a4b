/** The keys of an asynchronous start (§9.2), which both sides derive from what each of them has. */
import { type Bytes, concat, u8 } from '../bytes.ts';
import type { Bundle } from '../keys/bundle.ts';
import { LABEL_ROOT, LABEL_SID, LABEL_START_BUNDLE, LABEL_TYPING, PREFIX_PREKEY, PREFIX_START } from '../labels.ts';
import { SID_SIZE, SYMMETRIC_KEY_SIZE, X25519_SIZE } from '../limits.ts';
import type { Primitives, SecretKey } from '../primitives.ts';
import type { DeviceName } from '../ratchet/ratchet-state.ts';
import { expand, expandPublic, extract } from '../symmetric/expand.ts';

const NO_KEY = new Uint8Array(X25519_SIZE);

/** `k0 = Extract(H("waxwing/1 prekey"), ss ‖ X(e,spk))`: hides who starts. */
export function firstKey(p: Primitives, encapsulated: SecretKey, agreed: SecretKey): SecretKey {
  return extract(p, p.sha256(PREFIX_PREKEY), join(encapsulated, agreed));
}

/** The key (64) of the box that holds the initiator's bundle. */
export function bundleKey(p: Primitives, k0: SecretKey): SecretKey {
  return expand(p, k0, LABEL_START_BUNDLE, { size: 2 * SYMMETRIC_KEY_SIZE });
}

export interface StartTranscript {
  readonly initiator: Pick<Bundle, 'hash'>;
  readonly responder: Pick<Bundle, 'hash'>;
  /** H(prekey statement), 32. */
  readonly statementHash: Uint8Array;
  /** spk, 32. */
  readonly signedPrekey: Uint8Array;
  /** opk, 32; undefined for a last resort. */
  readonly oneTime: Uint8Array | undefined;
  /** ek, 1184: the entry's or the last-resort key. */
  readonly encapsulation: Uint8Array;
  /** X_e, 32. */
  readonly ephemeral: Uint8Array;
  /** ct, 1088. */
  readonly ciphertext: Uint8Array;
}

/** tr, 32: everything that both sides must agree on. */
export function startTranscript(p: Primitives, of: StartTranscript): Bytes {
  return p.sha256(
    concat(
      PREFIX_START,
      of.initiator.hash,
      of.responder.hash,
      of.statementHash,
      u8(of.oneTime === undefined ? 0 : 1),
      of.signedPrekey,
      of.oneTime ?? NO_KEY,
      of.encapsulation,
      of.ephemeral,
      of.ciphertext,
    ),
  );
}

/** X(dh_A,spk), X(e,dh_B), X(e,spk), and X(e,opk) with an opk: in this order. */
export type StartAgreements = readonly SecretKey[];

/** `SK = Expand(Extract(k0, …),"root",tr)` */
export function startRoot(p: Primitives, k0: SecretKey, agreed: StartAgreements, transcript: Bytes): SecretKey {
  return expand(p, extract(p, k0, join(...agreed)), LABEL_ROOT, { context: transcript });
}

/** `sid = Expand(SK,"sid",tr,16)` */
export function startSid(p: Primitives, root: SecretKey, transcript: Bytes): Bytes {
  return expandPublic(p, root, LABEL_SID, { context: transcript, size: SID_SIZE });
}

/** The typing key (64) of one side of the session (§9.7). */
export function typingKey(p: Primitives, root: SecretKey, sender: DeviceName): SecretKey {
  const context = p.sha256(concat(sender.account, sender.device));
  return expand(p, root, LABEL_TYPING, { context, size: 2 * SYMMETRIC_KEY_SIZE });
}

function join(...secrets: readonly SecretKey[]): Bytes {
  return concat(...secrets.map((secret) => secret.exposeSecretBytes()));
}
