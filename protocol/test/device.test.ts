import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { fromHex, toHex } from '../src/bytes.ts';
import { encodeCbor } from '../src/codec/cbor.ts';
import { isProtocolError } from '../src/errors.ts';
import { checkSerial, openBundle, readBundle } from '../src/keys/bundle.ts';
import { isValidAt } from '../src/keys/certificate.ts';
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
import { DAY, MAX_SAFE_UINT, MAX_WRAP_KEYS } from '../src/limits.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import type { Primitives, RsaKeyPair } from '../src/primitives.ts';
import { bundleWith } from './fixtures/bundle-with.ts';
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

const { certificate } = alice.bundle;

const fails =
  (code: 'bundle' | 'cbor' | 'reuse', check: string) =>
  (error: unknown): boolean =>
    isProtocolError(error, code) && error.check === check;

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
    assert.equal(deviceDue(alice, notBefore).renew, false);
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
