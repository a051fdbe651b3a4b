import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DAY } from '@waxwing/protocol';
import {
  alice,
  bob,
  bytes,
  CHAIN,
  type Clock,
  flight,
  memoryStore,
  NOW,
  receivedFlight,
  receivedItem,
  text,
  textItem,
} from './fixtures/homes.ts';
import type { Database } from '../src/store/sqlite/database.ts';
import { SqliteReceivedIds } from '../src/store/sqlite/received-ids.ts';

const WITH_BOB = { account: CHAIN.account };

type MemoryStore = ReturnType<typeof memoryStore>;

/** Receives each text in a flight of its own; the numbers. */
function receiveEach(store: MemoryStore, ...texts: string[]): number[] {
  return texts.map((value) => {
    const seq = (store.chains.get(CHAIN).received?.seq ?? 0) + 1;
    store.chains.setReceived(CHAIN, { seq, hash: bytes(32, 1) });
    return store.history.receive(receivedFlight(seq), [receivedItem(value)])[0] as number;
  });
}

const found = (store: MemoryStore, search: string): string[] =>
  store.history.list({ search }).map(({ body }) => new TextDecoder().decode(body));

describe('receiving', () => {
  test('keeps the items with their flight, unread', () => {
    const store = memoryStore();
    const items = [receivedItem('one'), receivedItem('two')];
    const numbers = store.history.receive(receivedFlight(4, { gap: 2, age: 1500 }), items);
    assert.deepEqual(numbers, [1, 2]);
    const { message, flight: kept } = store.history.proof(2);
    assert.equal(message.state, 'shown');
    assert.deepEqual([message.seq, message.receivedAt, message.unread], [4, NOW, true]);
    assert.deepEqual(message.account, CHAIN.account);
    assert.deepEqual(kept, { ...receivedFlight(4, { gap: 2, age: 1500 }), direction: 'in', numbers: [1, 2] });
    assert.deepEqual(store.history.counts(WITH_BOB), { messages: 2, unread: 2 });
    store.history.markRead(WITH_BOB, 1);
    assert.deepEqual(store.history.counts(), { messages: 2, unread: 1 });
    assert.equal(store.history.get(1).unread, false);
    store.history.markRead(WITH_BOB, 9);
    store.history.markRead(WITH_BOB, 1);
    store.history.receive(receivedFlight(5), [receivedItem('three')]);
    assert.deepEqual(store.history.counts(), { messages: 3, unread: 1 }, 'what comes later is unread');
  });

  test('an id is shown once, whatever is sent again', () => {
    const store = memoryStore();
    const [first, second, third] = [receivedItem('1'), receivedItem('2'), receivedItem('3')];
    store.history.receive(receivedFlight(1), [first, second]);
    assert.deepEqual(store.history.receive(receivedFlight(2), [second, third, third]), [undefined, 3, undefined]);
    assert.equal(store.history.counts().messages, 3);
    const fromAnother = { ...CHAIN, account: bytes(32, 8) };
    assert.deepEqual(store.history.receive(receivedFlight(1, { chain: fromAnother }), [first]), [4], 'per peer');
  });

  test('an id that begins like another is another', () => {
    const store = memoryStore();
    const item = receivedItem('a');
    const twin = { ...receivedItem('b'), id: Uint8Array.from([...item.id.subarray(0, 31), 255]) };
    assert.deepEqual(store.history.receive(receivedFlight(1), [item, twin]), [1, 2]);
  });

  test('is known by its id when that has moved to the large index too', () => {
    const store = memoryStore();
    const items = [receivedItem('a'), receivedItem('b'), receivedItem('c')];
    store.history.receive(receivedFlight(1), items.slice(0, 2));
    const ids = new SqliteReceivedIds(store.database, 3);
    const count = (index: string): unknown =>
      store.database.prepare<{ n: number }>(`SELECT count(*) AS n FROM ${index}`).get()?.n;
    ids.settle();
    assert.deepEqual([count('recent_ids'), count('received_ids')], [2, 0], 'too few to move');
    const [third] = store.history.receive(receivedFlight(2), items.slice(2));
    store.database.exec(`DELETE FROM recent_ids WHERE number = ${String(third)}`);
    ids.add([{ id: items[2]!.id, number: third! }]);
    ids.settle();
    assert.deepEqual([count('recent_ids'), count('received_ids')], [0, 3]);
    const fourth = receivedItem('d');
    const numbers = store.history.receive(receivedFlight(3), [...items, fourth, fourth]);
    assert.deepEqual(numbers, [undefined, undefined, undefined, 4, undefined]);
    store.history.delete(1);
    store.history.delete(4);
    assert.deepEqual([count('recent_ids'), count('received_ids')], [0, 2], 'with the message its id goes');
  });

  test('a received id is looked up in the indexes of ids, and not among all messages of its conversation', () => {
    const { database } = memoryStore();
    const prepared: string[] = [];
    const noting = {
      prepare: (sql: string) => {
        prepared.push(sql);
        return database.prepare(sql);
      },
    };
    const ids = new SqliteReceivedIds(noting as unknown as Database);
    ids.known({ account: CHAIN.account, conversation: 1, author: undefined }, [bytes(32, 1)]);
    const [find = '', ask = ''] = prepared.filter((sql) => sql.includes('SELECT 1 FROM recent_ids'));
    const asked = database.prepare<{ detail: string }>(`EXPLAIN QUERY PLAN ${ask}`).all(bytes(32, 1), CHAIN.account);
    assert.deepEqual(
      asked.map(({ detail }) => detail).filter((detail) => detail.startsWith('SEARCH')),
      [
        'SEARCH recent_ids USING PRIMARY KEY (start=?)',
        'SEARCH received_ids USING PRIMARY KEY (start=?)',
        'SEARCH deleted_ids USING PRIMARY KEY (account=? AND id=?)',
      ],
    );
    const values = new Array<null>(find.split('?').length - 1).fill(null);
    const plan = database.prepare<{ detail: string }>(`EXPLAIN QUERY PLAN ${find}`).all(...values);
    const message = 'SEARCH messages USING INTEGER PRIMARY KEY (rowid=?)';
    const author = 'SEARCH flights USING INTEGER PRIMARY KEY (rowid=?)';
    assert.deepEqual(
      plan.map(({ detail }) => detail).filter((detail) => /^(SEARCH|SCAN)/u.test(detail)),
      [
        'SEARCH recent_ids USING PRIMARY KEY (start=?)',
        message,
        author,
        'SEARCH received_ids USING PRIMARY KEY (start=?)',
        message,
        author,
        'SEARCH deleted_ids USING PRIMARY KEY (account=? AND id=?)',
      ],
    );
  });

  test('a deleted message stays deleted when its sender sends it again', () => {
    const store = memoryStore();
    const item = receivedItem('away with it');
    store.history.receive(receivedFlight(1), [item]);
    store.history.delete(1);
    assert.deepEqual(store.history.receive(receivedFlight(2), [item]), [undefined]);
  });

  test('a flight is received once, and one too old leaves its reason and no message', () => {
    const store = memoryStore();
    store.history.receive(receivedFlight(1, { outcome: 'too-old' }), []);
    assert.throws(() => store.history.receive(receivedFlight(1), []), /UNIQUE/);
    assert.equal(store.history.counts().messages, 0);
  });

  test('an own message with the same id is no obstacle', () => {
    const store = memoryStore();
    const [sent] = store.outbox.enqueue(WITH_BOB, [textItem('hi')]);
    assert.deepEqual(
      store.history.receive(receivedFlight(1), [{ ...receivedItem('hi'), id: store.history.get(sent!.number).id }]),
      [2],
    );
  });
});

