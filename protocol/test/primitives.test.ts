import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { suite, test } from 'node:test';
import { inspect } from 'node:util';
import { fromHex, toHex, utf8 } from '../src/bytes.ts';
import { isProtocolError } from '../src/errors.ts';
import { nodePrimitives } from '../src/primitives/node.ts';
import {
  MlKemPrivateKey,
  type RsaKeyPair,
  RsaPrivateKey,
  RsaPublicKey,
  SecretKey,
  X25519PrivateKey,
} from '../src/primitives.ts';
import { once } from '../src/primitives/refusal.ts';
import { webPrimitives } from '../src/primitives/web.ts';
import { aliceAccount, bobAccount } from './fixtures/devices.ts';
import { primitivesContract } from './primitives-contract.ts';

/** The pair with every exponent 65537 written as 65539. */
function otherExponent({ publicKey, privateKey }: RsaKeyPair): RsaKeyPair {
  const rewrite = (der: Uint8Array): Uint8Array => fromHex(toHex(der).replaceAll('0203010001', '0203010003'));
  return {
    publicKey: new RsaPublicKey(rewrite(publicKey.spki)),
    privateKey: new RsaPrivateKey(rewrite(privateKey.exposeSecretBytes())),
  };
}

function smallRsa(): RsaKeyPair {
  const pair = generateKeyPairSync('rsa', { modulusLength: 1024 });
  return {
    publicKey: new RsaPublicKey(pair.publicKey.export({ format: 'der', type: 'spki' })),
    privateKey: new RsaPrivateKey(pair.privateKey.export({ format: 'der', type: 'pkcs8' })),
  };
}

/** The pair with the algorithm's name RSASSA-PSS (RFC 4055) in place of rsaEncryption: a key that may do one thing only. */
function pssOnly({ publicKey, privateKey }: RsaKeyPair): RsaKeyPair {
  const rewrite = (der: Uint8Array): Uint8Array => {
    const changed = fromHex(toHex(der).replace('300d06092a864886f70d0101010500', '300b06092a864886f70d01010a'));
    new DataView(changed.buffer).setUint16(2, changed.length - 4);
    return changed;
  };
  return {
    publicKey: new RsaPublicKey(rewrite(publicKey.spki)),
    privateKey: new RsaPrivateKey(rewrite(privateKey.exposeSecretBytes())),
  };
}

const keys = {
  rsa: aliceAccount,
  secondRsa: bobAccount,
  wrongRsa: {
    'of 1024 bits': smallRsa(),
    'of another exponent': otherExponent(aliceAccount),
    'for PSS alone': pssOnly(aliceAccount),
  },
};

primitivesContract({ name: 'node', p: nodePrimitives, other: webPrimitives, ...keys });
primitivesContract({ name: 'web', p: webPrimitives, other: nodePrimitives, ...keys });

suite('primitives: keys', () => {
  const raw = utf8('0123456789abcdef0123456789abcdef');
  for (const [name, key] of Object.entries({
    SecretKey: new SecretKey(raw),
    X25519PrivateKey: new X25519PrivateKey(raw),
    MlKemPrivateKey: new MlKemPrivateKey(raw),
    RsaPrivateKey: new RsaPrivateKey(raw),
  })) {
    test(`${name} redacts itself wherever it is printed, and keeps a copy of its own`, () => {
      const shown = `[${name} redacted]`;
      assert.equal(inspect(key), shown);
      assert.equal(String(key), shown);
      assert.equal(JSON.stringify({ key }), `{"key":"${shown}"}`);
      assert.equal(inspect({ deep: [key] }, { showHidden: true, depth: 9 }).includes('48'), false);
      assert.deepEqual(key.exposeSecretBytes(), raw);
      assert.notEqual(key.exposeSecretBytes(), raw);
    });
  }

  test('a key is imported once, and its refusal keeps what the platform said', () => {
    const cache = new WeakMap<object, object>();
    const key = {};
    let made = 0;
    const make = (): object => ({ made: (made += 1) });
    assert.equal(once(cache, key, make), once(cache, key, make));
    assert.notEqual(once(cache, {}, make), once(cache, key, make));
    assert.equal(made, 2);
  });

  test('a private key of another algorithm is refused, whatever its type says', async () => {
    const pair = generateKeyPairSync('ed25519');
    const key = new RsaPrivateKey(pair.privateKey.export({ format: 'der', type: 'pkcs8' }));
    for (const p of [nodePrimitives, webPrimitives]) {
      await assert.rejects(p.signPss(key, raw, 32), (error) => isProtocolError(error, 'primitive'));
    }
  });
});
