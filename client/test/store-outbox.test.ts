import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { concat, MAX_BODY, MAX_ITEMS, utf8 } from '@waxwing/protocol';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import fc from 'fast-check';
import { bytes, CHAIN, type Clock, flight, memoryStore, NOW, receivedFlight, textItem } from './fixtures/homes.ts';

const TO = { account: CHAIN.account };
const ADDRESS = { address: '127.0.0.1:8000' };
const point = (seq: number) => ({ seq, hash: bytes(32, seq % 256) });

/** Queues some texts and sends each as a flight of its own; the numbers. */
function sendEach(store: ReturnType<typeof memoryStore>, ...texts: string[]): number[] {
  return texts.map((value) => {
    const [message] = store.outbox.enqueue(TO, [textItem(value)]);
    const seq = store.chains.get(CHAIN).sent.seq + 1;
    store.transaction(() => {
      store.chains.setSent(CHAIN, point(seq));
      store.outbox.markSent([message!.number], flight(seq));
    });
    return message!.number;
  });
}

const states = (store: ReturnType<typeof memoryStore>, ...numbers: number[]): string[] =>
  numbers.map((number) => store.history.get(number).state);

test('what is queued gets its number and its opening at once, and with them its id', () => {
  const { outbox, history } = memoryStore();
  const [first, second] = outbox.enqueue(TO, [textItem('a'), { ...textItem('b'), expiresAt: NOW + 1 }]);
  assert.deepEqual([first!.number, second!.number], [1, 2]);
  assert.notDeepEqual(first!.opening, second!.opening);
  const kept = history.get(1);
  assert.deepEqual(kept.id, nodePrimitives.sha256(concat(first!.opening, utf8('text/plain\n'), utf8('a'))));
  assert.deepEqual([kept.state, kept.account, kept.createdAt], ['queued', CHAIN.account, NOW]);
  for (const queued of [first!, second!]) {
    const { number, opening, type, body, expiresAt } = history.get(queued.number);
    assert.deepEqual({ number, opening, type, body, expiresAt }, queued);
  }
  assert.deepEqual(outbox.nextBatch(TO), [first, second]);
});

test('many that are queued at once keep their order, and their openings', () => {
  const { outbox, history } = memoryStore();
  const queued = outbox.enqueue(
    TO,
    Array.from({ length: 2 * MAX_ITEMS + 11 }, (_, n) => textItem(`text ${n}`)),
  );
  assert.deepEqual(
    queued.map(({ number }) => number),
    queued.map((_, n) => n + 1),
  );
  for (const { number, opening, body } of queued) {
    const kept = history.get(number);
    assert.deepEqual([kept.opening, kept.body], [opening, body]);
  }
});

test('what leaves at once waits for the disk with the commit that sends it, and no other commit does', () => {
  const { outbox, database } = memoryStore();
  const forced = 2; // synchronous = FULL
  const seen: unknown[] = [];
  const transaction = database.transaction.bind(database);
  database.transaction = (run) => {
    seen.push(database.pragma('synchronous'));
    return transaction(run);
  };
  outbox.enqueue(TO, [textItem('typed')], { leavesAtOnce: true });
  outbox.enqueue(TO, [textItem('waits')]);
  assert.throws(() => outbox.acknowledge(CHAIN, 9), { code: 'restored-copy' });
  outbox.markSent([1], flight(1));
  database.transaction(() => outbox.enqueue(TO, [textItem('inside another')], { leavesAtOnce: true }));
  assert.deepEqual(seen, [1, forced, 1, forced, forced, forced]);
  assert.equal(database.pragma('synchronous'), forced);
  assert.deepEqual(outbox.counts(TO), { queued: 2, sent: 1, tooOld: 0 });
});

