/** The attack on CBC with PKCS#7 (Vaudenay 2002), given an oracle that tells bad padding from anything else. */

/** Whether the last block of what `iv` and `block` decrypt to ends in a valid padding. */
export type PaddingOracle = (iv: Uint8Array, block: Uint8Array) => boolean;

const BLOCK = 16;

/** What the block cipher alone makes of one block, found by at most 256 questions a byte. */
function decryptBlock(oracle: PaddingOracle, block: Uint8Array): Uint8Array {
  const inner = new Uint8Array(BLOCK);
  for (let at = BLOCK - 1; at >= 0; at--) {
    const padding = BLOCK - at;
    const iv = new Uint8Array(BLOCK);
    for (let i = at + 1; i < BLOCK; i++) iv[i] = (inner[i] as number) ^ padding;
    const found = Array.from({ length: 256 }, (_, value) => value).find((value) => {
      iv[at] = value;
      if (!oracle(iv, block)) return false;
      if (at < BLOCK - 1) return true;
      // At the last byte, a longer padding may have been met by chance: then the byte before it matters.
      const other = iv.slice();
      other[at - 1] = 1;
      return oracle(other, block);
    });
    if (found === undefined) throw new Error('the oracle said no to every value');
    inner[at] = found ^ padding;
  }
  return inner;
}

/** The padded plaintext, without any key. */
export function recoverPlaintext(oracle: PaddingOracle, iv: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  const out = new Uint8Array(ciphertext.length);
  let previous = iv;
  for (let at = 0; at < ciphertext.length; at += BLOCK) {
    const block = ciphertext.subarray(at, at + BLOCK);
    const inner = decryptBlock(oracle, block);
    for (let i = 0; i < BLOCK; i++) out[at + i] = (inner[i] as number) ^ (previous[i] as number);
    previous = block;
  }
  return out;
}
