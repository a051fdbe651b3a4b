/** The RSA part of the primitives' contract, and what both parts share. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { type Bytes, utf8 } from '../src/bytes.ts';
import { isProtocolError, ProtocolError } from '../src/errors.ts';
import { loadRsaPublicKey } from '../src/keys/profile.ts';
import { type Primitives, RsaPrivateKey, RsaPublicKey, type RsaKeyPair } from '../src/primitives.ts';

export interface Contract {
  readonly name: string;
  readonly p: Primitives;
  readonly other: Primitives;
  /** Two RSA-2048 pairs with e = 65537. */
  readonly rsa: RsaKeyPair;
  readonly secondRsa: RsaKeyPair;
  /** RSA pairs outside the profile, by what is wrong with them. */
  readonly wrongRsa: Readonly<Record<string, RsaKeyPair>>;
}

const EMPTY = new Uint8Array(0);
const key = new Uint8Array(32).fill(1);
const text = utf8('a text of more than sixteen bytes');

/** A refusal names its check, the same on every adapter; what the platform said is kept where it was the platform's. */
export const refused =
  (check: string, by: 'us' | 'platform' = 'us') =>
  (error: unknown): boolean => {
    assert.ok(isProtocolError(error, 'primitive'), inspect(error));
    assert.equal(error.check, check);
    assert.equal(error.cause !== undefined, by === 'platform');
    return true;
  };

/** Plain bytes: not a Buffer, whose `slice` shares memory. */
export function assertPlain(value: Uint8Array, size: number): void {
  assert.equal(Object.getPrototypeOf(value), Uint8Array.prototype);
  assert.equal(value.length, size);
}

