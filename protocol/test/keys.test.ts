import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { concat, equalBytes, fromHex, toHex, utf8 } from '../src/bytes.ts';
import { encodeCbor } from '../src/codec/cbor.ts';
import { isProtocolError } from '../src/errors.ts';
import { type Bundle, checkSerial, encodeBundle, openBundle, readBundle } from '../src/keys/bundle.ts';
import { type Certificate, decodeCertificate, encodeCertificate, isValidAt } from '../src/keys/certificate.ts';
import {
  createAccount,
  createDevice,
  type Device,
  decodeDevice,
  deviceDue,
  dropOldWrapKeys,
  encodeDevice,
  renewDevice,
} from '../src/keys/device.ts';
import { decodeFingerprint, encodeFingerprint } from '../src/keys/fingerprint.ts';
import { loadRsaPublicKey, signStatement, verifyStatement } from '../src/keys/profile.ts';
import { safetyNumber } from '../src/keys/safety-number.ts';
import { DAY, MAX_SAFE_UINT, MAX_WRAP_KEYS } from '../src/limits.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import type { Primitives, RsaKeyPair } from '../src/primitives.ts';
import { webPrimitives } from '../src/primitives/web.ts';
import {
  alice,
  aliceAccount,
  aliceSecond,
  bob,
  bobAccount,
  carolAccount,
  NOW,
  vectorClient,
  vectorServer,
} from './fixtures/devices.ts';
import { type BundleFile, runBundles } from './vectors/bundles.ts';
import { type FingerprintFile, runFingerprints } from './vectors/fingerprints-and-safety-numbers.ts';
import { loadVectors } from './vectors/load.ts';
import { type ProfileFile, runProfile } from './vectors/profile.ts';

const BOTH = Object.entries({ node: p, web: webPrimitives });
const { certificate } = alice.bundle;

const fails =
  (code: 'bundle' | 'cbor' | 'profile' | 'fingerprint' | 'reuse', check?: string) =>
  (error: unknown): boolean =>
    isProtocolError(error, code) && (check === undefined || error.check === check);

/** Node's primitives, but the RSA keys that they "generate" are these, in turn. */
function withReadyKeys(...keys: readonly RsaKeyPair[]): Primitives {
  let next = 0;
  return {
    ...p,
    generateRsa: async () => {
      const pair = keys[next++ % keys.length];
      assert.ok(pair);
      return pair;
    },
  };
}

/** A bundle of alice's account over a changed certificate, signed as it should be. */
async function bundleWith(change: Partial<Certificate>): Promise<Uint8Array> {
  const certificateBytes = encodeCertificate({ ...certificate, ...change });
  const certificateSignature = await signStatement(p, aliceAccount.privateKey, certificateBytes);
  return encodeBundle({ accountKey: aliceAccount.publicKey, certificateBytes, certificateSignature });
}

suite('RSA profile (§1.3)', () => {
  const file = loadVectors('profile') as ProfileFile;
  for (const [name, primitives] of BOTH) {
    test(`profile.json on ${name}`, async () => {
      assert.equal(file.count, 51);
      assert.equal(file.good, 5);
      assert.deepEqual(await runProfile(file, primitives), { ran: file.count, good: file.good });
    });
  }

  test('any changed byte outside the modulus is refused', () => {
    const { spki } = certificate.signKey;
    for (let i = 0; i < spki.length; i++) {
      if (i >= 33 && i < 289) continue;
      const changed = spki.slice();
      changed[i] = (changed[i] ?? 0) ^ 1;
      assert.throws(() => loadRsaPublicKey(changed), fails('profile', 'form'), `byte ${i}`);
    }
  });

  test('a modulus of 2047 bits or an even one is refused, by itself', () => {
    for (const [at, value] of [
      [33, 0x7f],
      [288, 0x02],
    ] as const) {
      const changed = certificate.signKey.spki.slice();
      changed[at] = value;
      assert.throws(() => loadRsaPublicKey(changed), fails('profile', 'modulus'));
    }
  });

  test('a loaded key does not change with the bytes it came from', () => {
    const spki = certificate.signKey.spki.slice();
    const key = loadRsaPublicKey(spki);
    spki.fill(0);
    assert.deepEqual(key.spki, certificate.signKey.spki);
  });

  test('a signature verifies under its own key and text only, in both adapters', async () => {
    const statement = utf8('waxwing/1 test\na: 1\n');
    const signature = await signStatement(p, alice.signKey, statement);
    for (const [, primitives] of BOTH) {
      assert.ok(await verifyStatement(primitives, certificate.signKey, statement, signature));
      assert.ok(!(await verifyStatement(primitives, bob.bundle.certificate.signKey, statement, signature)));
      assert.ok(!(await verifyStatement(primitives, certificate.signKey, utf8('waxwing/1 test\na: 2\n'), signature)));
      for (const wrong of [signature.slice(1), concat(signature, new Uint8Array(1)), new Uint8Array(0)]) {
        assert.ok(!(await verifyStatement(primitives, certificate.signKey, statement, wrong)));
      }
    }
  });
});

