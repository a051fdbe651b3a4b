import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { suite, test } from 'node:test';
import { textOf, toBase64, toHex, utf8 } from '../src/bytes.ts';
import { isProtocolError, type ProtocolErrorCode } from '../src/errors.ts';
import { decodeClaim } from '../src/evidence/claim.ts';
import { exportEvidence } from '../src/evidence/export.ts';
import { decodeItem, decodePublicPem, EVIDENCE_FILES, encodeItem, encodePublicPem } from '../src/evidence/files.ts';
import { verifyEvidence } from '../src/evidence/verify.ts';
import { encodeCertificate } from '../src/keys/certificate.ts';
import { encodeFingerprint } from '../src/keys/fingerprint.ts';
import { signStatement } from '../src/keys/profile.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import { webPrimitives } from '../src/primitives/web.ts';
import { alice, aliceAccount, aliceSecond, bob, NOW } from './fixtures/devices.ts';
import { SIGNED_ITEMS, signedItem } from './fixtures/signed-flight.ts';
import { without } from './fixtures/without.ts';
import { type EvidenceVectorFile, evidenceFiles, runEvidence } from './vectors/evidence.ts';
import { loadVectors } from './vectors/load.ts';

const file = loadVectors('evidence') as EvidenceVectorFile;
const PROVING = EVIDENCE_FILES.slice(0, 8);

const fails =
  (check?: string) =>
  (error: unknown): boolean =>
    isProtocolError(error, 'evidence') && (check === undefined || error.check === check);

