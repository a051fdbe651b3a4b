import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { equalBytes, REFUSAL, toHex } from '@waxwing/protocol';
import { refusalOf } from '../src/relay/relay-failure.ts';
import { TestMessenger } from './fixtures/messengers.ts';
import { RelayDouble } from './fixtures/relay-double.ts';

suite('what waits for the relay', () => {
  test('several mailboxes that take nothing for a while are each tried again', async (t) => {
    const relay = new RelayDouble();
    const alice = await TestMessenger.open(t, relay, 'alice');
    const others = [await TestMessenger.open(t, relay, 'bob'), await TestMessenger.open(t, relay, 'carol')];
    for (const other of others) {
      other.messenger.accept(alice.account);
      alice.say(other, 'first');
      assert.ok(await alice.delivered(other));
    }
    // Each has a pause of its own length, and nothing else happens meanwhile.
    for (let round = 1; round <= 3; round++) {
      const refused = new Set<string>();
      relay.judgePut = ({ mailbox, outer }) => {
        const name = `${toHex(mailbox)}/${String(outer.length)}`;
        if (refused.has(name)) return 0;
        refused.add(name);
        return REFUSAL.mailboxFull;
      };
      for (const other of others) alice.say(other, `round ${String(round)}`);
      for (const other of others) assert.equal((await other.shown(round + 1)).at(-1), `round ${String(round)}`);
    }
  });

  test('who came by a contact link says so, though the first start is refused', async (t) => {
    const relay = new RelayDouble();
    const bob = await TestMessenger.open(t, relay, 'bob');
    const alice = await TestMessenger.open(t, relay, 'alice', { offline: true });
    alice.home.store.contacts.add(relay.account, bob.account, 'open');
    alice.home.store.contacts.setLinkProof(relay.account, bob.account, new Uint8Array(16).fill(1));
    let fetches = 0;
    relay.judgeFetch = (account) => {
      if (!equalBytes(account, bob.account)) return undefined;
      fetches += 1;
      return fetches === 1 ? refusalOf(REFUSAL.tooMany, 1) : undefined;
    };
    await alice.connect();
    while (!relay.stored.some(({ from }) => equalBytes(from, alice.account))) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(fetches, 2);
  });
});
