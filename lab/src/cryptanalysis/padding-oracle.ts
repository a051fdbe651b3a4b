/** The attack on CBC with PKCS#7 (Vaudenay 2002), given an oracle that tells bad padding from anything else. */

import { SilentOracleError } from './silent-oracle-error.ts';

/** Whether the last block of what `iv` and `block` decrypt to ends in a valid padding. */
export type PaddingOracle = (iv: Uint8Array, block: Uint8Array) => boolean | Promise<boolean>;

const BLOCK = 16;

/** What the block cipher alone makes of one block, found by at most 256 questions a byte. */
async function decryptBlock(oracle: PaddingOracle, block: Uint8Array): Promise<Uint8Array> {
  const inner = new Uint8Array(BLOCK);
  for (let at = BLOCK - 1; at >= 0; at--) {
    const padding = BLOCK - at;
    const iv = new Uint8Array(BLOCK);
    for (let i = at + 1; i < BLOCK; i++) iv[i] = (inner[i] as number) ^ padding;
    inner[at] = (await findByte(oracle, { iv, block, at })) ^ padding;
  }
  return inner;
}

/** The value of the IV's byte `at` to which the oracle says yes. */
async function findByte(
  oracle: PaddingOracle,
  { iv, block, at }: { readonly iv: Uint8Array; readonly block: Uint8Array; readonly at: number },
): Promise<number> {
  for (let value = 0; value < 256; value++) {
    iv[at] = value;
    if (!(await oracle(iv, block))) continue;
    if (at < BLOCK - 1) return value;
    // At the last byte, a longer padding may have been met by chance: then the byte before it matters.
    const other = iv.slice();
    other[at - 1] = 1;
    if (await oracle(other, block)) return value;
  }
  throw new SilentOracleError();
}

/** The padded plaintext, without any key. @throws SilentOracleError */
export async function recoverPlaintext(
  oracle: PaddingOracle,
  iv: Uint8Array,
  ciphertext: Uint8Array,
): Promise<Uint8Array> {
  const out = new Uint8Array(ciphertext.length);
  let previous = iv;
  for (let at = 0; at < ciphertext.length; at += BLOCK) {
    const block = ciphertext.subarray(at, at + BLOCK);
    const inner = await decryptBlock(oracle, block);
    for (let i = 0; i < BLOCK; i++) out[at + i] = (inner[i] as number) ^ (previous[i] as number);
    previous = block;
  }
  return out;
}
