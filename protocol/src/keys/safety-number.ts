/** The safety number two people compare (§2): 60 digits that both see alike. */
import { concat } from '../bytes.ts';
import { PREFIX_SAFETY } from '../labels.ts';
import type { Primitives, RsaPublicKey } from '../primitives.ts';

/** Slow on purpose: whoever wants a key with a wanted number pays this for each try. */
const ROUNDS = 5200;
const GROUPS = 6;
const GROUP_BYTES = 5;
const GROUP_DIGITS = 5;

/** Thirty digits of one account key. */
function half(p: Primitives, key: RsaPublicKey): string {
  let x = concat(PREFIX_SAFETY, key.spki);
  for (let round = 0; round < ROUNDS; round++) x = p.sha512(concat(x, key.spki));
  let digits = '';
  for (let group = 0; group < GROUPS; group++) {
    let value = 0; // 40 bits: exact in a number
    for (const byte of x.subarray(group * GROUP_BYTES, (group + 1) * GROUP_BYTES)) value = value * 256 + byte;
    digits += String(value % 10 ** GROUP_DIGITS).padStart(GROUP_DIGITS, '0');
  }
  return digits;
}

/** Sixty digits in groups of five, a space between; the same for (a, b) and (b, a). Takes some 20 ms. */
export function safetyNumber(p: Primitives, a: RsaPublicKey, b: RsaPublicKey): string {
  const digits = [half(p, a), half(p, b)].sort().join('');
  return digits.replace(/.{5}(?=.)/g, '$& ');
}
