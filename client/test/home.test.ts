import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { CERTIFICATE_RENEW_BEFORE, openBundle, WRAP_KEY_ROTATION } from '@waxwing/protocol';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import { aliceAccount, aliceSecond } from '../../protocol/test/fixtures/devices.ts';
import { continueInMemory, type OpenHome } from '../src/home/home.ts';
import { resolveHome } from '../src/home/location.ts';
import { exportIdentity } from '../src/identity.ts';
import { alice, CHAIN, type Clock, NOW, openTestHome, temporaryFolder, textItem } from './fixtures/homes.ts';

describe('where a home is', () => {
  const at = (env: Record<string, string>, profile?: string) =>
    resolveHome({ env, profile, defaultProfile: 'default' });

  test('WAXWING_HOME is exactly one home', () => {
    assert.deepEqual(at({ WAXWING_HOME: '/x/y', XDG_DATA_HOME: '/data' }), { path: '/x/y', profileLabel: undefined });
    assert.equal(at({ WAXWING_HOME: 'here' }).path, join(process.cwd(), 'here'));
    assert.throws(() => at({ WAXWING_HOME: '/x' }, 'work'), { code: 'profile-invalid' });
  });

  test('otherwise it is a profile in the XDG data folder', { skip: process.platform !== 'linux' }, () => {
    const data = { XDG_DATA_HOME: '/data', WAXWING_HOME: '' };
    assert.deepEqual(at(data), { path: '/data/waxwing/profiles/default', profileLabel: 'default' });
    assert.deepEqual(at(data, 'work').path, '/data/waxwing/profiles/work');
    const standard = join(homedir(), '.local/share/waxwing/profiles/default');
    assert.equal(at({}).path, standard);
    assert.equal(at({ XDG_DATA_HOME: 'relative' }).path, standard, 'the XDG specification ignores relative paths');
  });

  test('a profile name is a plain folder name', () => {
    for (const name of ['a', 'server', 'Work-2.old', 'x'.repeat(64)]) assert.equal(at({}, name).profileLabel, name);
    for (const name of ['', '.', '..', '../x', 'a/b', 'a\\b', '-x', '.x', 'a b', 'ä', 'x'.repeat(65), 'a\0']) {
      assert.throws(() => at({}, name), { code: 'profile-invalid' }, JSON.stringify(name));
    }
  });
});

describe('opening a home', () => {
  test('makes folder, key and identity once, for their owner alone', async (t) => {
    const path = join(temporaryFolder(t), 'deep', 'home');
    let generated = 0;
    const onGeneratingKeys = (): void => void (generated += 1);
    const first = await openTestHome(t, { path, onGeneratingKeys });
    assert.deepEqual([first.created, first.memory, first.protection, generated], [true, false, 'key-file', 1]);
    assert.equal(statSync(path).mode & 0o777, 0o700);
    assert.equal(statSync(join(path, 'key')).mode & 0o777, 0o600);
    assert.equal(statSync(join(path, 'key')).size, 32);
    first.store.settings.set('nick', 'alice');
    first.close();
    first.close();
    assert.ok(!existsSync(join(path, 'owner')));

    const never = () => Promise.reject(new Error('a second identity'));
    const second = await openTestHome(t, { path, onGeneratingKeys, identity: never });
    assert.deepEqual([second.created, generated], [false, 1]);
    assert.equal(second.store.settings.get('nick'), 'alice');
    assert.deepEqual(second.device.bundle.bytes, alice.bundle.bytes);
    assert.deepEqual(second.account.publicKey.spki, aliceAccount.publicKey.spki);
    assert.deepEqual(
      second.account.privateKey.exposeSecretBytes().length,
      aliceAccount.privateKey.exposeSecretBytes().length,
    );
  });

  test('is refused to a second opener, in this process too', async (t) => {
    const path = temporaryFolder(t);
    const first = await openTestHome(t, { path, profileLabel: 'server' });
    const refusal = {
      code: 'home-locked',
      message: new RegExp(`Process ${String(process.pid)} .*profile server`),
      next: /--profile/,
    };
    await assert.rejects(openTestHome(t, { path }), refusal);
    await assert.rejects(openTestHome(t, { path, memory: true }), refusal);
    first.close();
    (await openTestHome(t, { path })).close();
  });

  test('a lost key, a wrong key and a damaged file are told apart from one another', async (t) => {
    const path = temporaryFolder(t);
    (await openTestHome(t, { path })).close();
    const key = join(path, 'key');
    writeFileSync(key, new Uint8Array(32));
    await assert.rejects(openTestHome(t, { path }), { code: 'home-damaged', message: /key/ });
    writeFileSync(key, 'short');
    await assert.rejects(openTestHome(t, { path }), { code: 'home-damaged', message: /5 bytes/ });
    rmSync(key);
    await assert.rejects(openTestHome(t, { path }), { code: 'home-key-missing' });
    await assert.rejects(openTestHome(t, { path, memory: true }), { code: 'home-key-missing' });
    assert.ok(!existsSync(key), 'no new key is made beside an old database');
  });

  test('what is no folder cannot be a home', async (t) => {
    const path = join(temporaryFolder(t), 'file');
    writeFileSync(path, '');
    await assert.rejects(openTestHome(t, { path: join(path, 'home') }), { code: 'home-io' });
  });
});

