/**
 * What every adapter of the primitives' port has to keep (primitives.ts). `other` is any other adapter: what one makes,
 * the other opens. Known answers are the Wycheproof files' and the vectors'; here stand the promises.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { type Bytes, fromHex, toHex, utf8 } from '../src/bytes.ts';
import { MlKemPrivateKey, SecretKey, X25519PrivateKey } from '../src/primitives.ts';
import { assertPlain, type Contract, flip, refused, rsaContract } from './primitives-contract-rsa.ts';

const RUNS = { numRuns: 30 };
const EMPTY = new Uint8Array(0);
const key = new Uint8Array(32).fill(1);
const iv = new Uint8Array(16).fill(2);
const nonce = new Uint8Array(12).fill(3);
const text = utf8('a text of more than sixteen bytes');

// Points of small order, of which every private key makes zero (RFC 7748 §6.1).
const SMALL_ORDER = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
];

const bytes = (maxLength: number): fc.Arbitrary<Bytes> =>
  fc.uint8Array({ maxLength }).map((value) => Uint8Array.from(value));

export function primitivesContract(contract: Contract): void {
  suite(`primitives on ${contract.name}`, () => {
    randomness(contract);
    hashes(contract);
    cbc(contract);
    gcm(contract);
    x25519(contract);
    mlKem(contract);
    rsaContract(contract);
  });
}

function randomness({ p }: Contract): void {
  test('randomBytes: the size asked for, never twice the same, above one request of WebCrypto too', () => {
    for (const size of [0, 1, 12, 16, 32, 64, 65_536, 65_537, 200_000]) assertPlain(p.randomBytes(size), size);
    assert.equal(new Set(Array.from({ length: 100 }, () => toHex(p.randomBytes(16)))).size, 100);
    assert.ok(
      p
        .randomBytes(200_000)
        .subarray(-1_000)
        .some((byte) => byte !== 0),
    );
  });

  test('randomBytes refuses what is no size', () => {
    for (const size of [-1, 1.5, Number.NaN, 2 ** 53]) {
      const by = Number.isInteger(size) ? 'platform' : 'us';
      assert.throws(() => p.randomBytes(size), refused('random', by));
    }
  });
}

function hashes({ p, other }: Contract): void {
  test('SHA-256, SHA-512 and HMAC-SHA256 of "abc" (FIPS 180-4, RFC 4231)', () => {
    assert.equal(toHex(p.sha256(utf8('abc'))), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    assert.equal(
      toHex(p.sha512(utf8('abc'))),
      'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
    );
    assert.equal(
      toHex(p.hmacSha256(utf8('Jefe'), utf8('what do ya want for nothing?'))),
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
    assertPlain(p.sha256(EMPTY), 32);
    assertPlain(p.sha512(EMPTY), 64);
    assertPlain(p.hmacSha256(EMPTY, EMPTY), 32);
  });

  test('hashes agree with the other adapter on anything, keys longer than a block too', () => {
    fc.assert(
      fc.property(bytes(200), bytes(300), (a, b) => {
        assert.deepEqual(p.sha256(b), other.sha256(b));
        assert.deepEqual(p.sha512(b), other.sha512(b));
        assert.deepEqual(p.hmacSha256(a, b), other.hmacSha256(a, b));
      }),
      RUNS,
    );
  });

  test('input is not changed, a view of a larger buffer is read as what it shows', () => {
    const large = new Uint8Array(100).fill(9);
    const view = large.subarray(10, 20);
    assert.deepEqual(p.sha256(view), p.sha256(new Uint8Array(10).fill(9)));
    assert.deepEqual(p.decryptCbc(key, iv, p.encryptCbc(key, iv, view)), new Uint8Array(10).fill(9));
    assert.deepEqual(p.openGcm(key, nonce, view, p.sealGcm(key, nonce, view, view)), new Uint8Array(10).fill(9));
    assert.deepEqual(large, new Uint8Array(100).fill(9));
  });
}

function cbc({ p, other }: Contract): void {
  test('AES-CBC: the same bytes as the other adapter, whole blocks with one to sixteen of padding', () => {
    fc.assert(
      fc.property(bytes(100), (plain) => {
        const ciphertext = p.encryptCbc(key, iv, plain);
        assertPlain(ciphertext, (Math.floor(plain.length / 16) + 1) * 16);
        assert.deepEqual(ciphertext, other.encryptCbc(key, iv, plain));
        const opened = other.decryptCbc(key, iv, ciphertext);
        assertPlain(opened, plain.length);
        assert.deepEqual(opened, plain);
      }),
      RUNS,
    );
  });

  test('AES-CBC refuses lengths that are not whole blocks, and any wrong key or iv size', () => {
    const ciphertext = p.encryptCbc(key, iv, text);
    for (const size of [0, 1, 15, 17, ciphertext.length - 1]) {
      assert.throws(() => p.decryptCbc(key, iv, ciphertext.slice(0, size)), refused('cbc', 'platform'), String(size));
    }
    for (const size of [0, 16, 24, 31, 33]) {
      assert.throws(() => p.decryptCbc(new Uint8Array(size), iv, ciphertext), refused('cbc key'), String(size));
      assert.throws(() => p.encryptCbc(new Uint8Array(size), iv, text), refused('cbc key'), String(size));
    }
    for (const size of [0, 12, 15, 17]) {
      assert.throws(() => p.decryptCbc(key, new Uint8Array(size), ciphertext), refused('cbc iv'), String(size));
      assert.throws(() => p.encryptCbc(key, new Uint8Array(size), text), refused('cbc iv'), String(size));
    }
  });

  test('AES-CBC refuses every padding that is not PKCS#7', () => {
    // The iv's last bytes change the plaintext's last bytes: one block of 16 zero bytes less its padding.
    const block = p.encryptCbc(key, iv, new Uint8Array(15)).slice(0, 16);
    for (let value = 0; value < 256; value++) {
      const forged = new Uint8Array(iv);
      forged[15] = (iv[15] ?? 0) ^ 1 ^ value;
      const open = (): Bytes => p.decryptCbc(key, forged, block);
      if (value === 1) assert.equal(open().length, 15);
      else assert.throws(open, refused('cbc', 'platform'), String(value)); // 2..16 need more than one byte of that value
    }
  });
}

function gcm({ p, other }: Contract): void {
  const gcmRefused = refused('gcm', 'platform');

  test('AES-GCM: the same bytes as the other adapter, opened by it', () => {
    fc.assert(
      fc.property(bytes(100), bytes(40), (plain, aad) => {
        const box = p.sealGcm(key, nonce, aad, plain);
        assertPlain(box, plain.length + 16);
        assert.deepEqual(box, other.sealGcm(key, nonce, aad, plain));
        const opened = other.openGcm(key, nonce, aad, box);
        assertPlain(opened, plain.length);
        assert.deepEqual(opened, plain);
      }),
      RUNS,
    );
  });

  test('AES-GCM refuses any changed byte, any cut, other associated data, nonce or key', () => {
    const aad = utf8('header');
    const box = p.sealGcm(key, nonce, aad, text);
    for (let at = 0; at < box.length; at++) {
      assert.throws(() => p.openGcm(key, nonce, aad, flip(box, at)), gcmRefused, `byte ${String(at)}`);
      assert.throws(() => p.openGcm(key, nonce, aad, box.slice(0, at)), gcmRefused, `cut at ${String(at)}`);
    }
    assert.throws(() => p.openGcm(key, nonce, EMPTY, box), gcmRefused);
    assert.throws(() => p.openGcm(key, nonce, flip(aad, 0), box), gcmRefused);
    assert.throws(() => p.openGcm(key, flip(nonce, 0), aad, box), gcmRefused);
    assert.throws(() => p.openGcm(flip(key, 0), nonce, aad, box), gcmRefused);
  });

  test('AES-GCM refuses a shorter tag, though it begins as the right one does', () => {
    for (const [size, tag] of [
      [0, 8],
      [8, 4],
      [0, 12],
      [0, 15],
      [40, 12],
      [40, 15],
    ] as const) {
      const box = p.sealGcm(key, nonce, EMPTY, new Uint8Array(size)).slice(0, size + tag);
      assert.throws(() => p.openGcm(key, nonce, EMPTY, box), gcmRefused, `${String(size)} ${String(tag)}`);
    }
  });

  test('AES-GCM refuses wrong key and nonce sizes', () => {
    for (const size of [0, 16, 24, 33]) {
      assert.throws(() => p.sealGcm(new Uint8Array(size), nonce, EMPTY, text), refused('gcm key'));
      assert.throws(() => p.openGcm(new Uint8Array(size), nonce, EMPTY, text), refused('gcm key'));
    }
    for (const size of [0, 8, 11, 13, 16]) {
      assert.throws(() => p.sealGcm(key, new Uint8Array(size), EMPTY, text), refused('gcm nonce'));
      assert.throws(() => p.openGcm(key, new Uint8Array(size), EMPTY, text), refused('gcm nonce'));
    }
  });
}

function x25519({ p, other }: Contract): void {
  test('X25519 (RFC 7748 §6.1), from both ends and both adapters', () => {
    const alice = new X25519PrivateKey(fromHex('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a'));
    const bob = new X25519PrivateKey(fromHex('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb'));
    assertPlain(p.x25519PublicKey(alice), 32);
    assert.equal(toHex(p.x25519PublicKey(alice)), '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a');
    const shared = p.x25519(alice, other.x25519PublicKey(bob));
    assert.ok(shared instanceof SecretKey);
    assert.equal(toHex(shared.exposeSecretBytes()), '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742');
    assert.deepEqual(other.x25519(bob, p.x25519PublicKey(alice)).exposeSecretBytes(), shared.exposeSecretBytes());
  });

  test('X25519 refuses an all-zero output', () => {
    const own = new X25519PrivateKey(p.randomBytes(32));
    for (const point of SMALL_ORDER)
      assert.throws(() => p.x25519(own, fromHex(point)), refused('x25519', 'platform'), point);
  });

  test('X25519 refuses wrong sizes of either key', () => {
    const own = new X25519PrivateKey(p.randomBytes(32));
    const peer = p.x25519PublicKey(own);
    for (const size of [0, 31, 33, 64]) {
      const wrong = new X25519PrivateKey(new Uint8Array(size).fill(5));
      assert.throws(() => p.x25519(own, new Uint8Array(size).fill(5)), refused('x25519 peer'));
      assert.throws(() => p.x25519(wrong, peer), refused('x25519 key'));
      assert.throws(() => p.x25519PublicKey(wrong), refused('x25519 key'));
    }
  });
}

function mlKem({ p, other }: Contract): void {
  const own = new MlKemPrivateKey(Uint8Array.from({ length: 64 }, (_, i) => i));

  test('ML-KEM-768: what one encapsulates the other decapsulates', () => {
    const publicKey = p.mlKemPublicKey(own);
    assertPlain(publicKey, 1184);
    assert.deepEqual(publicKey, other.mlKemPublicKey(own));
    p.mlKemPublicKey(own).fill(0); // what was handed out is the caller's
    assert.deepEqual(p.mlKemPublicKey(own), publicKey);
    const { ciphertext, shared } = p.mlKemEncapsulate(publicKey);
    assertPlain(ciphertext, 1088);
    assert.ok(shared instanceof SecretKey);
    assert.equal(shared.exposeSecretBytes().length, 32);
    for (const adapter of [p, other]) {
      assert.deepEqual(adapter.mlKemDecapsulate(own, ciphertext).exposeSecretBytes(), shared.exposeSecretBytes());
    }
    assert.notDeepEqual(p.mlKemEncapsulate(publicKey).ciphertext, ciphertext);
  });

  test('ML-KEM-768: a wrong ciphertext gives the same wrong secret everywhere (implicit rejection)', () => {
    const { ciphertext, shared } = p.mlKemEncapsulate(p.mlKemPublicKey(own));
    const wrong = p.mlKemDecapsulate(own, flip(ciphertext, 100)).exposeSecretBytes();
    assert.notDeepEqual(wrong, shared.exposeSecretBytes());
    assert.deepEqual(other.mlKemDecapsulate(own, flip(ciphertext, 100)).exposeSecretBytes(), wrong);
  });

  test('ML-KEM-768 checks the modulus of every coefficient (FIPS 203 §7.2)', () => {
    const publicKey = p.mlKemPublicKey(own);
    for (const at of [0, 3, 600, 1149]) {
      const bad = new Uint8Array(publicKey);
      bad[at] = 0x01; // 3329 = 0xd01, the first value that is not reduced, in the low half of three bytes
      bad[at + 1] = ((bad[at + 1] ?? 0) & 0xf0) | 0x0d;
      assert.throws(() => p.mlKemEncapsulate(bad), refused('ml-kem', 'platform'), `offset ${String(at)}`);
      bad[at] = 0x00; // 3328 is
      assert.equal(p.mlKemEncapsulate(bad).ciphertext.length, 1088);
    }
  });

  test('ML-KEM-768 refuses wrong sizes', () => {
    for (const size of [0, 1183, 1185])
      assert.throws(() => p.mlKemEncapsulate(new Uint8Array(size)), refused('ml-kem public key'));
    for (const size of [0, 1087, 1089])
      assert.throws(() => p.mlKemDecapsulate(own, new Uint8Array(size)), refused('ml-kem ciphertext'));
    for (const size of [0, 32, 63, 65, 2400]) {
      const wrong = new MlKemPrivateKey(new Uint8Array(size));
      assert.throws(() => p.mlKemPublicKey(wrong), refused('ml-kem key'));
      assert.throws(() => p.mlKemDecapsulate(wrong, new Uint8Array(1088)), refused('ml-kem key'));
    }
  });
}
