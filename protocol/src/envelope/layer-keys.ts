/** The keys of one envelope (§5): both sides derive them from the ratchet's message key, and two of them from kr too. */
import { type Bytes, concat } from '../bytes.ts';
import { LABEL_AES, LABEL_COMMIT, LABEL_HMAC, PREFIX_WRAP } from '../labels.ts';
import type { Primitives, SecretKey } from '../primitives.ts';
import type { Party } from './message-statement.ts';
import { expand, expandPublic, extract } from '../symmetric/expand.ts';

/** k_mac = Expand(mk,"l4 hmac",hh) */
export function macKey(p: Primitives, messageKey: SecretKey, headerHash: Uint8Array): SecretKey {
  return expand(p, messageKey, LABEL_HMAC, { context: headerHash });
}

/** K = Extract(salt = mk, ikm = kr): needs both the ratchet's key and the recipient's RSA key. */
export function contentKey(p: Primitives, messageKey: SecretKey, wrapped: SecretKey): SecretKey {
  return extract(p, messageKey, wrapped);
}

/** k_aes = Expand(K,"l1 aes",hh) */
export function cipherKey(p: Primitives, content: SecretKey, headerHash: Uint8Array): SecretKey {
  return expand(p, content, LABEL_AES, { context: headerHash });
}

/** kc = Expand(K,"l1 commit",hh): travels, and fixes one key per ciphertext. */
export function keyCommitment(p: Primitives, content: SecretKey, headerHash: Uint8Array): Bytes {
  return expandPublic(p, content, LABEL_COMMIT, { context: headerHash });
}

/** k_mac and k_aes once more, for whoever watches: the steps name them and keep them nowhere. */
export function layerKeys(
  p: Primitives,
  from: { readonly messageKey: SecretKey; readonly contentKey: SecretKey | undefined; readonly headerHash: Uint8Array },
): { readonly macKey: SecretKey; readonly cipherKey: SecretKey | undefined } {
  const { messageKey, contentKey: content, headerHash } = from;
  return { macKey: macKey(p, messageKey, headerHash), cipherKey: content && cipherKey(p, content, headerHash) };
}

/** "waxwing/1 wrap\n" ‖ hh: the OAEP label, which ties a wrap to its envelope; in a room ‖ account ‖ device of its recipient (§10.3). */
export function wrapLabel(headerHash: Uint8Array, member?: Party): Bytes {
  return member === undefined
    ? concat(PREFIX_WRAP, headerHash)
    : concat(PREFIX_WRAP, headerHash, member.account, member.device);
}