describe('the identity', () => {
  test('is renewed and rotated when due, and the new one is kept', async (t) => {
    const path = temporaryFolder(t);
    const clock: Clock = { time: NOW };
    const options = { path, now: () => clock.time };
    const home = await openTestHome(t, options);
    assert.equal(await home.renewIfDue(), false);
    clock.time = alice.bundle.certificate.notAfter - CERTIFICATE_RENEW_BEFORE;
    assert.ok(clock.time - NOW > WRAP_KEY_ROTATION);
    home.close();
    const later = await openTestHome(t, options);
    const { certificate } = later.device.bundle;
    assert.equal(certificate.serial, alice.bundle.certificate.serial + 1);
    assert.deepEqual(certificate.device, alice.bundle.device);
    assert.notDeepEqual(certificate.wrapKey.spki, alice.bundle.certificate.wrapKey.spki);
    await openBundle(nodePrimitives, later.device.bundle.bytes, clock.time);
    later.close();
    assert.deepEqual((await openTestHome(t, options)).device.bundle.bytes, later.device.bundle.bytes);
  });

  test('rotates: another device of the account, or another account', async (t) => {
    const home = await openTestHome(t, { path: temporaryFolder(t) });
    await home.rotateDevice();
    assert.deepEqual(home.device.bundle.account, alice.bundle.account);
    assert.notDeepEqual(home.device.bundle.device, alice.bundle.device);
    assert.equal(home.device.bundle.certificate.serial, 1);
    await home.rotateAccount();
    assert.notDeepEqual(home.device.bundle.account, alice.bundle.account);
    const { account, device } = home;
    assert.deepEqual(device.bundle.accountKey.spki, account.publicKey.spki);
    const kinds = home.store.events.list().map(({ kind }) => kind);
    assert.deepEqual(kinds, ['own-account-rotated', 'own-device-rotated']);
    home.close();
    const again = await openTestHome(t, { path: home.path });
    assert.deepEqual(again.device.bundle.bytes, device.bundle.bytes);
    assert.throws(() => home.assertOpen(), { code: 'home-closed' });
    await assert.rejects(home.rotateDevice(), { code: 'home-closed' });
  });

  test('exports what may be shown, and nothing secret', () => {
    const shown = exportIdentity({ device: alice });
    assert.match(shown.fingerprint, /^SHA256:/);
    assert.deepEqual(Buffer.from(shown.bundle, 'base64'), Buffer.from(alice.bundle.bytes));
    const all = JSON.stringify(shown);
    for (const secret of [alice.signKey, alice.dhKey, aliceAccount.privateKey, alice.wrapKeys[0]!.privateKey]) {
      assert.ok(!all.includes(Buffer.from(secret.exposeSecretBytes()).toString('base64').slice(0, 30)));
    }
  });
});

