/** Fermat's factorisation (1643): RSA moduli whose two primes lie close together, and how such a key is made. */
import { checkPrimeSync, createPrivateKey, generatePrimeSync, type KeyObject } from 'node:crypto';

/** How many steps the attacker takes: primes of close keys are found in one. */
const PATIENCE = 1_000_000n;
const EXPONENT = 65537n;

/** The two primes of `modulus`, or undefined where they do not lie close together. */
export function factor(modulus: bigint): readonly [bigint, bigint] | undefined {
  const root = squareRoot(modulus);
  for (let middle = root; middle < root + PATIENCE; middle++) {
    const square = middle * middle - modulus;
    if (square < 0n) continue;
    const half = squareRoot(square);
    if (half * half === square) return [middle - half, middle + half];
  }
  return undefined;
}

/** The private key of two primes. */
export function privateKeyOf([p, q]: readonly [bigint, bigint]): KeyObject {
  const d = inverse(EXPONENT, (p - 1n) * (q - 1n));
  const fields = { n: p * q, e: EXPONENT, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
  const jwk = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, base64url(value)]));
  return createPrivateKey({ key: { kty: 'RSA', ...jwk }, format: 'jwk' });
}

/** A careless key: its second prime is the next one behind the first. */
export function carelessKey(bits: number): KeyObject {
  for (;;) {
    const p = generatePrimeSync(bits / 2, { bigint: true });
    let q = p + 2n;
    while (!checkPrimeSync(q)) q += 2n;
    if ((p - 1n) % EXPONENT !== 0n && (q - 1n) % EXPONENT !== 0n) return privateKeyOf([p, q]);
  }
}

/** The modulus of a public key. */
export function modulusOf(key: KeyObject): bigint {
  const { n = '' } = key.export({ format: 'jwk' });
  return BigInt(`0x${Buffer.from(n, 'base64url').toString('hex')}`);
}

function base64url(value: bigint): string {
  const hex = value.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url');
}

function squareRoot(value: bigint): bigint {
  if (value < 2n) return value;
  let guess = 1n << BigInt(Math.ceil(value.toString(2).length / 2));
  for (let next = (guess + value / guess) / 2n; next < guess; next = (guess + value / guess) / 2n) guess = next;
  return guess;
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [value % modulus, modulus, 1n, 0n];
  while (b > 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y];
  return ((x % modulus) + modulus) % modulus;
}
