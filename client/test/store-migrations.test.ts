import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { SecretKey } from '@waxwing/protocol';
import { Database } from '../src/store/sqlite/database.ts';
import { listMigrations, type Migration, migrate } from '../src/store/sqlite/migrate.ts';
import { SqliteStore } from '../src/store/sqlite/sqlite-store.ts';
import { bob, bytes, CHAIN, NOW, openTestHome, temporaryFolder, textItem } from './fixtures/homes.ts';

const all = listMigrations();
const tables = (database: Database): string[] =>
  database
    .prepare<{ name: string }>('SELECT name FROM sqlite_schema ORDER BY name')
    .all()
    .map(({ name }) => name);

/** A database as schema 1 left it, with something in every table that matters. */
function schemaOne(database: Database): void {
  migrate(database, all.slice(0, 1));
  database.exec(`INSERT INTO settings VALUES ('nick', 'alice');
    INSERT INTO peers (account, fingerprint, petname, petname_key, first_seen, last_seen, verified_at, verified_how)
      VALUES (x'${Buffer.from(bob.bundle.account).toString('hex')}', 'SHA256:x', 'Bob', 'bob', 1, 2, 3, 'sas')`);
  database
    .prepare(
      `INSERT INTO chains (own_device, account, peer_device, sent_seq, sent_hash, received_seq, received_hash)
        VALUES (?, ?, ?, 7, ?, 3, ?)`,
    )
    .run(CHAIN.ownDevice, CHAIN.account, CHAIN.peerDevice, bytes(32, 7), bytes(32, 3));
}

describe('migrations', () => {
  test('are numbered without gaps', () => {
    assert.ok(all.length >= 2);
    assert.deepEqual(
      all.map(({ name, version }) => [name.slice(0, 5), version]),
      all.map((_, i) => [`${String(i + 1).padStart(4, '0')}-`, i + 1]),
    );
  });

  test('bring a database of schema 1 to the newest, and keep what it holds', () => {
    const database = Database.openMemory('old');
    schemaOne(database);
    assert.equal(database.pragma('user_version'), 1);
    migrate(database);
    assert.equal(database.pragma('user_version'), all.length);
    const fresh = Database.openMemory('fresh');
    migrate(fresh);
    assert.deepEqual(tables(database), tables(fresh));

    const store = new SqliteStore(database, () => NOW);
    assert.equal(store.settings.get('nick'), 'alice');
    const peer = store.peers.find('bob');
    assert.deepEqual([peer.petname, peer.verifiedHow, peer.firstSeen], ['Bob', 'sas', 1]);
    assert.deepEqual(store.chains.get(CHAIN).sent, { seq: 7, hash: bytes(32, 7) });
    store.outbox.enqueue({ account: CHAIN.account }, [textItem('works')]);
    assert.equal(store.history.list({ search: 'works' }).length, 1);
    migrate(database);
    assert.equal(store.history.counts().messages, 1, 'a second time changes nothing');
  });

  test('upgrade an encrypted file on opening its home', async (t) => {
    const path = temporaryFolder(t);
    const home = await openTestHome(t, { path });
    const key = home.key ?? new SecretKey(bytes(32, 0));
    home.close();
    const file = join(path, 'waxwing.db');
    const old = Database.openFile(file, key, path);
    for (const name of ['messages_text', 'messages', 'flights', 'bundles', 'deleted_ids', 'search_index']) {
      old.exec(`DROP TABLE ${name}`);
    }
    old.pragma('user_version = 1');
    old.close();
    const upgraded = await openTestHome(t, { path });
    assert.equal(upgraded.database.pragma('user_version'), all.length);
    assert.equal(upgraded.created, false);
  });

  test('a step that fails leaves the schema before it', () => {
    const database = Database.openMemory('half');
    const broken: Migration = { version: 2, name: 'broken', read: () => 'CREATE TABLE half (a); SELECT nonsense;' };
    assert.throws(() => migrate(database, [all[0]!, broken]));
    assert.equal(database.pragma('user_version'), 1);
    assert.ok(!tables(database).includes('half'));
    migrate(database);
    assert.equal(database.pragma('user_version'), all.length);
  });

  test('a newer database is refused and left alone', async (t) => {
    const path = temporaryFolder(t);
    const home = await openTestHome(t, { path });
    home.database.pragma(`user_version = ${String(all.length + 1)}`);
    home.close();
    const refusal = { code: 'home-too-new', message: /newer version/, next: /Update/ };
    await assert.rejects(openTestHome(t, { path }), refusal);
    await assert.rejects(openTestHome(t, { path, memory: true }), refusal);
  });

  test("another program's database is not touched", () => {
    const database = Database.openMemory('foreign');
    database.exec('CREATE TABLE theirs (a); PRAGMA user_version = 1');
    assert.throws(() => migrate(database), { code: 'home-damaged' });
    assert.deepEqual(tables(database), ['theirs']);
  });
});
