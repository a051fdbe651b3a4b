/** What a client believes of a relay's mere words, and what it wants to see. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createPrekeys, decodePrekeyEntry, LONGEST_RETRY, REFUSAL, toHex } from '@waxwing/protocol';
import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';
import { NOW } from '../../protocol/test/fixtures/devices.ts';
import { Backoff } from '../src/connection/backoff.ts';
import { goodbyeFailure, refusalOf } from '../src/relay/relay-failure.ts';
import { memoryHome, TestMessenger } from './fixtures/messengers.ts';
import { RelayDouble } from './fixtures/relay-double.ts';

/** The most that setTimeout takes, ms: above it, it is over at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

suite('a relay’s word', () => {
  test('about when to come again is believed for an hour', () => {
    for (const retry of [2 ** 31, 2 ** 48, Number.MAX_SAFE_INTEGER]) {
      for (const { retry: believed } of [refusalOf(REFUSAL.tooMany, retry), goodbyeFailure({ reason: 1, retry })]) {
        assert.equal(believed, LONGEST_RETRY);
        assert.ok(new Backoff().next(believed) < LONGEST_TIMER);
      }
    }
    assert.equal(refusalOf(REFUSAL.tooMany, 7_000).retry, 7_000);
  });

  test('about a higher prekey counter is no reason to be an old copy; a statement of this device is', async (t) => {
    const relay = new RelayDouble();
    const alice = await TestMessenger.open(t, relay, 'alice');
    const { prekeys } = relay.member(alice.home.device);
    assert.ok(prekeys !== undefined);
    relay.member(alice.home.device).prekeys = { ...prekeys, counter: 9 }; // the number alone
    await alice.restart();
    assert.equal(alice.messenger.relay.connected, true);

    const { statement, signature, entries } = await createPrekeys(p, alice.home.device, { counter: 9, now: NOW });
    const keys = entries.map((entry) => decodePrekeyEntry(entry)).map(({ opk, ek }) => ({ opk, ek }));
    relay.member(alice.home.device).prekeys = { statement, signature, keys, counter: 9, next: 0 };
    alice.line.down();
    alice.line.up();
    const end = await alice.messenger.ended;
    assert.equal(end.how === 'failed' && end.error.code, 'restored-copy');
    assert.equal(alice.messenger.relay.connected, false);
  });

  test('about entries that ran out makes 24 statements a day at most', async (t) => {
    const relay = new RelayDouble();
    const alice = await TestMessenger.open(t, relay, 'alice');
    const { device } = alice.home.device.bundle;
    const channel = relay.channels.get(toHex(relay.mailboxOf(alice.home.device)));
    const say = async (): Promise<void> => {
      channel?.news({ event: 'entries', left: 0 });
      await new Promise((resolve) => setTimeout(resolve, 10));
    };
    // What comes while new ones are on their way there is of those before, and does not count.
    while (alice.home.store.prekeys.held(device).length < 24) await say();
    for (let word = 0; word < 30; word++) await say();
    assert.equal(alice.home.store.prekeys.held(device).length, 24);
  });

  test('noise leaves a thousand rows at most', (t) => {
    const home = memoryHome('alice');
    t.after(() => home.close());
    const { unopened } = home.store;
    for (let n = 0; n < 1_010; n++) {
      const id = new Uint8Array(16);
      new DataView(id.buffer).setUint32(0, n);
      unopened.add({ id, at: NOW + n, account: undefined, code: 'outer', check: 'mac' });
    }
    const kept = unopened.list();
    assert.equal(kept.length, 1_000);
    assert.deepEqual([kept[0]?.at, kept.at(-1)?.at], [NOW + 1_009, NOW + 10]);
  });
});
