import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { type Bytes, MAX_REQUESTS, REQUESTS_TOLD_EVERY, TYPE_TEXT, utf8 } from '@waxwing/protocol';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import { NOW } from '../../protocol/test/fixtures/devices.ts';
import type { RelayEvent } from '../src/messenger/relay-event.ts';
import { RequestBook } from '../src/messenger/request-book.ts';
import type { Store } from '../src/store/store.ts';
import { memoryHome } from './fixtures/messengers.ts';

const RELAY = new Uint8Array(32);

interface World {
  readonly store: Store;
  readonly book: RequestBook;
  /** With how many the notice was given, each time. */
  readonly told: readonly number[];
}

/** A stranger's device by numbers. */
const from = (account: number, device = 1): { readonly key: Parameters<RequestBook['admit']>[0]['key'] } => ({
  key: { ownDevice: bytes(16, 0), account: bytes(32, account), peerDevice: bytes(16, device) },
});

function bytes(size: number, number: number): Bytes {
  const made = new Uint8Array(size);
  new DataView(made.buffer).setUint32(0, number);
  return made;
}

/** A home with so many requests. */
function world(t: TestContext, waiting: number): World {
  const home = memoryHome('alice');
  const { store } = home;
  const told: number[] = [];
  const place = {
    home,
    store,
    p: nodePrimitives,
    relay: RELAY,
    now: () => NOW,
    observe: (event: RelayEvent): void => {
      if (event.kind === 'requests-full') told.push(event.turnedAway);
    },
  };
  const book = new RequestBook(place, () => false);
  t.after(() => {
    book.stop();
    home.close();
  });
  store.transaction(() => {
    store.relays.join({ account: RELAY, host: 'localhost', port: 1 });
    for (let number = 1; number <= waiting; number++) {
      const { account, peerDevice } = from(number).key;
      store.contacts.add(RELAY, account, 'request');
      store.contacts.setDevice(RELAY, account, peerDevice);
    }
  });
  return { store, book, told };
}

suite('how many requests may wait (§12)', () => {
  test('256 are kept, the 257th is turned away, within a batch and later', (t) => {
    const { store, book } = world(t, MAX_REQUESTS - 2);
    assert.equal(MAX_REQUESTS, 256);
    book.begin();
    assert.equal(book.admit(from(1_000), 'message'), 'kept');
    assert.equal(book.admit(from(1_001), 'message'), 'kept');
    assert.equal(book.admit(from(1_002), 'message'), 'full');
    book.begin(); // the disk failed: none of these is there
    assert.equal(book.admit(from(1_002), 'message'), 'kept');
    store.contacts.add(RELAY, from(1_002).key.account, 'request');
    book.begin();
    assert.equal(book.admit(from(1_003), 'message'), 'kept');
    store.contacts.add(RELAY, from(1_003).key.account, 'request');
    book.begin();
    assert.equal(book.admit(from(1_004), 'message'), 'full');
    assert.equal(book.admit(from(1_004), 'leave'), 'full');
  });

  test('who is blocked, accepted or taken out makes place; unblocked he takes it again', (t) => {
    const { store, book } = world(t, MAX_REQUESTS);
    const admitted = (account: number): string => {
      book.begin();
      return book.admit(from(account), 'message');
    };
    assert.equal(admitted(1_000), 'full');
    store.peers.block(from(1).key.account);
    assert.equal(admitted(1_000), 'kept');
    store.peers.unblock(from(1).key.account);
    assert.equal(admitted(1_000), 'full');
    store.contacts.add(RELAY, from(2).key.account, 'open');
    assert.equal(admitted(1_000), 'kept');
    store.contacts.add(RELAY, from(2).key.account, 'request');
    store.contacts.remove(RELAY, from(3).key.account);
    assert.equal(admitted(1_000), 'kept');
  });

  test('of a request one message is kept, of one device; what asks nothing is none', (t) => {
    const { store, book } = world(t, 1);
    book.begin();
    assert.equal(book.admit(from(1_000), 'nothing'), 'away');
    assert.equal(book.admit(from(1_000), 'leave'), 'kept');
    assert.equal(book.admit(from(1_000), 'leave'), 'later');
    assert.equal(book.admit(from(1_000, 2), 'message'), 'away', 'another device');
    assert.equal(book.admit(from(1_000), 'message'), 'kept', 'nothing of it is kept yet');
    assert.equal(book.admit(from(1_000), 'message'), 'later');
    assert.equal(book.admit(from(1, 2), 'message'), 'away');
    assert.equal(book.admit(from(1), 'message'), 'kept');
    store.history.receive(flightOf(from(1).key), [
      { id: bytes(32, 1), opening: bytes(32, 2), type: TYPE_TEXT, body: utf8('one'), expiresAt: undefined },
    ]);
    book.begin();
    assert.equal(book.admit(from(1), 'message'), 'later');
  });

  test('it is told at once, and then once an hour with how many they were', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { book, told } = world(t, 0);
    for (let count = 0; count < 4; count++) book.turnedAway.show();
    assert.deepEqual(told, [1]);
    t.mock.timers.tick(REQUESTS_TOLD_EVERY - 1);
    assert.deepEqual(told, [1]);
    t.mock.timers.tick(1);
    assert.deepEqual(told, [1, 3]);
    t.mock.timers.tick(REQUESTS_TOLD_EVERY);
    assert.deepEqual(told, [1, 3], 'nothing more came');
    book.turnedAway.show();
    assert.deepEqual(told, [1, 3, 1]);
  });
});

function flightOf(chain: ReturnType<typeof from>['key']): Parameters<Store['history']['receive']>[0] {
  return {
    chain,
    seq: 1,
    statement: bytes(4, 0),
    signature: bytes(256, 0),
    commitments: bytes(32, 0),
    bundle: bytes(4, 0),
    sent: NOW,
    proof: '[]',
    outcome: 'accepted',
    age: 0,
    gap: 0,
  };
}