test('a body over the limit is refused and nothing is queued', () => {
  const { outbox, history } = memoryStore();
  const over = { type: 'text/plain', body: bytes(MAX_BODY + 1, 65) };
  assert.throws(() => outbox.enqueue(TO, [textItem('fine'), over]), { code: 'too-large', message: /61440/ });
  assert.throws(() => outbox.enqueue(TO, [{ type: '', body: bytes(0, 0) }]), { code: 'too-large' });
  assert.throws(() => outbox.enqueue(TO, [{ type: 'x'.repeat(65), body: bytes(0, 0) }]), { code: 'too-large' });
  assert.equal(history.counts().messages, 0);
  outbox.enqueue(TO, [{ type: 'text/plain', body: bytes(MAX_BODY, 65) }]);
  assert.equal(outbox.nextBatch(TO).length, 1);
});

test('text typed before anyone is there waits under its address, and is adopted', () => {
  const { outbox, history } = memoryStore();
  outbox.enqueue(ADDRESS, [textItem('hello?'), textItem('anyone?')]);
  outbox.enqueue({ address: 'server' }, [textItem('elsewhere')]);
  assert.equal(outbox.nextBatch(TO).length, 0);
  assert.equal(outbox.nextBatch(ADDRESS).length, 2);
  assert.deepEqual(outbox.adopt(ADDRESS.address, CHAIN.account), [1, 2]);
  assert.deepEqual(outbox.adopt(ADDRESS.address, CHAIN.account), []);
  assert.equal(outbox.nextBatch(ADDRESS).length, 0);
  assert.deepEqual(
    outbox.nextBatch(TO).map(({ number }) => number),
    [1, 2],
  );
  assert.equal(history.get(1).address, ADDRESS.address);
  assert.deepEqual(outbox.counts(), { queued: 3, sent: 0, tooOld: 0 });
  assert.deepEqual(outbox.counts(TO), { queued: 2, sent: 0, tooOld: 0 });
  assert.deepEqual(outbox.counts({ address: 'server' }), { queued: 1, sent: 0, tooOld: 0 });
});

test('a batch is the longest beginning of the queue that fits one flight', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 80 }), (sizes) => {
      const { outbox } = memoryStore();
      outbox.enqueue(
        TO,
        sizes.map((size) => ({ type: 'text/plain', body: bytes(size, 65) })),
      );
      const batch = outbox.nextBatch(TO);
      const total = (count: number): number => sizes.slice(0, count).reduce((sum, size) => sum + size, 0);
      assert.deepEqual(
        batch.map(({ number }) => number),
        sizes.slice(0, batch.length).map((_, i) => i + 1),
      );
      assert.ok(batch.length <= MAX_ITEMS && total(batch.length) <= MAX_BODY);
      const full = batch.length === sizes.length || batch.length === MAX_ITEMS || total(batch.length + 1) > MAX_BODY;
      assert.ok(full, 'one more would have fitted');
    }),
    { numRuns: 15 },
  );
});

test('a batch reaches no further than its flight is looked for', () => {
  const { outbox, history } = memoryStore();
  const other = { account: bytes(32, 3) };
  const [first] = outbox.enqueue(TO, [textItem('a')]);
  outbox.enqueue(
    other,
    Array.from({ length: 1_000 }, () => textItem('elsewhere')),
  );
  const [far] = outbox.enqueue(TO, [textItem('b')]);
  const numbers = (after: number): number[] => outbox.nextBatch(TO, after).map(({ number }) => number);
  assert.deepEqual([numbers(0), numbers(first!.number)], [[1], [far!.number]]);
  assert.deepEqual([history.counts(TO).messages, outbox.counts(other).queued], [2, 1_000]);
});

test('a flight carries what it was given, whatever else lies between, and loses what is deleted', () => {
  const store = memoryStore();
  const queue = (to: typeof TO, value: string): number => store.outbox.enqueue(to, [textItem(value)])[0]!.number;
  const [a, between, b, c] = [queue(TO, 'a'), queue({ account: bytes(32, 3) }, 'x'), queue(TO, 'b'), queue(TO, 'c')];
  store.chains.setSent(CHAIN, point(1));
  store.outbox.markSent([a, c], flight(1));
  assert.deepEqual(states(store, a, between, b, c), ['sent', 'queued', 'queued', 'sent']);
  assert.deepEqual(store.history.proof(a).flight?.numbers, [a, c]);
  store.history.delete(a);
  assert.deepEqual(store.outbox.counts(TO), { queued: 1, sent: 1, tooOld: 0 });
  assert.deepEqual(store.outbox.markTooOld(CHAIN, 1), [c]);
  assert.deepEqual(store.outbox.resend([c, c]), [c]);
  assert.equal(store.database.prepare<{ n: number }>('SELECT count(*) AS n FROM flights').get()?.n, 0);
  assert.deepEqual(store.outbox.counts(), { queued: 3, sent: 0, tooOld: 0 });
});