describe('listing', () => {
  test('gives the newest, oldest first, by conversation and by page', () => {
    const store = memoryStore();
    receiveEach(store, 'a', 'b', 'c');
    store.outbox.enqueue({ address: 'server' }, [textItem('waiting')]);
    const numbers = (query?: Parameters<typeof store.history.list>[0]): number[] =>
      store.history.list(query).map(({ number }) => number);
    assert.deepEqual(numbers(), [1, 2, 3, 4]);
    assert.deepEqual(numbers({ limit: 2 }), [3, 4]);
    assert.deepEqual(numbers({ limit: 2, before: 3 }), [1, 2]);
    assert.deepEqual(numbers({ conversation: WITH_BOB, limit: 1 }), [3]);
    assert.deepEqual(numbers({ conversation: { address: 'server' } }), [4]);
    assert.deepEqual(numbers({ conversation: { account: bytes(32, 1) } }), []);
    assert.throws(() => store.history.get(5), { code: 'message-unknown' });
    assert.throws(() => store.history.proof(0), { code: 'message-unknown' });
  });

  test('searches words, beginnings, accents, and what has no words', () => {
    const store = memoryStore();
    const grill = 'Grüße vom Grill';
    receiveEach(store, grill, 'meet at 5', '今天天气很好', 'party 🎉', '100% "quoted" - NEAR(\'x\') OR y');
    for (const search of ['grusse', 'grüße', 'GRILL', 'gri', 'vom grill', 'grill vom', ' grill* ']) {
      // ß is a letter of its own in the index.
      assert.deepEqual(found(store, search), search === 'grusse' ? [] : [grill], search);
    }
    assert.deepEqual(found(store, 'grill party'), []);
    assert.deepEqual(found(store, '天气'), ['今天天气很好']);
    assert.deepEqual(found(store, '🎉'), ['party 🎉']);
    assert.equal(found(store, '"quoted" near(').length, 1, 'no syntax, only words');
    assert.equal(found(store, '   ').length, 5, 'nothing asked for is no condition');
    store.outbox.enqueue(WITH_BOB, [textItem('also at 5, later')]);
    assert.equal(found(store, 'at 5').length, 2, 'what came after the last search is found too');
    assert.equal(store.history.list({ search: 'at 5', conversation: { address: 'server' } }).length, 0);
    store.history.receive(receivedFlight(99), [{ ...receivedItem('x'), type: 'image/png', body: text('meet') }]);
    assert.equal(found(store, 'meet').length, 1, 'only text is searched');
  });
});

