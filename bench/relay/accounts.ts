/**
 * Accounts by the thousand. A key of RSA-2048 takes a twentieth of a second to make, nearly all of it for its two primes:
 * here primes are made once and every pair of them is a key. Such keys are worth nothing (whoever has two that share a
 * prime has both), but a relay cannot tell them from others, and they cost it the same.
 */
import { createPrivateKey, createPublicKey, generatePrime } from 'node:crypto';
import {
  createAccount,
  createDevice,
  type Device,
  type Primitives,
  type RsaKeyPair,
  RsaPrivateKey,
  RsaPublicKey,
} from '@waxwing/protocol';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';

const EXPONENT = 65_537n;
const HALF = 1_024;
/** Pairs that are the keys of devices: those may be the same for all, the relay knows devices by their accounts. */
const DEVICE_PAIRS = 2;

/** Enough primes, hex, for the accounts 0 … `count` − 1. */
export async function makePrimes(count: number): Promise<string[]> {
  const needed = Math.ceil(Math.sqrt(2 * (count + DEVICE_PAIRS))) + 1;
  return await Promise.all(Array.from({ length: needed }, makePrime));
}

async function makePrime(): Promise<string> {
  for (;;) {
    const made = await new Promise<bigint>((resolve, reject) => {
      generatePrime(HALF, { bigint: true }, (error, found) =>
        error instanceof Error ? reject(error) : resolve(found),
      );
    });
    if ((made - 1n) % EXPONENT !== 0n) return made.toString(16);
  }
}

export class Accounts {
  readonly #primes: readonly bigint[];
  readonly #deviceKeys: readonly RsaKeyPair[];

  constructor(primes: readonly string[]) {
    this.#primes = primes.map((text) => BigInt(`0x${text}`));
    this.#deviceKeys = Array.from({ length: DEVICE_PAIRS }, (_, number) => this.#pair(number));
  }

  /** The one device of the account of this number. */
  async device(number: number): Promise<Device> {
    const account = await createAccount(this.#making([this.#pair(number + DEVICE_PAIRS)]));
    return await createDevice(this.#making(this.#deviceKeys), account, Date.now());
  }

  /** Node's primitives, whose new keys are these, in turn. */
  #making(pairs: readonly RsaKeyPair[]): Primitives {
    const left = [...pairs];
    return {
      ...nodePrimitives,
      generateRsa: async () => {
        const pair = left.shift();
        if (pair === undefined) throw new Error('more keys were made than expected');
        return pair;
      },
    };
  }

  #pair(number: number): RsaKeyPair {
    let [row, at] = [0, number];
    for (let length = this.#primes.length - 1; length > 0 && at >= length; length--) {
      at -= length;
      row += 1;
    }
    const [p, q] = [this.#primes[row], this.#primes[row + 1 + at]];
    if (p === undefined || q === undefined) throw new Error(`there are not enough primes for the account ${number}`);
    return keyOf(p, q);
  }
}

function keyOf(p: bigint, q: bigint): RsaKeyPair {
  const phi = (p - 1n) * (q - 1n);
  // d · e = 1 + k · phi, with the k below e for which that is divisible by e.
  const k = EXPONENT - inverse(phi % EXPONENT, EXPONENT);
  const d = (1n + k * phi) / EXPONENT;
  const key = createPrivateKey({
    format: 'jwk',
    key: {
      kty: 'RSA',
      n: base64(p * q),
      e: base64(EXPONENT),
      d: base64(d),
      p: base64(p),
      q: base64(q),
      dp: base64(d % (p - 1n)),
      dq: base64(d % (q - 1n)),
      qi: base64(inverse(q % p, p)),
    },
  });
  return {
    publicKey: new RsaPublicKey(createPublicKey(key).export({ format: 'der', type: 'spki' })),
    privateKey: new RsaPrivateKey(key.export({ format: 'der', type: 'pkcs8' })),
  };
}

/** Modulo a prime. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [modulus, value, 0n, 1n];
  while (b > 0n) {
    const times = a / b;
    [a, b, x, y] = [b, a - times * b, y, x - times * y];
  }
  return x < 0n ? x + modulus : x;
}

function base64(value: bigint): string {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('base64url');
}