describe('acknowledging', () => {
  test('delivers everything up to a seq, on this chain only', () => {
    const store = memoryStore();
    const [a, b, c] = sendEach(store, 'a', 'b', 'c') as [number, number, number];
    assert.deepEqual(store.outbox.acknowledge(CHAIN, 2), [a, b]);
    assert.deepEqual(states(store, a, b, c), ['delivered', 'delivered', 'sent']);
    assert.equal(store.history.get(a).deliveredAt, NOW);
    assert.equal(store.history.proof(a).flight?.outcome, 'accepted');
    assert.equal(store.history.proof(c).flight?.outcome, undefined);
    assert.deepEqual(store.outbox.acknowledge(CHAIN, 2), []);
    assert.deepEqual(store.outbox.acknowledge(CHAIN, 1), []);
    assert.equal(store.chains.get(CHAIN).acknowledged, 2, 'it never falls');
    const elsewhere = { ...CHAIN, peerDevice: bytes(16, 3) };
    store.chains.setSent(elsewhere, point(9));
    assert.deepEqual(store.outbox.acknowledge(elsewhere, 9), []);
    assert.deepEqual(states(store, c), ['sent']);
  });

  test('more than was ever sent means that this home is an old copy', () => {
    const store = memoryStore();
    const [a] = sendEach(store, 'a') as [number];
    assert.throws(() => store.outbox.acknowledge(CHAIN, 2), { code: 'restored-copy', next: /rotate --device/ });
    assert.deepEqual(states(store, a), ['sent']);
    assert.deepEqual(
      store.outbox.acknowledge({ ...CHAIN, ownDevice: bytes(16, 1) }, 0),
      [],
      'a new device begins at 0',
    );
  });
});

describe('after a cut', () => {
  test('what was not acknowledged is queued again with its id, and its seqs are void', () => {
    const clock: Clock = { time: NOW };
    const store = memoryStore(clock);
    const [a, b, c] = sendEach(store, 'a', 'b', 'c') as [number, number, number];
    const before = store.history.get(b);
    store.outbox.acknowledge(CHAIN, 1);
    assert.deepEqual(store.outbox.requeue(CHAIN), { numbers: [b, c], voids: [[2, 3]] });
    assert.deepEqual(states(store, a, b, c), ['delivered', 'queued', 'queued']);
    const batch = store.outbox.nextBatch(TO);
    assert.deepEqual(
      batch.map(({ number }) => number),
      [b, c],
    );
    assert.deepEqual([store.history.get(b).id, batch[0]!.opening], [before.id, before.opening]);
    assert.equal(store.history.proof(b).flight, undefined, 'its flight is gone, a new one will carry it');
    // The second attempt is cut too: the first one's seqs are still void.
    store.chains.setSent(CHAIN, point(4));
    store.outbox.markSent([b, c], flight(4));
    assert.deepEqual(store.outbox.requeue(CHAIN).voids, [[2, 4]]);
    store.chains.setSent(CHAIN, point(5));
    store.outbox.markSent([b, c], flight(5));
    store.outbox.acknowledge(CHAIN, 5);
    assert.deepEqual(store.outbox.requeue(CHAIN), { numbers: [], voids: [] });
  });

  test('a crash between storing and sending leaves a seq that holds nothing', () => {
    const store = memoryStore();
    sendEach(store, 'a');
    store.chains.setSent(CHAIN, point(2));
    store.outbox.acknowledge(CHAIN, 1);
    assert.deepEqual(store.outbox.requeue(CHAIN), { numbers: [], voids: [[2, 2]] });
  });

  test('a new own device sends again what the old one left, and voids nothing of its own', () => {
    const store = memoryStore();
    const numbers = sendEach(store, 'a', 'b');
    const renewed = { ...CHAIN, ownDevice: bytes(16, 77) };
    assert.deepEqual(store.outbox.requeue(renewed), { numbers, voids: [] });
    assert.deepEqual(states(store, ...numbers), ['queued', 'queued']);
  });
});

