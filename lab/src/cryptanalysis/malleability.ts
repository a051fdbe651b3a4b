/** CBC without a MAC: what is turned in the IV, or in one block, is turned alike in the plain text of the next block. */
import type { Bytes } from '@waxwing/protocol';

/** `bytes` in which what decrypts to `from` at `at` decrypts to `to`: both of one length, known to the attacker. */
export function turn(
  bytes: Uint8Array,
  at: number,
  { from, to }: { readonly from: Uint8Array; readonly to: Uint8Array },
): Bytes {
  if (from.length !== to.length || at + to.length > bytes.length) throw new RangeError('turned beyond the end');
  const turned = new Uint8Array(bytes);
  for (const [i, byte] of to.entries()) {
    turned[at + i] = (turned[at + i] as number) ^ (from[i] as number) ^ byte;
  }
  return turned;
}