suite('fingerprint and safety number (§2)', () => {
  const file = loadVectors('fingerprints-and-safety-numbers') as FingerprintFile;
  for (const [name, primitives] of BOTH) {
    test(`fingerprints-and-safety-numbers.json on ${name}`, async () => {
      assert.equal(file.count, 15);
      assert.equal(file.good, 7);
      assert.deepEqual(await runFingerprints(file, primitives), { ran: file.count, good: file.good });
    });
  }

  test('any 32 bytes read back from their fingerprint, and no changed character does', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.nat(49), (account, at) => {
        const text = encodeFingerprint(account);
        assert.equal(text.length, 50);
        assert.ok(equalBytes(decodeFingerprint(text), account));
        for (const other of [' ', '=', '-', '\n']) {
          const changed = text.slice(0, at) + other + text.slice(at + 1);
          assert.throws(() => decodeFingerprint(changed), fails('fingerprint'));
        }
      }),
      { numRuns: 50 },
    );
    const text = encodeFingerprint(alice.bundle.account);
    for (const wrong of [` ${text}`, `${text} `, `${text}A`, `${text}\n`, text.replace('SHA256:', 'MD5:')]) {
      assert.throws(() => decodeFingerprint(wrong), fails('fingerprint'), wrong);
    }
  });

  test('a safety number is the same for both, and another for any other pair', () => {
    const [a, b, c] = [aliceAccount.publicKey, bobAccount.publicKey, carolAccount.publicKey];
    assert.equal(safetyNumber(p, a, b), safetyNumber(p, b, a));
    assert.match(safetyNumber(p, a, b), /^(?:\d{5} ){11}\d{5}$/);
    assert.notEqual(safetyNumber(p, a, b), safetyNumber(p, a, c));
  });
});

