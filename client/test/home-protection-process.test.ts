import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Decrypter } from 'age-encryption';
import { openUnderPassphrase, sealUnderPassphrase } from '../src/home/passphrase.ts';
import { protectHome, unprotectHome } from '../src/home/protection.ts';
import { FAST_SCRYPT, openTestHome, temporaryFolder } from './fixtures/homes.ts';

const PASSPHRASE = 'four wörds or more';
const fast = { scryptLogN: FAST_SCRYPT };
const keyFiles = (path: string): string[] => readdirSync(path).filter((name) => name.startsWith('key'));

describe('a passphrase', () => {
  test('stands before the key, and can be taken away again', async (t) => {
    const path = temporaryFolder(t);
    const home = await openTestHome(t, { path });
    home.store.settings.set('nick', 'alice');
    const key = readFileSync(join(path, 'key'));
    await assert.rejects(protectHome(home, '', fast), { code: 'passphrase-empty' });
    await protectHome(home, PASSPHRASE, fast);
    assert.deepEqual([home.protection, keyFiles(path)], ['passphrase', ['key.age']]);
    assert.equal(statSync(join(path, 'key.age')).mode & 0o777, 0o600);
    await assert.rejects(protectHome(home, PASSPHRASE, fast), { code: 'already-protected' });
    home.close();

    await assert.rejects(openTestHome(t, { path }), { code: 'passphrase-needed', next: /WAXWING_PASSPHRASE_FILE/ });
    await assert.rejects(openTestHome(t, { path, passphrase: async () => 'wrong' }), { code: 'passphrase-wrong' });
    await assert.rejects(openTestHome(t, { path, passphrase: async () => '' }), { code: 'passphrase-wrong' });
    const again = await openTestHome(t, { path, passphrase: async () => PASSPHRASE });
    assert.equal(again.store.settings.get('nick'), 'alice');
    assert.equal(again.protection, 'passphrase');
    await unprotectHome(again);
    assert.deepEqual([again.protection, keyFiles(path)], ['key-file', ['key']]);
    assert.deepEqual(readFileSync(join(path, 'key')), key);
    await assert.rejects(unprotectHome(again), { code: 'not-protected' });
    again.close();
    (await openTestHome(t, { path })).close();
  });

  test('comes from the file that WAXWING_PASSPHRASE_FILE names before anybody is asked', async (t) => {
    const path = temporaryFolder(t);
    const home = await openTestHome(t, { path });
    await protectHome(home, PASSPHRASE, fast);
    home.close();
    const file = join(temporaryFolder(t), 'passphrase');
    writeFileSync(file, `${PASSPHRASE}\n`);
    const passphrase = () => Promise.reject(new Error('nobody should be asked'));
    const env = { WAXWING_PASSPHRASE_FILE: file };
    (await openTestHome(t, { path, env, passphrase })).close();
    (await openTestHome(t, { path, env, memory: true })).close();
    writeFileSync(file, `${PASSPHRASE}\r\nwhat else stands there is no part of it\n\n`);
    (await openTestHome(t, { path, env, passphrase })).close();
    const gone = { WAXWING_PASSPHRASE_FILE: `${file}.gone` };
    await assert.rejects(openTestHome(t, { path, env: gone, passphrase }), { code: 'passphrase-needed' });
  });

  test('in memory there is no key to protect', async (t) => {
    const home = await openTestHome(t, { path: temporaryFolder(t), memory: true });
    await assert.rejects(protectHome(home, PASSPHRASE, fast), { code: 'home-read-only' });
    home.close();
    await assert.rejects(protectHome(home, PASSPHRASE, fast), { code: 'home-closed' });
  });
});

describe('a machine that stops while the key changes', () => {
  test('leaves a sealed key under the old name: it is protected, and tidied', async (t) => {
    const path = temporaryFolder(t);
    const home = await openTestHome(t, { path });
    await protectHome(home, PASSPHRASE, fast);
    home.close();
    renameSync(join(path, 'key.age'), join(path, 'key'));
    await assert.rejects(openTestHome(t, { path }), { code: 'passphrase-needed' });
    const again = await openTestHome(t, { path, passphrase: async () => PASSPHRASE });
    assert.equal(again.protection, 'passphrase');
    assert.deepEqual(keyFiles(path), ['key.age']);
  });

  test('leaves no plain key beside a sealed one', async (t) => {
    const path = temporaryFolder(t);
    const home = await openTestHome(t, { path });
    await protectHome(home, PASSPHRASE, fast);
    home.close();
    writeFileSync(join(path, 'key.new'), home.key!.exposeSecretBytes());
    await assert.rejects(openTestHome(t, { path }), { code: 'passphrase-needed' });
    assert.ok(!existsSync(join(path, 'key.new')));
  });

  test('a key that others can read is closed to them', async (t) => {
    const path = temporaryFolder(t);
    (await openTestHome(t, { path })).close();
    const key = join(path, 'key');
    writeFileSync(`${key}.copy`, readFileSync(key), { mode: 0o644 });
    renameSync(`${key}.copy`, key);
    (await openTestHome(t, { path })).close();
    assert.equal(statSync(key).mode & 0o777, 0o600);
  });
});

describe('the sealed form', () => {
  const plain = new Uint8Array([1, 2, 3]);

  test('is a plain age file', async () => {
    const decrypter = new Decrypter();
    decrypter.addPassphrase(PASSPHRASE);
    assert.deepEqual(await decrypter.decrypt(await sealUnderPassphrase(plain, PASSPHRASE, FAST_SCRYPT)), plain);
  });

  test('opens whole or not at all', async () => {
    const sealed = await sealUnderPassphrase(plain, PASSPHRASE, FAST_SCRYPT);
    assert.deepEqual(await openUnderPassphrase(sealed, PASSPHRASE), plain);
    await assert.rejects(openUnderPassphrase(sealed, 'four words or more'), { code: 'passphrase-wrong' });
    for (let at = 0; at < sealed.length; at += 7) {
      const flipped = Uint8Array.from(sealed, (byte, i) => (i === at ? byte ^ 1 : byte));
      const opened = await openUnderPassphrase(flipped, PASSPHRASE).catch((error: unknown) => error);
      const refused = opened === undefined || (opened instanceof Error && 'code' in opened);
      assert.ok(refused, `byte ${String(at)}`);
    }
    assert.equal(await openUnderPassphrase(sealed.subarray(0, -1), PASSPHRASE), undefined);
    assert.equal(await openUnderPassphrase(new Uint8Array(), PASSPHRASE), undefined);
  });

  test('a file that asks for too much work is refused before the work', async () => {
    const sealed = Buffer.from(await sealUnderPassphrase(plain, PASSPHRASE, FAST_SCRYPT));
    const greedy = Buffer.from(sealed.toString('latin1').replace(/(-> scrypt \S+) 4\n/, '$1 30\n'), 'latin1');
    assert.notDeepEqual(greedy, sealed);
    assert.equal(await openUnderPassphrase(greedy, PASSPHRASE), undefined);
  });
});