suite('evidence (§7)', () => {
  for (const [name, primitives] of Object.entries({ node: p, web: webPrimitives })) {
    test(`evidence.json on ${name}`, async () => {
      assert.equal(file.count, 36);
      assert.equal(file.good, 2);
      assert.deepEqual(await runEvidence(file, primitives), { ran: file.count, good: file.good });
    });
  }

  test('every item of a flight exports to a bundle that verifies', async () => {
    for (const [index, item] of SIGNED_ITEMS.entries()) {
      const source = await signedItem(index);
      const files = await exportEvidence(p, source);
      assert.deepEqual(Object.keys(files).sort(), [...EVIDENCE_FILES].sort());
      const verdict = await verifyEvidence(p, files);
      assert.equal(verdict.fingerprint, encodeFingerprint(alice.bundle.account));
      assert.deepEqual(verdict.account, alice.bundle.account);
      assert.deepEqual(verdict.device, alice.bundle.device);
      assert.deepEqual(verdict.certificate, alice.bundle.certificate);
      assert.equal(verdict.type, item.type);
      assert.deepEqual(verdict.body, item.body);
      assert.deepEqual(verdict.id, source.commitments[index]);
      assert.equal(verdict.position, index);
      assert.deepEqual([verdict.seq, verdict.sent, verdict.ttl, verdict.count], [5, NOW, 60, SIGNED_ITEMS.length]);
    }
  });

  test('what does not prove anything is not exported', async () => {
    const source = await signedItem(0);
    const refused = (change: Partial<typeof source>, check: string): Promise<void> =>
      assert.rejects(exportEvidence(p, { ...source, ...change }), fails(check));
    await refused({ body: utf8('other') }, 'item');
    await refused({ opening: new Uint8Array(32) }, 'item');
    await refused({ opening: new Uint8Array(31) }, 'item');
    await refused({ signature: new Uint8Array(256) }, 'message.sig');
    await refused({ commitments: [...source.commitments].reverse() }, 'items');
    await refused({ accountKey: bob.bundle.accountKey }, 'account');
    await refused({ certificateSignature: bob.bundle.certificateSignature }, 'device.sig');
  });

  test('one key with two uses is refused, though the account signed it', async () => {
    const good = await exportEvidence(p, await signedItem(0));
    const { certificate, accountKey } = alice.bundle;
    for (const change of [{ signKey: accountKey }, { wrapKey: accountKey }]) {
      const certificateBytes = encodeCertificate({ ...certificate, ...change });
      const signature = await signStatement(p, aliceAccount.privateKey, certificateBytes);
      const files = { ...good, 'device.txt': certificateBytes, 'device.sig': signature };
      await assert.rejects(verifyEvidence(p, files), fails('keys differ'));
    }
  });

  test('every refusal names what is wrong', async () => {
    const source = await signedItem(0);
    const good = await exportEvidence(p, source);
    const refused = async (check: string, changed: Partial<typeof good>, cause?: ProtocolErrorCode): Promise<void> => {
      await assert.rejects(verifyEvidence(p, { ...good, ...changed }), (error) => {
        assert.ok(isProtocolError(error, 'evidence'));
        assert.deepEqual([error.check, isProtocolError(error.cause) ? error.cause.code : error.cause], [check, cause]);
        return true;
      });
    };
    /** The statement with some of its text replaced, signed by the device as it then stands. */
    const signed = async (from: string | RegExp, to: string): Promise<Partial<typeof good>> => {
      const statement = utf8((textOf(source.statement) ?? '').replace(from, to));
      return { 'message.txt': statement, 'message.sig': await signStatement(p, alice.signKey, statement) };
    };
    const nothing = new Uint8Array(0);
    for (const name of PROVING) await assert.rejects(verifyEvidence(p, without(good, name)), fails('files'), name);
    await refused('account.pub.pem', { 'account.pub.pem': nothing }, 'profile');
    await refused('account.pub.pem', { 'account.pub.pem': Uint8Array.of(0xff) });
    await refused('device.txt', { 'device.txt': nothing }, 'bundle');
    await refused('account', { 'account.pub.pem': encodePublicPem(bob.bundle.accountKey) });
    await refused('device.sig', { 'device.sig': nothing });
    await refused('message.sig', { 'message.sig': nothing });
    await refused('kind', await signed('waxwing/1 message', 'waxwing/1 other'), 'statement');
    await refused('grammar', await signed(/^prev: .*\n/m, ''), 'statement');
    await refused('grammar', await signed(/^prev: ../m, 'prev: '));
    const otherDevice = toHex(aliceSecond.bundle.device);
    await refused('from', await signed(toHex(alice.bundle.device), otherDevice));
    const { notBefore, notAfter } = alice.bundle.certificate;
    await refused('validity', await signed(/^sent: .*/m, `sent: ${notAfter + 1}`));
    await refused('validity', await signed(/^sent: .*/m, `sent: ${notBefore - 1}`));
    await refused('items', { 'commitments.bin': nothing });
    await refused('count', await signed('count: 3', 'count: 4'));
    await refused('count', await signed('count: 3', 'count: 2'));
    await refused('item', { 'opening.bin': nothing });
    await refused('item', { 'item.txt': good['device.txt'] });
  });

  test('what comes along speaks of every file that proves something', async () => {
    const files = await exportEvidence(p, await signedItem(0));
    for (const name of ['README.txt', 'verify.sh'] as const) {
      const text = textOf(files[name]) ?? '';
      for (const proving of PROVING) assert.ok(text.includes(proving), `${name}: ${proving}`);
      assert.equal(text.startsWith('#!/bin/sh\n'), name === 'verify.sh');
    }
  });

  test('a failure that is no refusal passes unchanged', async () => {
    const good = await exportEvidence(p, await signedItem(0));
    const broken = { ...p, sha256: (): never => assert.fail('not a refusal') };
    await assert.rejects(verifyEvidence(broken, good), assert.AssertionError);
  });

  test('account.pub.pem is what openssl writes, and nothing else is read', () => {
    const key = alice.bundle.accountKey;
    const der = { key: Buffer.from(key.spki), format: 'der', type: 'spki' } as const;
    const pem = encodePublicPem(key);
    assert.equal(textOf(pem), createPublicKey(der).export({ format: 'pem', type: 'spki' }));
    assert.deepEqual(decodePublicPem(pem), key);
    const text = textOf(pem) ?? '';
    for (const changed of [
      text.slice(0, -1),
      `${text}\n`,
      ` ${text}`,
      text.replaceAll('\n', '\r\n'),
      text.replace('PUBLIC', 'public'),
      text.replaceAll('\n', ''),
      `-----BEGIN PUBLIC KEY-----\n${toBase64(key.spki)}\n-----END PUBLIC KEY-----\n`,
      '',
      '-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n',
    ]) {
      assert.throws(() => decodePublicPem(utf8(changed)), fails('account.pub.pem'));
    }
    // openssl's too, but of another kind (RFC 8410).
    const other =
      '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n';
    assert.throws(
      () => decodePublicPem(utf8(other)),
      (error) => fails('account.pub.pem')(error) && error instanceof Error && isProtocolError(error.cause, 'profile'),
    );
  });

  test('README.txt and verify.sh prove nothing and are not looked at', async () => {
    const good = await exportEvidence(p, await signedItem(0));
    await verifyEvidence(p, { ...good, 'README.txt': utf8('x'), 'verify.sh': utf8('x') });
    await verifyEvidence(p, without(without(good, 'README.txt'), 'verify.sh'));
  });

  test('the first line of item.txt is a media type of 1 to 64 characters', () => {
    const longest = 'a'.repeat(64);
    assert.deepEqual(decodeItem(encodeItem(longest, utf8('\nx'))), { type: longest, body: utf8('\nx') });
    assert.deepEqual(decodeItem(utf8('!~\n')), { type: '!~', body: new Uint8Array(0) });
    assert.deepEqual(decodeItem(utf8('x\n')), { type: 'x', body: new Uint8Array(0) });
    for (const item of [
      '',
      'text/plain',
      '\nbody',
      `${longest}a\nbody`,
      'text plain\n',
      'text/plain\r\n',
      'ä\n',
      '\x7f\n',
    ]) {
      assert.throws(() => decodeItem(utf8(item)), fails('item'), JSON.stringify(item));
    }
  });

  test('each line of message.txt has its one form', async () => {
    const { statement } = await signedItem(0);
    const text = textOf(statement) ?? '';
    assert.equal(decodeClaim(statement).from, /^from: (.*)$/m.exec(text)?.[1]);
    const refuse = (from: string | RegExp, to: string, check = 'grammar'): void => {
      const changed = text.replace(from, to);
      assert.notEqual(changed, text);
      assert.throws(() => decodeClaim(utf8(changed)), fails(check), to);
    };
    refuse('waxwing/1 message', 'waxwing/1 messages', 'kind');
    refuse('waxwing/1 message', 'waxwing/2 message', 'kind');
    refuse(/conversation: ../, 'conversation: 0A');
    refuse(/conversation: ../, 'conversation: ');
    refuse(/session: ../, 'session: ');
    refuse(/from: ../, 'from: ');
    refuse(/from: ../, 'from: 0A');
    refuse(/^(from: .*)..$/m, '$10A');
    refuse(/^(from: .*)$/m, '$1/00');
    refuse(/^from: .*\//m, 'from: ');
    refuse(/^(from: .*)..$/m, '$1');
    refuse(/^to: ../m, 'to: ');
    refuse('seq: 5', 'seq: 0');
    refuse('seq: 5', 'seq: 05');
    refuse(/prev: ../, 'prev: ');
    refuse(/sent: .*/, 'sent: -1');
    refuse(/sent: .*/, 'sent: 9007199254740992');
    refuse('ttl: 60', 'ttl: 60 ');
    refuse('count: 3', 'count: 0');
    refuse('count: 3', 'count: 65');
    refuse('items: sha256:', 'items: sha512:');
    refuse(/items: sha256:../, 'items: sha256:');
    refuse(/^items: /m, 'items: x');
    refuse(/\n$/, '');
    refuse(/^(from: [^/]*)\//m, '$1-');
    assert.equal(decodeClaim(utf8(text.replace('count: 3', 'count: 64'))).count, 64);
    const least = text
      .replace('seq: 5', 'seq: 1')
      .replace('count: 3', 'count: 1')
      .replace(/^(sent|ttl): .*/gm, '$1: 0');
    const { seq, count, sent, ttl } = decodeClaim(utf8(least));
    assert.deepEqual([seq, count, sent, ttl], [1, 1, 0, 0]);
  });

  test('the good vectors show their items', async () => {
    for (const entry of file.vectors.filter((each) => each.fails === undefined)) {
      const files = evidenceFiles(file, entry);
      const verdict = await verifyEvidence(p, files);
      assert.deepEqual(encodeItem(verdict.type, verdict.body), files['item.txt']);
    }
  });
});