suite('certificate and bundle (§2)', () => {
  const file = loadVectors('bundles') as BundleFile;
  for (const [name, primitives] of BOTH) {
    test(`bundles.json on ${name}`, async () => {
      assert.equal(file.count, 53);
      assert.equal(file.good, 5);
      assert.deepEqual(await runBundles(file, primitives), { ran: file.count, good: file.good });
    });
  }

  test('any changed byte of a bundle is refused, with the one error', async () => {
    const good = alice.bundle.bytes;
    for (let i = 0; i < good.length; i++) {
      const changed = good.slice();
      changed[i] = (changed[i] ?? 0) ^ (1 << (i % 8));
      await assert.rejects(openBundle(p, changed, NOW), fails('bundle'), `byte ${i}`);
    }
  });

  test('random bytes and cut bundles are refused, with the one error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), fc.nat(alice.bundle.bytes.length - 1), async (junk, cut) => {
        await assert.rejects(openBundle(p, junk, NOW), fails('bundle'));
        await assert.rejects(openBundle(p, alice.bundle.bytes.subarray(0, cut), NOW), fails('bundle'));
        await assert.rejects(openBundle(p, concat(alice.bundle.bytes.subarray(0, cut), junk), NOW), fails('bundle'));
      }),
      { numRuns: 50 },
    );
  });

  test('validity: both ends included, at most 366 days, not backwards', async () => {
    const { notBefore, notAfter } = certificate;
    for (const [time, good] of [
      [notBefore - 1, false],
      [notBefore, true],
      [notAfter, true],
      [notAfter + 1, false],
    ] as const) {
      assert.equal(isValidAt(certificate, time), good);
      if (good) assert.deepEqual((await openBundle(p, alice.bundle.bytes, time)).account, alice.bundle.account);
      else await assert.rejects(openBundle(p, alice.bundle.bytes, time), fails('bundle', 'time'));
    }
    const open = async (change: Partial<Certificate>): Promise<Bundle> => readBundle(p, await bundleWith(change));
    assert.equal((await open({ notBefore: NOW, notAfter: NOW })).certificate.notAfter, NOW);
    assert.equal((await open({ notBefore: 0, notAfter: 366 * DAY })).certificate.notBefore, 0);
    await assert.rejects(open({ notBefore: 0, notAfter: 366 * DAY + 1 }), fails('bundle', 'validity'));
    await assert.rejects(open({ notBefore: NOW, notAfter: NOW - 1 }), fails('bundle', 'validity'));
  });

  test('the three RSA keys of a bundle differ', async () => {
    const account = aliceAccount.publicKey;
    for (const change of [{ signKey: account }, { wrapKey: account }, { wrapKey: certificate.signKey }]) {
      await assert.rejects(
        bundleWith(change).then((bytes) => readBundle(p, bytes)),
        fails('bundle', 'keys differ'),
      );
    }
  });

  test('each field that is not of its form is refused by its name', () => {
    const text = Buffer.from(alice.bundle.certificateBytes).toString();
    const refuses = (check: string, from: string | RegExp, to: string): void => {
      const changed = text.replace(from, to);
      assert.notEqual(changed, text);
      assert.throws(() => decodeCertificate(utf8(changed)), fails('bundle', check), `${check}: ${to}`);
    };
    refuses('account', /account: ../, 'account: 0G');
    refuses('account', /account: ../, 'account: ');
    refuses('device', /device: ../, 'device: AA');
    refuses('device', /device: ../, 'device: ');
    refuses('sign-key', 'sign-key: M', 'sign-key: N');
    refuses('sign-key', 'sign-key: M', 'sign-key: ');
    refuses('wrap-key', /wrap-key: .*/, 'wrap-key: AAAA');
    refuses('wrap-key', /wrap-key: .*/, 'wrap-key: =');
    refuses('dh-key', /dh-key: .*/, 'dh-key: AAAA');
    refuses('dh-key', /dh-key: .*/, `dh-key: ${'A'.repeat(43)}`);
    refuses('dh-key', /dh-key: .*/, `dh-key: ${'A'.repeat(42)}B=`);
    refuses('serial', 'serial: 1', 'serial: 0');
    refuses('serial', 'serial: 1', 'serial: 01');
    refuses('serial', 'serial: 1', 'serial: 9007199254740992');
    refuses('not-before', 'not-before: ', 'not-before: -');
    refuses('not-after', /not-after: .*/, 'not-after: x');
    refuses('grammar', 'serial: 1', 'serial:1');
    refuses('grammar', 'waxwing/1 device', 'waxwing/1 devices');
    refuses('grammar', /\n$/, '');
  });

  test('a bundle keeps its own copy of what it was read from', async () => {
    const bytes = alice.bundle.bytes.slice();
    const bundle = await openBundle(p, bytes, NOW);
    bytes.fill(0);
    assert.deepEqual(bundle, alice.bundle);
  });

  test('a failure that is no refusal passes unchanged', async () => {
    const broken: Primitives = { ...p, verifyPss: () => Promise.reject(new TypeError('not a refusal')) };
    await assert.rejects(readBundle(broken, alice.bundle.bytes), TypeError);
  });
});

suite('serials (§2)', () => {
  test('an older certificate, or another of the same serial, is refused; the same and newer ones are kept', async () => {
    const of = async (serial: number, notAfter = certificate.notAfter): Promise<Bundle> =>
      readBundle(p, await bundleWith({ serial, notAfter }));
    const [first, second, forked] = [await of(1), await of(2), await of(2, certificate.notAfter - 1)];
    let known = checkSerial(undefined, first);
    assert.deepEqual(known, { serial: 1, certificateHash: first.certificateHash });
    known = checkSerial(known, first);
    known = checkSerial(known, second);
    assert.equal(known.serial, 2);
    assert.throws(() => checkSerial(known, first), fails('bundle', 'serial'));
    assert.throws(() => checkSerial(known, forked), fails('bundle', 'serial'));
    // The same certificate under another signature is the same certificate: PSS is randomised.
    const signedAgain = await of(2);
    assert.notDeepEqual(signedAgain.bytes, second.bytes);
    assert.deepEqual(checkSerial(known, signedAgain), known);
    assert.equal(checkSerial(known, await of(MAX_SAFE_UINT)).serial, MAX_SAFE_UINT);
  });
});

