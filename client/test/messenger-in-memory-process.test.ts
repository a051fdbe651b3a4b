import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { toHex } from '@waxwing/protocol';
import { aliceAndBob, TestMessenger } from './fixtures/messengers.ts';
import { RelayDouble } from './fixtures/relay-double.ts';

const kinds = (of: TestMessenger, ...wanted: string[]): string[] =>
  of.events.map(({ kind }) => kind).filter((kind) => wanted.includes(kind));

suite('two members of a relay', () => {
  test('a text arrives once, with its proof, and its sender hears of it', async (t) => {
    const { alice, bob } = await aliceAndBob(t);
    const delivery = await alice.messenger.conversationOf({ account: bob.account }).send('hello');
    assert.deepEqual(delivery, { number: 1, outcome: 'delivered' });
    const { message } = await bob.until('message');
    assert.deepEqual([message.text, message.gap, message.late, message.room], ['hello', 0, false, undefined]);
    assert.equal(message.proof.length, 6);
    assert.deepEqual(kinds(alice, 'sent', 'delivered'), ['sent', 'delivered']);
  });

  test('what is written while the other is away waits at the relay, in order', async (t) => {
    const { alice, bob } = await aliceAndBob(t);
    bob.line.down();
    alice.say(bob, 'one', 'two');
    await alice.messenger.conversationOf({ account: bob.account }).flush('sent');
    alice.say(bob, 'three');
    await alice.messenger.conversationOf({ account: bob.account }).flush('sent');
    await bob.connect();
    assert.deepEqual(await bob.shown(3), ['one', 'two', 'three']);
    assert.ok(await alice.delivered(bob));
    bob.say(alice, 'and back');
    assert.deepEqual(await alice.shown(1), ['and back']);
    assert.ok(await bob.delivered(alice));
  });

  test('what is written without a relay is sent when there is one', async (t) => {
    const relay = new RelayDouble();
    const bob = await TestMessenger.open(t, relay, 'bob');
    const alice = await TestMessenger.open(t, relay, 'alice', { offline: true });
    bob.messenger.accept(alice.account);
    alice.say(bob, 'typed before');
    assert.deepEqual(
      alice.messenger.conversations().map(({ pending }) => pending),
      [1],
    );
    await alice.connect();
    assert.deepEqual(await bob.shown(1), ['typed before']);
  });

  test('many texts share flights, and both sides may be killed in between', async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    const texts = Array.from({ length: 200 }, (_, index) => `text ${String(index)}`);
    alice.say(bob, ...texts.slice(0, 100));
    await bob.shown(1);
    await bob.restart();
    alice.say(bob, ...texts.slice(100));
    await alice.restart();
    assert.deepEqual(await bob.shown(200), texts);
    assert.ok(await alice.delivered(bob));
    const toBob = relay.stored.filter(({ mailbox }) => toHex(mailbox) === toHex(relay.mailboxOf(bob.home.device)));
    assert.ok(toBob.length < 12, `${String(toBob.length)} flights`);
  });

  test('answers that get lost cost nothing: all is put and delivered again, and shown once', async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    relay.losesAnswers = true;
    alice.say(bob, 'once');
    assert.deepEqual(await bob.shown(1), ['once']);
    relay.losesAnswers = false;
    alice.line.down();
    bob.line.down();
    await alice.connect();
    await bob.connect();
    assert.ok(await alice.delivered(bob));
    assert.deepEqual(bob.texts, ['once']);
    while (relay.member(bob.home.device).mailbox.length > 0) await new Promise(setImmediate); // the copy is confirmed
  });

  test('what was on screen is told, unless the reader keeps that to himself', async (t) => {
    const { alice, bob } = await aliceAndBob(t);
    const [number] = alice.say(bob, 'seen?');
    await alice.delivered(bob);
    const { message } = await bob.until('message');
    bob.messenger.conversationOf({ account: alice.account }).markRead(message.number);
    const read = await alice.until('read');
    assert.ok(read.kind === 'read');
    assert.deepEqual(read.numbers, [number]);
    const [last] = alice.messenger.conversationOf({ account: bob.account }).history();
    assert.equal(last?.state, 'read');

    bob.readReceipts = false;
    alice.say(bob, 'and this?');
    await alice.delivered(bob);
    await bob.shown(2);
    bob.messenger.conversationOf({ account: alice.account }).markRead(message.number + 5);
    await bob.messenger.close(500);
    assert.equal(alice.events.filter(({ kind }) => kind === 'read').length, 1);
  });
});
