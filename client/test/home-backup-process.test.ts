import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { toHex } from '@waxwing/protocol';
import { backupHome, restoreHome, type RestoreResult } from '../src/home/backup.ts';
import { type OpenHome, openHome } from '../src/home/home.ts';
import { sealUnderPassphrase } from '../src/home/passphrase.ts';
import { Database } from '../src/store/sqlite/database.ts';
import {
  alice,
  bob,
  CHAIN,
  FAST_SCRYPT,
  flight,
  NOW,
  openTestHome,
  readyKeys,
  receivedFlight,
  receivedItem,
  temporaryFolder,
  textItem,
} from './fixtures/homes.ts';

const passphrase = 'correct horse';
const fast = { passphrase, scryptLogN: FAST_SCRYPT };

/** A home with a bit of everything; #2 is deleted, so the next number is 5. */
async function livedIn(t: TestContext): Promise<OpenHome> {
  const home = await openTestHome(t, { path: join(temporaryFolder(t), 'home') });
  const { store } = home;
  store.peers.meet(bob.bundle);
  store.peers.rename(bob.bundle.account, 'Bob');
  store.peers.verify(bob.bundle.account, 'sas');
  store.pins.pin('127.0.0.1:8000', bob.bundle.account);
  store.outbox.enqueue({ account: CHAIN.account }, [textItem('sent'), textItem('deleted'), textItem('queued')]);
  store.chains.setSent(CHAIN, { seq: 1, hash: new Uint8Array(32) });
  store.outbox.markSent([1], flight(1));
  store.history.receive(receivedFlight(1), [receivedItem('received')]);
  store.history.delete(2);
  store.settings.set('nick', 'alice');
  return home;
}

async function restore(t: TestContext, path: string, into: string, word = passphrase): Promise<RestoreResult> {
  const home = { path: into, now: () => NOW + 5, primitives: readyKeys() };
  const result = await restoreHome({ path, passphrase: word, home });
  t.after(() => result.home.close());
  return result;
}

describe('backup and restore', () => {
  test('bring identity and history back, on a new device', async (t) => {
    const home = await livedIn(t);
    const path = join(temporaryFolder(t), 'backup.age');
    const { size, ...made } = await backupHome({ home, path, ...fast });
    assert.deepEqual(made, { path, messages: 3, peers: 1 });
    assert.equal(statSync(path).size, size);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(home.store.settings.list().size, 1, 'the home itself is not changed');

    const into = join(temporaryFolder(t), 'restored');
    const { home: back, ...result } = await restore(t, path, into);
    const device = toHex(alice.bundle.device);
    const newDevice = toHex(back.device.bundle.device);
    assert.deepEqual(result, { messages: 3, peers: 1, madeAt: NOW, oldDevice: device, newDevice });
    assert.notEqual(newDevice, device, '§5.2: a restored device is a new one');
    assert.deepEqual(back.device.bundle.account, alice.bundle.account);
    assert.deepEqual(back.store.history.list(), home.store.history.list());
    assert.deepEqual(back.store.peers.list(), home.store.peers.list());
    assert.deepEqual(back.store.settings.list(), home.store.settings.list());
    assert.deepEqual(back.store.chains.get(CHAIN), home.store.chains.get(CHAIN));
    assert.deepEqual(back.store.history.evidenceOf(4), home.store.history.evidenceOf(4));
    assert.equal(back.store.history.list({ search: 'receiv' }).length, 1);
    assert.equal(back.store.events.list()[0]?.kind, 'restored');
    const [next] = back.store.outbox.enqueue({ account: CHAIN.account }, [textItem('next')]);
    assert.equal(next!.number, 5, 'numbers of deleted messages are not used again');
    back.close();

    const again = await openTestHome(t, { path: into });
    assert.equal(toHex(again.device.bundle.device), newDevice);
    assert.equal(again.created, false);
  });

  test('a backup is never written over anything', async (t) => {
    const home = await livedIn(t);
    const folder = temporaryFolder(t);
    const path = join(folder, 'taken');
    writeFileSync(path, 'precious');
    await assert.rejects(backupHome({ home, path, ...fast }), { code: 'backup-exists' });
    assert.equal(readFileSync(path, 'utf8'), 'precious');
    await assert.rejects(backupHome({ home, path: join(folder, 'no', 'where'), ...fast }), {
      code: 'backup-unwritable',
    });
    await assert.rejects(backupHome({ home, path: join(folder, 'b'), passphrase: '' }), { code: 'passphrase-empty' });
    assert.deepEqual(readdirSync(folder), ['taken'], 'a backup that failed leaves nothing');
  });

  test('nothing is restored over an identity', async (t) => {
    const home = await livedIn(t);
    const path = join(temporaryFolder(t), 'backup.age');
    await backupHome({ home, path, ...fast });
    const other = await openTestHome(t, { path: temporaryFolder(t) });
    await assert.rejects(restore(t, path, other.path), { code: 'home-locked' });
    other.close();
    await assert.rejects(restore(t, path, other.path), { code: 'home-not-empty' });
    const again = await openTestHome(t, { path: other.path });
    assert.equal(again.store.history.counts().messages, 0);
    const empty = join(temporaryFolder(t), 'empty');
    mkdirSync(empty);
    assert.equal((await restore(t, path, empty)).messages, 3);
  });

  test('a bad backup is told from a wrong passphrase, and touches nothing', async (t) => {
    const folder = temporaryFolder(t);
    const into = join(folder, 'into');
    const good = join(folder, 'good');
    await backupHome({ home: await livedIn(t), path: good, ...fast });
    await assert.rejects(restore(t, good, into, 'wrong'), { code: 'passphrase-wrong' });
    await assert.rejects(restore(t, join(folder, 'none'), into), { code: 'backup-missing' });

    const bytes = readFileSync(good);
    const flipped = Buffer.from(bytes);
    flipped[flipped.length - 100]! ^= 1;
    const foreign = Database.openMemory('foreign');
    foreign.exec('CREATE TABLE t (a)');
    const damaged: Record<string, Uint8Array> = {
      truncated: bytes.subarray(0, -1000),
      flipped,
      text: Buffer.from('not a backup'),
      empty: Buffer.alloc(0),
      'no database': await sealUnderPassphrase(new Uint8Array(5000), passphrase, FAST_SCRYPT),
      'another database': await sealUnderPassphrase(foreign.exposeImage(), passphrase, FAST_SCRYPT),
    };
    for (const [name, content] of Object.entries(damaged)) {
      writeFileSync(join(folder, name), content);
      await assert.rejects(restore(t, join(folder, name), into), { code: 'backup-damaged' }, name);
    }
    assert.ok(!existsSync(into));
  });

  test('a home in memory can be backed up too', async (t) => {
    const home = await openHome({ path: join(temporaryFolder(t), 'none'), memory: true, primitives: readyKeys() });
    t.after(() => home.close());
    home.store.settings.set('nick', 'volatile');
    const path = join(temporaryFolder(t), 'backup.age');
    await backupHome({ home, path, ...fast });
    const { home: back } = await restore(t, path, temporaryFolder(t));
    assert.equal(back.store.settings.get('nick'), 'volatile');
  });
});
