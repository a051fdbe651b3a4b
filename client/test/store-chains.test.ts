import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QUARANTINE_AFTER } from '@waxwing/protocol';
import { isWaxwingError } from '../src/errors.ts';
import { bytes, CHAIN, memoryStore, NOW } from './fixtures/homes.ts';

test('a chain begins at 0 and zeros, and keeps its two ends apart', () => {
  const { chains } = memoryStore();
  assert.deepEqual(chains.get(CHAIN), {
    sent: { seq: 0, hash: bytes(32, 0) },
    acknowledged: 0,
    received: undefined,
    failuresBehindHmac: 0,
    quarantinedAt: undefined,
  });
  chains.setSent(CHAIN, { seq: 1, hash: bytes(32, 1) });
  chains.setReceived(CHAIN, { seq: 7, hash: bytes(32, 7) });
  const { sent, received } = chains.get(CHAIN);
  assert.deepEqual(
    { sent, received },
    { sent: { seq: 1, hash: bytes(32, 1) }, received: { seq: 7, hash: bytes(32, 7) } },
  );
  const other = { ...CHAIN, ownDevice: bytes(16, 5) };
  assert.equal(chains.get(other).sent.seq, 0, 'another own device has a chain of its own');
  assert.equal(chains.list(CHAIN.account).length, 1);
  assert.equal(chains.list(bytes(32, 1)).length, 0);
});

test('a seq is used once', () => {
  const { chains } = memoryStore();
  chains.setSent(CHAIN, { seq: 3, hash: bytes(32, 3) });
  for (const seq of [2, 3]) {
    assert.throws(() => chains.setSent(CHAIN, { seq, hash: bytes(32, 9) }), { code: 'home-damaged' });
  }
  chains.setReceived(CHAIN, { seq: 5, hash: bytes(32, 5) });
  assert.throws(() => chains.setReceived(CHAIN, { seq: 5, hash: bytes(32, 6) }), { code: 'home-damaged' });
  assert.deepEqual(chains.get(CHAIN).sent, { seq: 3, hash: bytes(32, 3) });
  assert.deepEqual(chains.get(CHAIN).received, { seq: 5, hash: bytes(32, 5) });
});

test('the eighth failure behind a good HMAC quarantines, once, until released', () => {
  const { chains } = memoryStore();
  const verdicts = Array.from({ length: QUARANTINE_AFTER + 2 }, () => chains.countFailure(CHAIN));
  assert.deepEqual(verdicts.indexOf(true), QUARANTINE_AFTER - 1);
  assert.equal(verdicts.filter(Boolean).length, 1);
  assert.equal(chains.get(CHAIN).quarantinedAt, NOW);
  chains.release(CHAIN);
  const { failuresBehindHmac, quarantinedAt } = chains.get(CHAIN);
  assert.deepEqual({ failuresBehindHmac, quarantinedAt }, { failuresBehindHmac: 0, quarantinedAt: undefined });
});

test('a transaction is all or nothing, nested ones too', () => {
  const store = memoryStore();
  assert.throws(
    () =>
      store.transaction(() => {
        store.settings.set('nick', 'lost');
        throw new Error('no');
      }),
    /^Error: no$/,
  );
  assert.equal(store.settings.get('nick'), undefined);
  const result = store.transaction(() => {
    store.settings.set('nick', 'kept');
    assert.throws(() =>
      store.transaction(() => {
        store.settings.set('nick', 'inner');
        throw new Error('inner');
      }),
    );
    return 42;
  });
  assert.equal(result, 42);
  assert.equal(store.settings.get('nick'), 'kept');
});

test('settings are set, listed and deleted', () => {
  const { settings } = memoryStore();
  settings.set('nick', 'al');
  settings.set('nick', 'alice');
  settings.set('keep-days', '90');
  assert.deepEqual(
    [...settings.list()],
    [
      ['keep-days', '90'],
      ['nick', 'alice'],
    ],
  );
  settings.delete('nick');
  assert.equal(settings.get('nick'), undefined);
});

test('a full disk is a typed error that leaves everything as it was', () => {
  const store = memoryStore();
  store.settings.set('nick', 'alice');
  store.database.pragma(`max_page_count = ${String(store.database.pragma('page_count'))}`);
  assert.throws(
    () => store.settings.set('big', 'x'.repeat(100_000)),
    (error) => isWaxwingError(error, 'disk-full') && error.next !== '',
  );
  assert.throws(
    () =>
      store.transaction(() =>
        store.outbox.enqueue({ address: 'a' }, [{ type: 'text/plain', body: bytes(60_000, 65) }]),
      ),
    { code: 'disk-full' },
  );
  assert.deepEqual([...store.settings.list()], [['nick', 'alice']]);
  assert.equal(store.history.counts().messages, 0);
});
