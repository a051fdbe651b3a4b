import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { nodePrimitives as p } from '../../protocol/src/primitives/node.ts';
import { isRelayError } from '../src/errors.ts';
import type { Change } from '../src/store/change.ts';
import { CommitQueue } from '../src/store/commit-queue.ts';
import { listMigrations } from '../src/store/sql/migrations.ts';
import { openSqlite } from '../src/store/sql/sqlite.ts';
import type { RelayStore } from '../src/store/store.ts';
import { MemoryStore } from './fixtures/memory-store.ts';
import { temporaryFolder } from './fixtures/running-relay.ts';
import { storeContract } from './fixtures/store-contract.ts';

storeContract('in SQLite', () => openSqlite(':memory:', p).store);
storeContract('in plain maps', () => new MemoryStore(p));

describe('the SQLite file', () => {
  test('is locked, private, and keeps what was committed', async (t) => {
    const file = join(temporaryFolder(t), 'relay.db');
    const { store } = openSqlite(file, p);
    await store.commit([join1]);
    assert.throws(
      () => openSqlite(file, p),
      (error) => isRelayError(error, 'relay-running'),
    );
    assert.equal(statSync(file).mode & 0o777, 0o600);
    await store.close();
    const again = openSqlite(file, p).store;
    assert.equal((await again.totals(1)).users, 1);
    await again.close();
  });

  test('of a newer program is refused', async (t) => {
    const file = join(temporaryFolder(t), 'relay.db');
    await openSqlite(file, p).store.close();
    assert.throws(
      () => openSqlite(file, p, []),
      (error) => isRelayError(error, 'relay-too-new'),
    );
  });

  test('has migrations without gaps that say nothing that only one database understands', () => {
    const all = listMigrations();
    assert.ok(all.length >= 1);
    for (const migration of all) {
      assert.doesNotMatch(
        migration.read(),
        /AUTOINCREMENT|WITHOUT ROWID|STRICT|PRAGMA|BLOB|SERIAL|JSONB/i,
        migration.name,
      );
    }
  });
});

const join1: Change<'join'> = {
  kind: 'join',
  account: new Uint8Array(32),
  device: new Uint8Array(16),
  mailbox: new Uint8Array(32),
  bundle: new Uint8Array(9),
  tokenHash: undefined,
  open: true,
  today: 1,
};

describe('the queue of commits', () => {
  /** A store that notes its groups, and fails where it is told to. */
  function noting(fails: (changes: readonly Change[]) => boolean = () => false) {
    const groups: number[] = [];
    const commit = async (changes: readonly Change[]): Promise<unknown> => {
      await new Promise((resolve) => setImmediate(resolve));
      groups.push(changes.length);
      if (fails(changes)) throw new Error('the disk');
      return changes.map((change) => (change.kind === 'expire' ? { envelopes: change.today } : undefined));
    };
    return { groups, store: { commit } as unknown as Pick<RelayStore, 'commit'> };
  }
  const expire = (today: number) => ({ kind: 'expire', today }) as const;

  test('takes what comes together as one group, in order', async () => {
    const { groups, store } = noting();
    const queue = new CommitQueue(store);
    const outcomes = await Promise.all([1, 2, 3].map((n) => queue.submit(expire(n))));
    assert.deepEqual(outcomes, [{ envelopes: 1 }, { envelopes: 2 }, { envelopes: 3 }]);
    assert.deepEqual(groups, [3]);
    await queue.submit(expire(4));
    assert.deepEqual(groups, [3, 1]);
    await queue.idle();
  });

  test('cuts a group that is too large', async () => {
    const { groups, store } = noting();
    const queue = new CommitQueue(store);
    await Promise.all(Array.from({ length: 1_100 }, (_, n) => queue.submit(expire(n))));
    assert.deepEqual(groups, [512, 512, 76]);
  });

  test('lets one change that fails fail alone', async () => {
    const { store } = noting((changes) => changes.some((change) => change.kind === 'expire' && change.today === 2));
    const queue = new CommitQueue(store);
    const settled = await Promise.allSettled([1, 2, 3].map((n) => queue.submit(expire(n))));
    assert.deepEqual(
      settled.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
  });

  test('misses nothing that is submitted as it ends', async () => {
    const { store } = noting();
    const queue = new CommitQueue(store);
    for (let round = 0; round < 50; round++) {
      await queue.submit(expire(round));
      await queue.submit(expire(round)).then(() => queue.submit(expire(round)));
    }
  });
});
