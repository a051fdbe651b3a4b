/**
 * Manger's attack on OAEP (Crypto 2001): from an oracle that tells whether a decryption begins with a byte other than 0,
 * the plaintext of any ciphertext. Only what the oracle answers goes into the result.
 */
import { createHash } from 'node:crypto';
import { type Bytes, concat, fromHex, u32 } from '@waxwing/protocol';
import { SilentOracleError } from './silent-oracle-error.ts';

export interface MangerTarget {
  readonly modulus: bigint;
  readonly exponent: bigint;
  /** Size of the modulus, bytes. */
  readonly size: number;
  readonly ciphertext: bigint;
  /** Whether the decryption of `ciphertext` is 256^(size − 1) or more. */
  readonly tooLarge: (ciphertext: bigint) => boolean | Promise<boolean>;
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (let square = base % modulus, rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

/** A true plaintext, whose bits behind the first byte are random, is never so small that this many doublings do not show. */
const DOUBLINGS = 64n;

const ceilDivide = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;

/** The plaintext as a number. @throws SilentOracleError where the answers cannot be true ones */
export async function manger(target: MangerTarget): Promise<bigint> {
  const { modulus: n, exponent, ciphertext } = target;
  const bound = 1n << BigInt(8 * (target.size - 1));
  const multipleTooLarge = async (factor: bigint): Promise<boolean> =>
    await target.tooLarge((power(factor, exponent, n) * ciphertext) % n);

  let f1 = 2n;
  while (!(await multipleTooLarge(f1))) {
    f1 *= 2n;
    if (f1 > 1n << DOUBLINGS) throw new SilentOracleError();
  }
  const half = f1 / 2n;
  let f2 = ((n + bound) / bound) * half;
  while (await multipleTooLarge(f2)) {
    f2 += half;
    if (f2 > ((2n * n) / bound + 2n) * half) throw new SilentOracleError();
  }

  let low = ceilDivide(n, f2);
  let high = (n + bound) / f2;
  while (low < high) {
    const wide = (2n * bound) / (high - low);
    const turns = (wide * low) / n;
    const f3 = ceilDivide(turns * n, low);
    if (await multipleTooLarge(f3)) low = ceilDivide(turns * n + bound, f3);
    else high = (turns * n + bound) / f3;
  }
  return low;
}

const HASH_SIZE = 32;

/** The message in an encoding by OAEP with SHA-256, whatever its label; nothing in it takes a key (RFC 8017 §7.1.2). */
export function messageOfOaep(plain: bigint, size: number): Bytes {
  const encoded = bytesOf(plain, size);
  const [seed, rest] = [encoded.subarray(1, 1 + HASH_SIZE), encoded.subarray(1 + HASH_SIZE)];
  const data = mask(rest, mask(seed, rest)).subarray(HASH_SIZE);
  return data.slice(data.indexOf(1) + 1);
}

/** `bytes` XOR MGF1(seed). */
function mask(bytes: Uint8Array, seed: Uint8Array): Bytes {
  const blocks = Array.from({ length: Math.ceil(bytes.length / HASH_SIZE) }, (_, at) =>
    createHash('sha256').update(seed).update(u32(at)).digest(),
  );
  const stream = concat(...blocks);
  return new Uint8Array(bytes.map((byte, at) => byte ^ (stream[at] as number)));
}

/** A number as bytes, the most significant first. */
export function bytesOf(value: bigint, size: number): Bytes {
  return fromHex(value.toString(16).padStart(2 * size, '0'));
}