test('a refusal that is told again changes nothing on the disk', () => {
  const store = memoryStore();
  sendEach(store, 'a');
  const changes = (): unknown => store.database.prepare<{ n: number }>('SELECT total_changes() AS n').get()?.n;
  store.outbox.markTooOld(CHAIN, 1);
  const before = changes();
  store.outbox.markTooOld(CHAIN, 1);
  assert.equal(changes(), before);
});

test('too old on arrival is a state of its own, until the user sends it again', () => {
  const store = memoryStore();
  const [a, b] = sendEach(store, 'a', 'b') as [number, number];
  assert.deepEqual(store.outbox.markTooOld(CHAIN, 1), [a]);
  assert.deepEqual(store.outbox.acknowledge(CHAIN, 2), [b], 'an acknowledgement does not revive it');
  assert.deepEqual(states(store, a, b), ['too-old', 'delivered']);
  assert.equal(store.history.proof(a).flight?.outcome, 'too-old');
  assert.deepEqual(store.outbox.counts(TO), { queued: 0, sent: 0, tooOld: 1 });
  assert.deepEqual(store.outbox.requeue(CHAIN).numbers, []);
  const { opening } = store.history.get(a);
  assert.deepEqual(store.outbox.resend([a, b, 99]), [a]);
  assert.deepEqual(
    store.outbox.nextBatch(TO).map((message) => message.opening),
    [opening],
  );
  assert.deepEqual(store.outbox.counts(TO), { queued: 1, sent: 0, tooOld: 0 });
});

test('only what is queued to this peer becomes sent; what was deleted while it was sealed is passed over', () => {
  const store = memoryStore();
  const [a] = sendEach(store, 'a') as [number];
  const [waiting] = store.outbox.enqueue(ADDRESS, [textItem('no account yet')]);
  const [gone, stays] = store.outbox.enqueue(TO, [textItem('gone'), textItem('stays')]);
  store.history.delete(gone!.number);
  store.outbox.markSent([a, waiting!.number, gone!.number, stays!.number, 99], flight(2));
  assert.deepEqual(states(store, waiting!.number, stays!.number), ['queued', 'sent']);
  assert.deepEqual(store.history.proof(stays!.number).flight?.numbers, [stays!.number]);
  assert.equal(store.history.proof(a).flight?.seq, 1);
});

test('a refusal for age that comes after an acknowledgement counts, and is told again', () => {
  const store = memoryStore();
  const [a] = sendEach(store, 'a') as [number];
  store.outbox.acknowledge(CHAIN, 1);
  assert.deepEqual(store.outbox.markTooOld(CHAIN, 1), [a]);
  assert.deepEqual(store.outbox.markTooOld(CHAIN, 1), []);
  for (const seq of [1, 2, 3]) {
    store.history.receive(receivedFlight(seq, { outcome: seq === 2 ? 'accepted' : 'too-old' }), []);
  }
  assert.deepEqual(store.history.tooOldSeqs(CHAIN), [3, 1]);
  assert.deepEqual(store.history.tooOldSeqs({ ...CHAIN, peerDevice: bytes(16, 1) }), []);
});

test('a number is never used again', () => {
  const store = memoryStore();
  const [a, b] = sendEach(store, 'a', 'b') as [number, number];
  store.history.delete(b);
  const [next] = store.outbox.enqueue(TO, [textItem('c')]);
  assert.deepEqual([a, b, next!.number], [1, 2, 3]);
});
