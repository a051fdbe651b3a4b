/**
 * Manger's attack on OAEP (Crypto 2001): from an oracle that tells whether a decryption begins with a byte other than 0,
 * the plaintext of any ciphertext. Only what the oracle answers goes into the result.
 */
export interface MangerTarget {
  readonly modulus: bigint;
  readonly exponent: bigint;
  /** Size of the modulus, bytes. */
  readonly size: number;
  readonly ciphertext: bigint;
  /** Whether the decryption of `ciphertext` is 256^(size − 1) or more. */
  readonly tooLarge: (ciphertext: bigint) => boolean;
}

export function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (let square = base % modulus, rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

const ceilDivide = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;

/** The plaintext as a number, and how many questions it took. */
export function manger(target: MangerTarget): { plain: bigint; queries: number } {
  const { modulus: n, exponent, ciphertext } = target;
  const bound = 1n << BigInt(8 * (target.size - 1));
  let queries = 0;
  const multipleTooLarge = (factor: bigint): boolean => {
    queries += 1;
    return target.tooLarge((power(factor, exponent, n) * ciphertext) % n);
  };

  let f1 = 2n;
  while (!multipleTooLarge(f1)) f1 *= 2n;
  const half = f1 / 2n;
  let f2 = ((n + bound) / bound) * half;
  while (multipleTooLarge(f2)) f2 += half;

  let low = ceilDivide(n, f2);
  let high = (n + bound) / f2;
  while (low < high) {
    const wide = (2n * bound) / (high - low);
    const turns = (wide * low) / n;
    const f3 = ceilDivide(turns * n, low);
    if (multipleTooLarge(f3)) low = ceilDivide(turns * n + bound, f3);
    else high = (turns * n + bound) / f3;
  }
  return { plain: low, queries };
}
