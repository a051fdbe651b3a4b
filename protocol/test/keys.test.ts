import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { concat, equalBytes, utf8 } from '../src/bytes.ts';
import { encodeCbor } from '../src/codec/cbor.ts';
import { isProtocolError } from '../src/errors.ts';
import { type Bundle, checkSerial, encodeBundle, openBundle, readBundle } from '../src/keys/bundle.ts';
import { type Certificate, decodeCertificate, isValidAt } from '../src/keys/certificate.ts';
import { decodeFingerprint, encodeFingerprint } from '../src/keys/fingerprint.ts';
import { loadRsaPublicKey, signStatement, verifyStatement } from '../src/keys/profile.ts';
import { safetyNumber } from '../src/keys/safety-number.ts';
import { DAY, MAX_SAFE_UINT } from '../src/limits.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import type { Primitives } from '../src/primitives.ts';
import { webPrimitives } from '../src/primitives/web.ts';
import { alice, aliceAccount, bob, bobAccount, carolAccount, NOW } from './fixtures/devices.ts';
import { bundleWith } from './fixtures/bundle-with.ts';
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

  test('a key of another size is refused for its size', () => {
    const { spki } = certificate.signKey;
    for (const wrong of [spki.subarray(1), spki.subarray(0, -1), concat(spki, Uint8Array.of(0)), new Uint8Array(0)]) {
      assert.throws(() => loadRsaPublicKey(wrong), fails('profile', 'size'));
    }
  });

  test('the smallest modulus of 2048 bits is one', () => {
    const smallest = certificate.signKey.spki.slice();
    smallest[33] = 0x80;
    assert.deepEqual(loadRsaPublicKey(smallest).spki, smallest);
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
    // Whatever an adapter makes of another size: it is not asked.
    const agreeable: Primitives = { ...p, verifyPss: () => Promise.resolve(true) };
    assert.ok(!(await verifyStatement(agreeable, certificate.signKey, statement, signature.slice(1))));
  });
});

suite('fingerprint and safety number (§2)', () => {
  const file = loadVectors('fingerprints-and-safety-numbers') as FingerprintFile;
  // The web adapter's 5,200 hashes in JavaScript take seconds: web-adapter-process.test.ts runs them.
  test('fingerprints-and-safety-numbers.json on node', async () => {
    assert.equal(file.count, 15);
    assert.equal(file.good, 7);
    assert.deepEqual(await runFingerprints(file, p), { ran: file.count, good: file.good });
  });

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
      assert.throws(() => decodeFingerprint(wrong), fails('fingerprint', 'form'), wrong);
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

  test('each part of a bundle is refused by its name, and keeps what was wrong with it', async () => {
    const { accountKey, certificateBytes, certificateSignature } = alice.bundle;
    const refusal = async (bytes: Uint8Array): Promise<{ check: string; cause: unknown }> => {
      const error: unknown = await readBundle(p, bytes).catch((reason: unknown) => reason);
      assert.ok(isProtocolError(error, 'bundle'));
      return { check: error.check, cause: isProtocolError(error.cause) ? error.cause.code : error.cause };
    };
    const parts = { accountKey, certificateBytes, certificateSignature };
    const changed = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
    assert.deepEqual(await refusal(encodeBundle({ ...parts, accountKey: bobAccount.publicKey })), {
      check: 'account',
      cause: undefined,
    });
    assert.deepEqual(
      await refusal(encodeBundle({ ...parts, certificateSignature: changed(certificateSignature, 9) })),
      { check: 'signature', cause: undefined },
    );
    assert.deepEqual(await refusal(alice.bundle.bytes.subarray(1)), { check: 'encoding', cause: 'cbor' });
    assert.deepEqual(await refusal(encodeCbor([changed(accountKey.spki, 0), certificateBytes, certificateSignature])), {
      check: 'account key',
      cause: 'profile',
    });
    const text = Buffer.from(certificateBytes).toString();
    for (const [from, to, check, cause] of [
      [/sign-key: .*/, 'sign-key: AAAA', 'sign-key', 'profile'],
      [/sign-key: .*/, 'sign-key: *', 'sign-key', undefined],
      ['serial: 1', 'serial:1', 'grammar', 'statement'],
    ] as const) {
      const certificate = utf8(text.replace(from, to));
      assert.deepEqual(await refusal(encodeBundle({ ...parts, certificateBytes: certificate })), { check, cause });
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