export function flip(value: Uint8Array, at: number): Bytes {
  const copy = new Uint8Array(value);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

/** Signatures, wraps and the keys of both. */
export function rsaContract(contract: Contract): void {
  pss(contract);
  oaep(contract);
  rsaKeys(contract);
}

function pss({ p, other, rsa, secondRsa }: Contract): void {
  for (const salt of [32, 222] as const) {
    test(`PSS with a salt of ${String(salt)}: both adapters verify, with that salt alone`, async () => {
      const signature = await p.signPss(rsa.privateKey, text, salt);
      assertPlain(signature, 256);
      for (const adapter of [p, other]) {
        assert.equal(await adapter.verifyPss(rsa.publicKey, text, signature, salt), true);
        assert.equal(await adapter.verifyPss(rsa.publicKey, text, signature, salt === 32 ? 222 : 32), false);
      }
      assert.notDeepEqual(await p.signPss(rsa.privateKey, text, salt), signature);
    });
  }

  test('a bad signature is false, whatever is bad about it', async () => {
    const signature = await p.signPss(rsa.privateKey, text, 32);
    const bad: [string, Uint8Array, Uint8Array][] = [
      ['other text', flip(text, 0), signature],
      ['no text', EMPTY, signature],
      ['cut', text, signature.slice(0, 255)],
      ['empty', text, EMPTY],
      ['a byte more', text, new Uint8Array([...signature, 0])],
      ['a zero byte before it', text, new Uint8Array([0, ...signature])],
      ['zeros', text, new Uint8Array(256)],
      ['not below the modulus', text, new Uint8Array(256).fill(255)],
      ...[0, 1, 128, 255].map((at): [string, Uint8Array, Uint8Array] => [
        `byte ${String(at)}`,
        text,
        flip(signature, at),
      ]),
    ];
    for (const [what, message, value] of bad) {
      assert.equal(await p.verifyPss(rsa.publicKey, message, value, 32), false, what);
    }
    assert.equal(await p.verifyPss(secondRsa.publicKey, text, signature, 32), false, 'other key');
  });
}

function oaep({ p, other, rsa, secondRsa }: Contract): void {
  const label = utf8('label');

  test('OAEP: what one wraps the other unwraps, with a label and without', async () => {
    for (const [used, secret] of [
      [label, key],
      [EMPTY, key],
      [label, EMPTY],
      [label, new Uint8Array(190)],
    ] as const) {
      const wrapped = await p.wrapOaep(rsa.publicKey, used, secret);
      assertPlain(wrapped, 256);
      for (const adapter of [p, other]) {
        const opened = await adapter.unwrapOaep(rsa.privateKey, used, wrapped);
        assertPlain(opened, secret.length);
        assert.deepEqual(opened, Uint8Array.from(secret));
      }
    }
    assert.notDeepEqual(await p.wrapOaep(rsa.publicKey, label, key), await p.wrapOaep(rsa.publicKey, label, key));
  });

  test('OAEP: every failure to open is one error, the same to the letter', async () => {
    const wrapped = await p.wrapOaep(rsa.publicKey, label, key);
    const bad: [RsaPrivateKey, Uint8Array, Uint8Array][] = [
      [rsa.privateKey, utf8('other label'), wrapped],
      [rsa.privateKey, EMPTY, wrapped],
      [secondRsa.privateKey, label, wrapped],
      [rsa.privateKey, label, flip(wrapped, 255)],
      [rsa.privateKey, label, flip(wrapped, 0)],
      [rsa.privateKey, label, wrapped.slice(0, 255)],
      [rsa.privateKey, label, new Uint8Array([0, ...wrapped])],
      [rsa.privateKey, label, EMPTY],
      [rsa.privateKey, label, new Uint8Array(256)],
      [rsa.privateKey, label, new Uint8Array(256).fill(255)],
    ];
    const seen = new Set<string>();
    for (const [privateKey, used, value] of bad) {
      const error: unknown = await p.unwrapOaep(privateKey, used, value).then(
        () => 'opened',
        (cause: unknown) => cause,
      );
      assert.ok(error instanceof ProtocolError, String(error));
      assert.equal(error.cause, undefined); // the platform's own words must not tell causes apart
      seen.add(`${error.code} ${error.check} ${error.message}`);
    }
    assert.deepEqual([...seen], ['primitive oaep oaep: does not open']);
  });

  test('OAEP refuses a secret that does not fit', async () => {
    await assert.rejects(p.wrapOaep(rsa.publicKey, label, new Uint8Array(191)), refused('oaep', 'platform'));
  });
}

function rsaKeys({ p, other, rsa, wrongRsa }: Contract): void {
  test('generateRsa: a pair that keeps the profile, for both adapters and both purposes', async () => {
    const { publicKey, privateKey } = await p.generateRsa();
    assert.equal(loadRsaPublicKey(publicKey.spki).spki.length, 294);
    const signature = await other.signPss(privateKey, text, 32);
    assert.equal(await p.verifyPss(publicKey, text, signature, 32), true);
    assert.deepEqual(await other.unwrapOaep(privateKey, EMPTY, await p.wrapOaep(publicKey, EMPTY, key)), key);
  });

  const broken = {
    publicKey: new RsaPublicKey(new Uint8Array(294)),
    privateKey: new RsaPrivateKey(new Uint8Array(10)),
  };
  const swapped = {
    publicKey: new RsaPublicKey(rsa.privateKey.exposeSecretBytes()),
    privateKey: new RsaPrivateKey(rsa.publicKey.spki),
  };
  const refusal = (error: unknown): boolean => isProtocolError(error, 'primitive') && error.check === 'rsa key';
  for (const [what, { publicKey, privateKey }] of Object.entries({ broken, swapped, ...wrongRsa })) {
    test(`RSA keys that are ${what} are refused by a rejection, each time`, async () => {
      for (let again = 0; again < 2; again++) {
        await assert.rejects(p.signPss(privateKey, text, 32), refusal);
        await assert.rejects(p.verifyPss(publicKey, text, new Uint8Array(256), 32), refusal);
        await assert.rejects(p.wrapOaep(publicKey, EMPTY, key), refusal);
        await assert.rejects(p.unwrapOaep(privateKey, EMPTY, new Uint8Array(256)), refusal);
      }
    });
  }
}
