import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { concat, SecretKey, utf8 } from '@waxwing/protocol';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import { Database } from '../src/store/sqlite/database.ts';
import { listMigrations, type Migration, migrate } from '../src/store/sqlite/migrate.ts';
import { SqliteStore } from '../src/store/sqlite/sqlite-store.ts';
import {
  bob,
  bytes,
  CHAIN,
  NOW,
  openTestHome,
  receivedFlight,
  receivedItem,
  temporaryFolder,
  text,
  textItem,
} from './fixtures/homes.ts';

const all = listMigrations();
const tables = (database: Database, condition = 'TRUE'): string[] =>
  database
    .prepare<{ name: string }>(`SELECT name FROM sqlite_schema WHERE ${condition} ORDER BY name`)
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

/** A database as schema 2 left it: a message in each state, deleted and unread ones, and one that waits under an address. */
function schemaTwo(database: Database): void {
  migrate(database, all.slice(0, 2));
  const { ownDevice, account, peerDevice } = CHAIN;
  database.prepare('INSERT INTO bundles VALUES (1, ?)').run(bob.bundle.bytes);
  const addFlight = database.prepare(
    `INSERT INTO flights VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 900, ?, ?, ?, ?, '{}')`,
  );
  const addMessage = database.prepare(`INSERT INTO messages (number, direction, state, account, address, own_device,
    peer_device, id, opening, type, body, created_at, sent_at, received_at, delivered_at, seq, flight, unread, expires_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'text/plain', ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const devices = [ownDevice, account, peerDevice] as const;
  for (const [row, direction, seq, outcome, age, gap] of [
    [1, 'out', 1, 'accepted', null, 0],
    [2, 'out', 2, 'too-old', null, 0],
    [3, 'in', 5, 'accepted', 7, 2],
    [4, 'out', 3, null, null, 0],
  ] as const) {
    const signed = [text('statement'), bytes(256, 1), bytes(32, 1)] as const;
    addFlight.run(row, direction, ...devices, seq, ...signed, 1_000 + row, outcome, age, gap);
  }
  type Row = readonly [number, 'in' | 'out', string, string, number | null, number | null];
  const rows: readonly Row[] = [
    [1, 'out', 'delivered', 'one', 1, 1],
    [2, 'out', 'delivered', 'two', 1, 1],
    [3, 'in', 'shown', 'read', 3, 5],
    [5, 'in', 'shown', 'unread', 3, 5],
    [6, 'out', 'too-old', 'refused', 2, 2],
    [7, 'out', 'sent', 'under way', 4, 3],
    [8, 'out', 'queued', 'waiting', null, null],
    [9, 'out', 'queued', 'to nobody yet', null, null],
  ];
  for (const [number, direction, state, body, flight, seq] of rows) {
    const incoming = direction === 'in';
    addMessage.run(
      ...[number, direction, state, number === 9 ? null : account, number > 7 ? '127.0.0.1:8000' : null],
      ...(flight === null ? [null, null] : [ownDevice, peerDevice]),
      ...[incoming ? bytes(32, number) : idOf(number, body), bytes(32, number), text(body), 500 + number],
      ...[flight === null || incoming ? null : 1_000 + flight, incoming ? 500 + number : null],
      ...[state === 'delivered' ? 2_000 : null, seq, flight, number === 5 ? 1 : 0, number === 8 ? 9_000 : null],
    );
  }
  addMessage.run(
    40,
    'out',
    'queued',
    account,
    null,
    null,
    null,
    ...[bytes(32, 0), bytes(32, 0), text('x'), 1],
    ...NOTHING,
  );
  database.exec('DELETE FROM messages WHERE number = 40; UPDATE search_index SET up_to = 40');
  database.exec(`INSERT INTO messages_text (rowid, text) SELECT number, CAST(body AS TEXT) FROM messages`);
  database
    .prepare('INSERT INTO chains VALUES (?, ?, ?, 3, ?, 2, 5, ?, 0, NULL)')
    .run(...devices, bytes(32, 1), bytes(32, 2));
}

const NOTHING = [null, null, null, null, null, 0, null] as const;
const idOf = (opening: number, body: string) =>
  nodePrimitives.sha256(concat(bytes(32, opening), utf8('text/plain\n'), utf8(body)));

describe('migrations', () => {
  test('are numbered without gaps', () => {
    assert.ok(all.length >= 2);
    assert.deepEqual(
      all.map(({ name, version }) => [name.slice(0, 5), version]),
      all.map((_, i) => [`${String(i + 1).padStart(4, '0')}-`, i + 1]),
    );
  });

  test('contacts of a home from before members and invitations are what they were', () => {
    const database = Database.openMemory('old');
    migrate(database, all.slice(0, 6));
    const relay = bytes(32, 1);
    database.exec(`INSERT INTO relays VALUES (x'${'01'.repeat(32)}', 'localhost', 1, NULL, 1, 1);
      INSERT INTO contacts VALUES (x'${'01'.repeat(32)}', x'${'02'.repeat(32)}', x'${'03'.repeat(16)}', 'request', 'bob',
        x'${'04'.repeat(16)}', 5)`);
    migrate(database);
    const { contacts } = new SqliteStore(database, () => NOW);
    assert.deepEqual(contacts.list(relay), [
      {
        account: bytes(32, 2),
        device: bytes(16, 3),
        standing: 'request',
        nick: 'bob',
        linkProof: bytes(16, 4),
        since: 5,
      },
    ]);
    assert.equal(contacts.add(relay, bytes(32, 2), 'member').standing, 'member');
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

  test('a state follows from its flight after schema 2, and nothing is lost', () => {
    const database = Database.openMemory('old');
    schemaTwo(database);
    migrate(database);
    assert.deepEqual(database.pragma('foreign_key_check'), undefined);
    const fresh = Database.openMemory('fresh');
    migrate(fresh);
    assert.deepEqual(tables(database), tables(fresh));

    const store = new SqliteStore(database, () => NOW);
    const { outbox, history } = store;
    const about = history
      .list()
      .map(({ number, state, unread, seq, address, createdAt, sentAt, receivedAt, deliveredAt, expiresAt }) => [
        ...[number, state, unread, seq, address],
        ...[createdAt, sentAt, receivedAt, deliveredAt, expiresAt],
      ]);
    const none = undefined;
    const typed = '127.0.0.1:8000';
    assert.deepEqual(about, [
      [1, 'delivered', false, 1, none, 501, 1_001, none, 2_000, none],
      [2, 'delivered', false, 1, none, 502, 1_001, none, 2_000, none],
      [3, 'shown', false, 5, none, 503, none, 503, none, none],
      [5, 'shown', true, 5, none, 505, none, 505, none, none],
      [6, 'too-old', false, 2, none, 506, 1_002, none, none, none],
      [7, 'sent', false, 3, none, 507, 1_004, none, none, none],
      [8, 'queued', false, none, typed, 508, none, none, none, 9_000],
      [9, 'queued', false, none, typed, 509, none, none, none, none],
    ]);
    assert.deepEqual(history.get(9).account, undefined);
    assert.deepEqual([history.get(1).id, history.get(5).id], [idOf(1, 'one'), bytes(32, 5)]);
    assert.deepEqual(history.proof(3).flight?.numbers, [3, 5]);
    assert.deepEqual(history.counts({ account: CHAIN.account }), { messages: 7, unread: 1 });
    assert.deepEqual(outbox.counts({ account: CHAIN.account }), { queued: 1, sent: 1, tooOld: 1 });
    assert.deepEqual(outbox.counts({ address: typed }), { queued: 1, sent: 0, tooOld: 0 });
    assert.deepEqual(history.list({ search: 'under' }).length, 1, 'what was indexed is found');

    assert.deepEqual(outbox.resend([6]), [6]);
    assert.deepEqual(outbox.acknowledge(CHAIN, 3), [7]);
    assert.deepEqual(outbox.adopt(typed, CHAIN.account), [9]);
    const queued = outbox.nextBatch({ account: CHAIN.account }).map(({ number }) => number);
    assert.deepEqual(queued, [6, 8, 9]);
    assert.deepEqual(history.receive(receivedFlight(6), [{ ...receivedItem('again'), id: bytes(32, 3) }]), [undefined]);
    assert.equal(outbox.enqueue({ account: CHAIN.account }, [textItem('new')])[0]?.number, 41, 'no number twice');
  });

  test('upgrade an encrypted file on opening its home', async (t) => {
    const path = temporaryFolder(t);
    const home = await openTestHome(t, { path });
    const key = home.key ?? new SecretKey(bytes(32, 0));
    home.close();
    const file = join(path, 'waxwing.db');
    const old = Database.openFile(file, key, path);
    const first = Database.openMemory('first');
    migrate(first, all.slice(0, 1));
    const kept = new Set(tables(first));
    const later = tables(old, `type = 'table' AND name NOT LIKE 'messages_text_%' AND name NOT LIKE 'sqlite_%'`);
    old.pragma('foreign_keys = OFF');
    for (const name of later.filter((one) => !kept.has(one))) old.exec(`DROP TABLE ${name}`);
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