describe('in memory', () => {
  test('a new home leaves no trace on the disk', async (t) => {
    const path = join(temporaryFolder(t), 'never');
    const home = await openTestHome(t, { path, memory: true });
    home.store.settings.set('nick', 'alice');
    assert.deepEqual([home.memory, home.protection, home.created], [true, 'memory', true]);
    home.close();
    assert.ok(!existsSync(path));
  });

  test('an old home is copied with a new device id, and not changed', async (t) => {
    const path = temporaryFolder(t);
    const disk = await openTestHome(t, { path });
    disk.store.outbox.enqueue({ account: CHAIN.account }, [textItem('kept')]);
    disk.close();
    const copy = await openTestHome(t, { path, memory: true });
    assert.equal(copy.created, false);
    assert.deepEqual(copy.device.bundle.account, alice.bundle.account);
    assert.notDeepEqual(copy.device.bundle.device, alice.bundle.device, '§5.2: it is a copy');
    copy.store.outbox.enqueue({ account: CHAIN.account }, [textItem('gone')]);
    assert.equal(copy.store.history.list({ search: 'kept' }).length, 1);
    copy.close();
    const again = await openTestHome(t, { path });
    assert.deepEqual(again.device.bundle.device, alice.bundle.device);
    assert.equal(again.store.history.counts().messages, 1);
  });

  test('goes on where a disk became full', async (t) => {
    const home = await openTestHome(t, { path: temporaryFolder(t) });
    home.store.outbox.enqueue({ account: CHAIN.account }, [textItem('before')]);
    fill(home);
    const more = { type: 'text/plain', body: new Uint8Array(60_000).fill(66) };
    assert.throws(() => home.store.outbox.enqueue({ account: CHAIN.account }, [more]), { code: 'disk-full' });
    assert.equal(home.store.history.counts().messages, 1, 'the failed step left nothing');
    const memory = await continueInMemory(home);
    t.after(() => memory.close());
    assert.throws(() => home.assertOpen(), { code: 'home-closed' });
    memory.store.outbox.enqueue({ account: CHAIN.account }, [more]);
    assert.equal(memory.store.history.counts().messages, 2);
    assert.notDeepEqual(memory.device.bundle.device, alice.bundle.device);
  });
});

test('neither the database nor its log holds a readable word, nor the key', async (t) => {
  const path = temporaryFolder(t);
  const home = await openTestHome(t, { path, identity: async () => ({ account: aliceAccount, device: aliceSecond }) });
  const secret = 'Zwetschgenkuchen mit Streuseln';
  home.store.outbox.enqueue({ account: CHAIN.account }, [textItem(secret)]);
  home.store.settings.set('nick', secret);
  home.store.history.list({ search: 'zwetschgenkuchen' });
  const key = Buffer.from(home.key!.exposeSecretBytes());
  const scan = (): string[] => readdirSync(path).filter((name) => name.startsWith('waxwing.db'));
  // Read only after closing: closing another descriptor of an open database would drop its locks.
  const log = join(path, 'waxwing.db-wal');
  assert.ok(statSync(log).size > 0);
  const grep = (needle: string): number | null =>
    spawnSync('grep', ['-a', '-l', '-i', needle, ...scan().map((name) => join(path, name))]).status;
  assert.equal(grep('[a-z0-9]'), 0, 'the search works');
  for (const word of ['Zwetschgen', 'zwetschgenkuchen', 'SQLite format', 'CREATE TABLE', 'text/plain']) {
    assert.equal(grep(word), 1, word);
  }
  home.close();
  for (const name of scan()) {
    const content = readFileSync(join(path, name));
    assert.ok(!content.includes(secret.slice(0, 8)) && !content.includes(key), name);
    assert.ok(!content.includes(Buffer.from(aliceAccount.privateKey.exposeSecretBytes().subarray(100, 140))), name);
  }
});

/** From here on the disk is full. */
function fill(home: OpenHome): void {
  home.database.pragma(`max_page_count = ${String(home.database.pragma('page_count'))}`);
}