suite('device (§2)', () => {
  test('a new device has a good bundle from one day back, of 366 days', async () => {
    const ready = withReadyKeys(bobAccount, carolAccount);
    const device = await createDevice(ready, aliceAccount, NOW);
    const bundle = await openBundle(p, device.bundle.bytes, NOW);
    assert.equal(bundle.certificate.serial, 1);
    assert.equal(bundle.certificate.notBefore, NOW - DAY);
    assert.equal(bundle.certificate.notAfter, NOW - DAY + 366 * DAY);
    assert.equal(bundle.device.length, 16);
    assert.deepEqual(bundle.certificate.signKey, bobAccount.publicKey);
    assert.deepEqual(bundle.certificate.wrapKey, carolAccount.publicKey);
    assert.deepEqual(p.x25519PublicKey(device.dhKey), bundle.certificate.dhKey);
    assert.deepEqual(
      device.wrapKeys.map((key) => key.madeAt),
      [NOW],
    );
    const other = await createDevice(ready, aliceAccount, NOW);
    assert.notDeepEqual(other.bundle.device, bundle.device);
    assert.notDeepEqual(other.bundle.certificate.dhKey, bundle.certificate.dhKey);
    assert.equal(await createAccount(ready), bobAccount);
  });

  test('a clock near zero gives no negative time', async () => {
    const device = await createDevice(withReadyKeys(bobAccount, carolAccount), aliceAccount, 5);
    assert.equal(device.bundle.certificate.notBefore, 0);
  });

  test('what is due: a certificate 30 days before its end, a wrap key after 30 days', () => {
    const { notAfter, notBefore } = certificate;
    assert.deepEqual(deviceDue(alice, NOW), { renew: false, rotateWrapKey: false });
    assert.equal(deviceDue(alice, notAfter - 30 * DAY - 1).renew, false);
    assert.equal(deviceDue(alice, notAfter - 30 * DAY).renew, true);
    assert.equal(deviceDue(alice, notAfter + DAY).renew, true);
    assert.equal(deviceDue(alice, notBefore - 1).renew, true);
    assert.equal(deviceDue(alice, NOW + 30 * DAY - 1).rotateWrapKey, false);
    assert.equal(deviceDue(alice, NOW + 30 * DAY).rotateWrapKey, true);
  });

  test('renewal: the same device, keys and id, the next serial', async () => {
    const later = NOW + 340 * DAY;
    const options = { account: aliceAccount, device: alice, now: later, rotateWrapKey: false, newDeviceId: false };
    const renewed = await renewDevice(withReadyKeys(), options);
    assert.deepEqual(renewed.bundle.certificate, {
      ...certificate,
      serial: 2,
      notBefore: later - DAY,
      notAfter: later + 365 * DAY,
    });
    assert.equal(renewed.signKey, alice.signKey);
    assert.deepEqual(renewed.wrapKeys, alice.wrapKeys);
    assert.deepEqual(deviceDue(renewed, later), { renew: false, rotateWrapKey: true });
    checkSerial(checkSerial(undefined, alice.bundle), renewed.bundle);
  });

  test('rotation: the new wrap key comes first, a replaced one is kept 60 days from its replacement', async () => {
    const rotate = async (device: Device, now: number, key: RsaKeyPair): Promise<Device> =>
      renewDevice(withReadyKeys(key), { account: aliceAccount, device, now, rotateWrapKey: true, newDeviceId: false });
    const second = await rotate(alice, NOW + 30 * DAY, bobAccount);
    assert.deepEqual(second.bundle.certificate.wrapKey, bobAccount.publicKey);
    assert.deepEqual(
      second.wrapKeys.map((key) => key.madeAt),
      [NOW + 30 * DAY, NOW],
    );
    assert.equal(dropOldWrapKeys(second, NOW + 90 * DAY), second);
    assert.deepEqual(
      dropOldWrapKeys(second, NOW + 90 * DAY + 1).wrapKeys.map((key) => key.madeAt),
      [NOW + 30 * DAY],
    );
    const third = await rotate(second, NOW + 90 * DAY + 1, carolAccount);
    assert.deepEqual(
      third.wrapKeys.map((key) => key.madeAt),
      [NOW + 90 * DAY + 1, NOW + 30 * DAY],
    );
    let often = alice;
    for (let i = 0; i < MAX_WRAP_KEYS + 2; i++) often = await rotate(often, NOW + i, i % 2 ? bobAccount : carolAccount);
    assert.equal(often.wrapKeys.length, MAX_WRAP_KEYS);
    assert.equal(often.wrapKeys[0]?.madeAt, NOW + MAX_WRAP_KEYS + 1);
  });

  test('a new device id comes with all keys new and serial 1', async () => {
    const options = { account: aliceAccount, device: alice, now: NOW, rotateWrapKey: false, newDeviceId: true };
    const other = await renewDevice(withReadyKeys(bobAccount, carolAccount), options);
    assert.deepEqual(other.bundle.account, alice.bundle.account);
    assert.notDeepEqual(other.bundle.device, alice.bundle.device);
    assert.equal(other.bundle.certificate.serial, 1);
    assert.deepEqual(other.bundle.certificate.signKey, bobAccount.publicKey);
    assert.deepEqual(other.bundle.certificate.wrapKey, carolAccount.publicKey);
    assert.notDeepEqual(other.bundle.certificate.dhKey, certificate.dhKey);
  });

  test("another account's key renews nothing, and serials end", async () => {
    const options = { account: bobAccount, device: alice, now: NOW, rotateWrapKey: false, newDeviceId: false };
    await assert.rejects(renewDevice(p, options), fails('bundle', 'account'));
    const last = { ...alice, bundle: await readBundle(p, await bundleWith({ serial: MAX_SAFE_UINT })) };
    await assert.rejects(renewDevice(p, { ...options, account: aliceAccount, device: last }), fails('reuse', 'serial'));
  });

  test('the storage form gives the device back, even when its certificate has run out', async () => {
    const back = await decodeDevice(p, encodeDevice(alice));
    assert.deepEqual(back.bundle, alice.bundle);
    assert.deepEqual(encodeDevice(back), encodeDevice(alice));
    assert.deepEqual(back.dhKey.exposeSecretBytes(), alice.dhKey.exposeSecretBytes());
    const over = { ...alice, bundle: await readBundle(p, await bundleWith({ notBefore: 0, notAfter: DAY })) };
    assert.deepEqual(deviceDue(await decodeDevice(p, encodeDevice(over)), NOW), { renew: true, rotateWrapKey: false });
  });

  test('a damaged storage form is refused with typed errors', async () => {
    const stored = encodeDevice(alice);
    await fc.assert(
      fc.asyncProperty(fc.nat(stored.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        const changed = stored.slice();
        changed[at] = (changed[at] ?? 0) ^ mask;
        try {
          await decodeDevice(p, changed);
        } catch (error) {
          assert.ok(isProtocolError(error, 'cbor', 'bundle', 'profile'), String(error));
        }
      }),
      { numRuns: 100 },
    );
    await assert.rejects(decodeDevice(p, encodeCbor([2])), fails('cbor', 'schema'));
    await assert.rejects(decodeDevice(p, encodeDevice({ ...alice, dhKey: bob.dhKey })), fails('bundle', 'dh-key'));
    const mixed = { ...alice, wrapKeys: bob.wrapKeys };
    await assert.rejects(decodeDevice(p, encodeDevice(mixed)), fails('bundle', 'wrap-key'));
  });

  test('a device prints no secret', () => {
    const secrets = [alice.signKey, alice.dhKey, ...alice.wrapKeys.map((key) => key.privateKey)];
    const printed = inspect(alice, { depth: 10, maxArrayLength: 5000 }) + JSON.stringify(alice);
    for (const secret of secrets) {
      assert.ok(!printed.includes(toHex(secret.exposeSecretBytes()).slice(0, 32)));
      assert.ok(!printed.includes(Array.from(secret.exposeSecretBytes().subarray(-16)).join(',')));
    }
    assert.match(printed, /redacted/);
  });

  test('the fixtures are what they say', () => {
    assert.deepEqual(aliceSecond.bundle.account, alice.bundle.account);
    assert.notDeepEqual(aliceSecond.bundle.device, alice.bundle.device);
    assert.equal(NOW, 1_800_000_000_000);
    for (const device of [alice, aliceSecond, bob, vectorServer, vectorClient]) {
      assert.ok(isValidAt(device.bundle.certificate, NOW));
    }
    assert.deepEqual(fromHex(toHex(vectorServer.bundle.account)), vectorServer.bundle.account);
  });
});