describe('evidence', () => {
  test('holds what was signed, and the bundle of who signed', () => {
    const store = memoryStore();
    receiveEach(store, 'signed');
    const [own] = store.outbox.enqueue(WITH_BOB, [textItem('mine')]);
    assert.throws(() => store.history.evidenceOf(own!.number), { code: 'no-evidence' });
    assert.throws(() => store.history.evidenceOf(99), { code: 'message-unknown' });
    store.outbox.markSent([own!.number], flight(1));
    const { statement, signature, commitments } = flight(1);
    const same = { statement, signature, commitments, type: 'text/plain' };
    assert.deepEqual(store.history.evidenceOf(1), {
      ...same,
      bundle: bob.bundle.bytes,
      opening: bytes(32, 9),
      body: text('signed'),
    });
    assert.deepEqual(store.history.evidenceOf(own!.number), {
      ...same,
      bundle: alice.bundle.bytes,
      opening: own!.opening,
      body: text('mine'),
    });
  });
});

describe('deleting', () => {
  const SECRET = 'Zwetschgenkuchen';
  const image = (store: MemoryStore): string => store.database.exposeImage().toString('latin1').toLowerCase();

  for (const indexed of [false, true]) {
    test(`takes the text out of every page, ${indexed ? 'after' : 'before'} it was indexed`, () => {
      const store = memoryStore();
      const [first, secret] = receiveEach(store, 'stays', `the ${SECRET} recipe`, `${SECRET.slice(0, 5)} other`) as [
        number,
        number,
      ];
      if (indexed) assert.equal(found(store, SECRET).length, 1);
      assert.ok(image(store).includes(SECRET.toLowerCase()), 'the test can fail');
      store.history.delete(secret);
      assert.ok(!image(store).includes(SECRET.toLowerCase()));
      assert.ok(!image(store).includes('zwetschgenk'));
      assert.deepEqual(found(store, SECRET), []);
      assert.deepEqual(found(store, 'stays').length, 1);
      assert.throws(() => store.history.delete(secret), { code: 'message-unknown' });
      assert.equal(store.history.get(first).number, first);
    });
  }

  test('takes the flight with its last message, and the bundle with its last flight', () => {
    const store = memoryStore();
    const count = (table: string): unknown =>
      store.database.prepare<{ n: number }>(`SELECT count(*) n FROM ${table}`).get()?.n;
    store.history.receive(receivedFlight(1), [receivedItem('a'), receivedItem('b')]);
    store.history.delete(1);
    assert.deepEqual([count('flights'), count('bundles')], [1, 1]);
    assert.deepEqual(store.history.proof(2).flight?.numbers, [2]);
    store.history.delete(2);
    assert.deepEqual([count('flights'), count('bundles')], [0, 0]);
  });

  test('retention deletes the old and the expired, and keeps what is still to be sent', () => {
    const clock: Clock = { time: NOW - 100 * DAY };
    const store = memoryStore(clock);
    const [old] = receiveEach(store, 'old') as [number];
    const [waiting] = store.outbox.enqueue(WITH_BOB, [textItem('old, still to be sent')]);
    clock.time = NOW - DAY;
    const [recent] = receiveEach(store, 'recent') as [number];
    store.history.receive(receivedFlight(50), [{ ...receivedItem('expired'), expiresAt: NOW - 1 }]);
    clock.time = NOW;
    assert.equal(store.history.purge(90 * DAY), 2);
    assert.equal(store.history.purge(90 * DAY), 0);
    assert.deepEqual(
      store.history.list().map(({ number }) => number),
      [waiting!.number, recent],
    );
    assert.ok(!found(store, 'old').includes('old'));
    assert.throws(() => store.history.get(old), { code: 'message-unknown' });
  });
});
