import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PinMismatchError } from '@waxwing/protocol/channel';
import { createDevice, ENVELOPE_STATE, renewDevice, type StoredRow, textOf, toHex } from '@waxwing/protocol/wire';
import { aliceAccount } from '../../protocol/test/fixtures/devices.ts';
import { envelope, idOf, mailboxAt, signedPrekeys } from './fixtures/mail.ts';
import type { RelayClient } from './fixtures/relay-client.ts';
import { alice, bob, carol, NOW, p, runRelay } from './fixtures/running-relay.ts';

/** Numbers of what a deliver event brings. */
async function delivered(client: RelayClient): Promise<number[]> {
  const { envelopes } = await client.event('deliver');
  return envelopes.map(({ id, outer }) => {
    assert.deepEqual(outer.subarray(0, 16), id);
    return new DataView(id.buffer, id.byteOffset).getUint32(12);
  });
}

/** So many, over as many events as it takes. */
async function deliveredInAll(client: RelayClient, count: number): Promise<number[]> {
  const all: number[] = [];
  while (all.length < count) all.push(...(await delivered(client)));
  return all;
}

const numbers = (count: number, from = 1): number[] => Array.from({ length: count }, (_, n) => n + from);

describe('a relay', () => {
  for (const over of ['tcp', 'web-socket'] as const) {
    it(`keeps envelopes in order for who is away, and delivers them until they are confirmed, over ${over}`, async (t) => {
      const relay = await runRelay(t);
      const sender = await relay.member(alice, { over });
      (await relay.member(bob, { over })).cut();
      const mailbox = mailboxAt(relay.account, bob);
      const envelopes = numbers(5).map((n) => envelope(mailbox, n, n === 3 ? 32_768 : 1024));
      assert.deepEqual(await sender.ask({ op: 'put', envelopes }), { op: 'put', codes: [0, 0, 0, 0, 0] });
      const recipient = await relay.call(bob, { over });
      assert.equal((await recipient.event('welcome')).waiting, 5);
      await recipient.ask({ op: 'receive' });
      assert.deepEqual(await deliveredInAll(recipient, 5), [1, 2, 3, 4, 5]);
      await recipient.ask({ op: 'confirm', ids: [idOf(2), idOf(4), idOf(99)] });
      await recipient.ask({ op: 'receive' });
      assert.deepEqual(await deliveredInAll(recipient, 3), [1, 3, 5], 'a new receive begins with the oldest');
      await sender.ask({ op: 'put', envelopes: [envelope(mailbox, 6)] });
      assert.deepEqual(await delivered(recipient), [6], 'and what comes is passed on at once');
      recipient.cut();
      const again = await relay.call(bob, { over });
      await again.ask({ op: 'receive' });
      assert.deepEqual(await deliveredInAll(again, 4), [1, 3, 5, 6], 'and again on another channel');
      await again.ask({ op: 'confirm', ids: [1, 3, 5, 6].map(idOf) });
      const { states } = await sender.ask({ op: 'status', ids: [1, 6].map(idOf) });
      assert.deepEqual(states, [ENVELOPE_STATE.unknown, ENVELOPE_STATE.unknown]);
    });
  }

  it('keeps 64 envelopes unconfirmed, or a megabyte', async (t) => {
    const relay = await runRelay(t);
    const [sender, recipient] = [await relay.member(alice), await relay.member(bob)];
    const mailbox = mailboxAt(relay.account, bob);
    for (let from = 1; from <= 150; from += 50) {
      await sender.ask({ op: 'put', envelopes: numbers(50, from).map((n) => envelope(mailbox, n)) });
    }
    await recipient.ask({ op: 'receive' });
    assert.deepEqual(await deliveredInAll(recipient, 64), numbers(64));
    await recipient.ask({ op: 'status', ids: [idOf(1)] });
    assert.deepEqual(recipient.events, [], 'then it waits');
    await recipient.ask({ op: 'confirm', ids: [idOf(1), idOf(2)] });
    assert.deepEqual(await deliveredInAll(recipient, 2), [65, 66]);
    await recipient.ask({ op: 'confirm', ids: numbers(150).map(idOf) });
    assert.deepEqual(recipient.events, []);
    // Ten of the largest are above a megabyte.
    for (const n of numbers(12, 200)) await sender.ask({ op: 'put', envelopes: [envelope(mailbox, n, 114_688)] });
    assert.deepEqual(await deliveredInAll(recipient, 9), numbers(9, 200));
    await recipient.ask({ op: 'confirm', ids: numbers(4, 200).map(idOf) });
    assert.deepEqual(await deliveredInAll(recipient, 3), numbers(3, 209));
  });

  it('tells who put it what became of an envelope', async (t) => {
    const relay = await runRelay(t);
    const [sender, recipient] = [await relay.member(alice), await relay.member(bob)];
    const mailbox = mailboxAt(relay.account, bob);
    await sender.ask({ op: 'put', envelopes: [envelope(mailbox, 1), envelope(mailbox, 2)] });
    await recipient.ask({ op: 'unopenable', ids: [idOf(2), idOf(7)] });
    assert.deepEqual((await sender.event('status')).notices, [{ id: idOf(2), state: 2 }]);
    assert.deepEqual((await sender.ask({ op: 'status', ids: [1, 2, 3].map(idOf) })).states, [1, 2, 0]);
  });

  it('passes signals to who is there, and keeps none', async (t) => {
    const relay = await runRelay(t);
    const [sender, recipient] = [await relay.member(alice), await relay.member(bob)];
    const { outer } = envelope(mailboxAt(relay.account, bob), 1);
    await sender.ask({ op: 'signal', mailbox: mailboxAt(relay.account, bob), outer });
    assert.deepEqual((await recipient.event('signal')).outer, outer);
    await sender.ask({ op: 'signal', mailbox: mailboxAt(relay.account, carol), outer });
    assert.equal((await relay.served.control.status()).envelopes, 0);
  });

  it('gives entries away, a last resort to who takes many, and tells their owner', async (t) => {
    const relay = await runRelay(t);
    const owner = await relay.member(alice);
    await owner.ask(await signedPrekeys(alice, { now: NOW }));
    const fetch = { op: 'fetch', account: alice.bundle.account, withEntry: true } as const;
    const taker = await relay.member(bob);
    const sizes: number[] = [];
    for (let n = 0; n < 5; n++) sizes.push((await taker.ask(fetch)).sets[0]?.entry.length ?? -1);
    assert.deepEqual(sizes, [1223, 1223, 1223, 0, 0], 'three of one device a day');
    owner.cut();
    const again = await (await relay.call(alice)).event('welcome');
    assert.deepEqual([again.member, again.prekeyCounter, again.entriesLeft], [true, 1, 97]);
    await (await relay.member(alice)).ask(await signedPrekeys(alice, { now: NOW, counter: 2 }));
    assert.equal((await (await relay.call(alice)).event('welcome')).entriesLeft, 100);
  });

  it('shows an account all that it keeps about it', async (t) => {
    const relay = await runRelay(t);
    const client = await relay.member(alice);
    await client.ask(await signedPrekeys(alice, { now: NOW }));
    await client.ask({ op: 'invite', tokenHash: new Uint8Array(32), days: 3 });
    await client.ask({ op: 'put', envelopes: [envelope(mailboxAt(relay.account, alice), 1)] });
    const rows: StoredRow[] = [];
    for (let row = 0; ; ) {
      const page = await client.ask({ op: 'stored', row });
      rows.push(...page.rows);
      if (page.next === 0) break;
      assert.equal(page.next, row + page.rows.length);
      row = page.next;
    }
    const tables = Map.groupBy(rows, ({ table }) => textOf(table));
    assert.deepEqual(
      [...tables].map(([table, { length }]) => `${String(table)} ${String(length)}`),
      ['accounts 1', 'invites 1', 'prekeys 1', 'entries 100', 'envelopes 1'],
    );
  });

  it('takes a renewed certificate, and none that is older', async (t) => {
    const relay = await runRelay(t);
    await relay.member(alice);
    const renewed = await renewDevice(p, {
      account: aliceAccount,
      device: alice,
      now: NOW,
      rotateWrapKey: false,
      newDeviceId: false,
    });
    assert.equal((await (await relay.call(renewed)).event('welcome')).member, true);
    await assert.rejects(relay.call(alice), /failed a check/);
    const asker = await relay.member(bob);
    const { sets } = await asker.ask({ op: 'fetch', account: alice.bundle.account, withEntry: false });
    assert.equal(toHex(sets[0]?.bundle ?? new Uint8Array(0)), toHex(renewed.bundle.bytes));
  });

  it('is refused by a client that expects another key, before that says who it is', async (t) => {
    const relay = await runRelay(t);
    await assert.rejects(relay.call(alice, { relay: bob.bundle.account }), PinMismatchError);
    await relay.logged(/"event":"handshake refused"/);
  });

  it('goes on as the same one after a restart, with everything it acknowledged', async (t) => {
    const first = await runRelay(t);
    const sender = await first.member(alice);
    (await first.member(bob)).cut();
    await sender.ask({ op: 'put', envelopes: [envelope(mailboxAt(first.account, bob), 1)] });
    await first.served.drain();
    assert.equal(await sender.end(), 'closed');
    const second = await runRelay(t, { data: first.data });
    assert.deepEqual([second.served.first, second.account], [false, first.account]);
    const recipient = await second.call(bob);
    assert.deepEqual((await recipient.event('welcome')).waiting, 1);
    await recipient.ask({ op: 'receive' });
    assert.deepEqual(await delivered(recipient), [1]);
  });

  it('writes nothing into its log that names anybody', async (t) => {
    const relay = await runRelay(t);
    const people = [alice, await createDevice(p, aliceAccount, NOW)];
    const client = await relay.member(alice);
    await client.ask({ op: 'claim', name: Buffer.from('redwing') });
    await client.ask({ op: 'put', envelopes: [envelope(mailboxAt(relay.account, alice), 77)] });
    client.raw(new Uint8Array(64).fill(1));
    await client.end();
    await assert.rejects(relay.call(bob, { relay: alice.bundle.account }));
    await relay.served.drain();
    const text = relay.log.join('');
    assert.match(text, /"event":"channel failed"/);
    assert.match(text, /"event":"stopped"/);
    for (const { bundle } of people) {
      for (const secret of [bundle.account, bundle.device, mailboxAt(relay.account, alice), idOf(77)]) {
        for (const form of ['hex', 'base64', 'base64url'] as const) {
          assert.ok(!text.includes(Buffer.from(secret).toString(form)));
        }
      }
    }
    assert.doesNotMatch(text, /redwing|127\.0\.0\.1|"hostname"|"pid"/);
  });
});
