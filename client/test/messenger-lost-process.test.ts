import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Bytes, DAY, ENVELOPE_STATE, REFUSAL, toHex } from '@waxwing/protocol';
import { WaxwingError } from '../src/errors.ts';
import { aliceAndBob, TestMessenger } from './fixtures/messengers.ts';
import { RelayDouble } from './fixtures/relay-double.ts';

const HOUR = 3_600_000;

/** Changes one byte of what waits in a mailbox. */
function spoil(relay: RelayDouble, of: TestMessenger): void {
  const { mailbox } = relay.member(of.home.device);
  for (const envelope of mailbox) envelope.outer[100] = (envelope.outer[100] as number) ^ 1;
}

const sentTo = (relay: RelayDouble, of: TestMessenger): readonly Bytes[] =>
  relay.stored.filter(({ mailbox }) => toHex(mailbox) === toHex(relay.mailboxOf(of.home.device))).map(({ id }) => id);

suite('what does not arrive (§9.4)', () => {
  test('an envelope that does not open costs its session, and its text comes in another one', async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    alice.say(bob, 'first');
    await alice.delivered(bob);
    bob.line.down();
    alice.say(bob, 'spoilt');
    await alice.messenger.conversationOf({ account: bob.account }).flush('sent');
    spoil(relay, bob);
    await bob.connect();
    const { unopenable } = await bob.until('unopenable');
    assert.deepEqual([unopenable.code, unopenable.check, unopenable.peer], ['outer', 'mac', undefined]);
    assert.deepEqual(await bob.shown(2), ['first', 'spoilt']);
    assert.ok(await alice.delivered(bob));
    const { numbers } = await alice.until('sent-anew');
    assert.deepEqual(numbers, [2]);
    assert.equal((await bob.messenger.doctor()).unopenable.length, 1);
    bob.say(alice, 'and I answer in the new one');
    await alice.shown(1);
    assert.ok(await bob.delivered(alice));
  });

  test('a receipt that is lost is told again: with the next line, and without one', async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    for (const answer of ['with a line', undefined]) {
      alice.line.down();
      bob.say(alice, 'a question');
      await bob.messenger.conversationOf({ account: alice.account }).flush('sent');
      bob.line.down();
      const before = sentTo(relay, bob).length;
      await alice.connect();
      while (sentTo(relay, bob).length === before) await new Promise(setImmediate);
      spoil(relay, bob);
      const seen = bob.events.length;
      await bob.connect();
      await bob.until('unopenable', undefined, seen);
      if (answer !== undefined) alice.say(bob, answer);
      assert.ok(await bob.delivered(alice), answer ?? 'nothing else is said');
      alice.clock.time += HOUR;
    }
  });

  test('who was away when an envelope did not open hears of it on coming back', async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    alice.say(bob, 'first');
    await alice.delivered(bob);
    bob.line.down();
    alice.say(bob, 'spoilt');
    await alice.messenger.conversationOf({ account: bob.account }).flush('sent');
    spoil(relay, bob);
    alice.line.down();
    await bob.connect();
    await bob.until('unopenable');
    await alice.connect();
    assert.deepEqual(await bob.shown(2), ['first', 'spoilt']);
    assert.ok(await alice.delivered(bob));
    assert.deepEqual((await alice.until('sent-anew')).numbers, [2]);
  });

  test('who forges that word costs one start an hour and three tries an item, and the user is told', async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    bob.line.down();
    const [number] = alice.say(bob, 'over and over');
    const conversation = alice.messenger.conversationOf({ account: bob.account });
    for (let tries = 1; tries <= 4; tries++) {
      assert.ok(await conversation.flush('sent', 2_000), `sent ${String(tries)} times`);
      assert.equal(sentTo(relay, bob).length, tries);
      const id = sentTo(relay, bob).at(-1) as Bytes;
      const seen = alice.events.length;
      relay.channels.get(toHex(relay.mailboxOf(alice.home.device)))?.news({
        event: 'status',
        notices: [{ id, state: ENVELOPE_STATE.unopenable }],
      });
      if (tries === 4) break;
      await alice.until('sent-anew', undefined, seen);
      if (tries === 1) continue; // the first new start is free
      await alice.until('held-back', undefined, seen);
      alice.clock.time += HOUR;
      alice.line.down();
      await alice.connect();
    }
    const { numbers, error } = await alice.until('not-delivered');
    assert.deepEqual([numbers, error.code], [[number], 'not-delivered']);
    assert.equal(conversation.pending, 0);
    assert.equal(conversation.history()[0]?.state, 'failed');
    alice.clock.time += HOUR;
    alice.line.down();
    await alice.connect();
    conversation.resend([number as number]);
    await bob.connect();
    assert.deepEqual(await bob.shown(1), ['over and over'], 'of five copies one is shown');
    assert.ok(await alice.delivered(bob));
  });

  test('one entry given to two: the second starts again', async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    const carol = await TestMessenger.open(t, relay, 'carol');
    bob.messenger.accept(carol.account);
    alice.say(bob, 'from alice');
    await alice.delivered(bob);
    const { prekeys } = relay.member(bob.home.device);
    assert.ok(prekeys);
    prekeys.next -= 1;
    carol.say(bob, 'from carol');
    assert.ok(await carol.delivered(bob));
    const { unopenable } = await bob.until('unopenable');
    assert.deepEqual([unopenable.code, unopenable.check], ['start', 'entry']);
    assert.deepEqual(bob.texts, ['from alice', 'from carol']);
  });

  test('without an entry the start is weaker, and both are told', async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    const { prekeys } = relay.member(bob.home.device);
    assert.ok(prekeys);
    prekeys.next = 100;
    alice.say(bob, 'weakly');
    assert.ok(await alice.delivered(bob));
    await alice.until('weak-start');
    await bob.until('weak-start');
  });

  test('few entries are filled up by their owner', async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    const member = relay.member(bob.home.device);
    if (member.prekeys !== undefined) member.prekeys.next = 79;
    alice.say(bob, 'the eightieth');
    assert.ok(await alice.delivered(bob));
    while (member.prekeys?.counter === 1) await new Promise(setImmediate);
    assert.deepEqual([member.prekeys?.counter, member.prekeys?.next], [2, 0]);
  });

  test('what a relay drops is missing, is asked for by the receipt, and sent anew', async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    alice.say(bob, 'one');
    await alice.delivered(bob);
    bob.line.down();
    alice.say(bob, 'dropped');
    await alice.messenger.conversationOf({ account: bob.account }).flush('sent');
    relay.member(bob.home.device).mailbox.length = 0;
    alice.say(bob, 'three');
    await alice.messenger.conversationOf({ account: bob.account }).flush('sent');
    await bob.connect();
    const { message } = await bob.until('message', ({ message: { text } }) => text === 'three');
    assert.equal(message.gap, 1);
    assert.deepEqual(await bob.shown(3), ['one', 'three', 'dropped']);
    assert.ok(await alice.delivered(bob));
    alice.say(bob, 'four');
    await alice.delivered(bob);
    const last = await bob.until('message', ({ message: { text } }) => text === 'four');
    assert.equal(last.message.gap, 0);
  });

  test('what was said over a live channel, never acknowledged, and named as missing is sent anew', async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    alice.say(bob, 'one');
    await alice.delivered(bob);
    bob.line.down();
    alice.say(bob, 'said live');
    await alice.messenger.conversationOf({ account: bob.account }).flush('sent');
    // As a live channel leaves a flight: in the same chain, with nothing of it at any relay.
    const { store } = alice.home;
    const [key] = store.mailboxes.ofAccount(alice.home.device.bundle.device, bob.account);
    assert.ok(key);
    store.posted.remove(store.posted.ofChain(key).map(({ id }) => id));
    relay.member(bob.home.device).mailbox.length = 0;
    alice.say(bob, 'three');
    await alice.messenger.conversationOf({ account: bob.account }).flush('sent');
    await bob.connect();
    assert.deepEqual(await bob.shown(3), ['one', 'three', 'said live']);
    assert.ok(await alice.delivered(bob));
    assert.deepEqual((await alice.until('sent-anew')).numbers, [2]);
  });

  test('what nobody fetched in 30 days goes again when the recipient is back', async (t) => {
    const clock = { time: (await aliceAndBob(t)).alice.clock.time };
    const relay = new RelayDouble();
    const alice = await TestMessenger.open(t, relay, 'alice', { clock });
    const bob = await TestMessenger.open(t, relay, 'bob', { clock });
    alice.messenger.accept(bob.account);
    bob.messenger.accept(alice.account);
    alice.say(bob, 'one');
    await alice.delivered(bob);
    bob.line.down();
    alice.say(bob, 'long ago');
    await alice.messenger.conversationOf({ account: bob.account }).flush('sent');
    clock.time += 31 * DAY;
    relay.member(bob.home.device).mailbox.length = 0;
    for (const notice of relay.notices.values()) notice.state = ENVELOPE_STATE.unknown;
    alice.line.down();
    await alice.connect();
    assert.deepEqual((await alice.until('held-back')).numbers, [2]);
    await bob.connect();
    bob.say(alice, 'I am back');
    assert.deepEqual(await bob.shown(2), ['one', 'long ago']);
    assert.ok(await alice.delivered(bob));
  });

  test('a full mailbox holds back, and what waits goes when there is room', async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    let full = true;
    relay.judgePut = ({ mailbox }) =>
      full && toHex(mailbox) === toHex(relay.mailboxOf(bob.home.device)) ? REFUSAL.mailboxFull : 0;
    const carol = await TestMessenger.open(t, relay, 'carol');
    carol.messenger.accept(alice.account);
    const [number] = alice.say(bob, 'no room');
    const { numbers, error } = await alice.until('held-back');
    assert.deepEqual([numbers, error.code], [[number], 'mailbox-full']);
    const key = alice.home.store.mailboxes.ofAccount(alice.home.device.bundle.device, bob.account)[0];
    assert.ok(key);
    for (let more = 0; alice.home.store.posted.waiting(key) < 64; more++) {
      if (alice.home.store.outbox.counts({ account: bob.account }).queued === 0) alice.say(bob, String(more));
      await new Promise(setImmediate);
    }
    alice.say(carol, 'nobody else waits for that');
    assert.ok(await alice.delivered(carol));
    assert.ok(alice.events.filter(({ kind }) => kind === 'held-back').length < 70, 'it is said once of each');
    full = false;
    assert.ok(await alice.delivered(bob));
    assert.equal(bob.texts[0], 'no room');
  });

  test('a home that cannot keep what came confirms nothing, and has it later', async (t) => {
    const { alice, bob } = await aliceAndBob(t);
    alice.say(bob, 'one');
    await alice.delivered(bob);
    const { store } = bob.home;
    const receive = store.history.receive.bind(store.history);
    store.history.receive = () => {
      throw new WaxwingError('disk-full', 'The disk is full.', 'Free some space.');
    };
    alice.say(bob, 'two');
    assert.equal((await bob.until('storage')).error.code, 'disk-full');
    store.history.receive = receive;
    bob.line.down();
    await bob.connect();
    assert.deepEqual(await bob.shown(2), ['one', 'two']);
    assert.ok(await alice.delivered(bob));
  });

  test('a home that cannot keep what it sealed sends it when it can, and nothing is missing', async (t) => {
    const { alice, bob } = await aliceAndBob(t);
    alice.say(bob, 'one');
    await alice.delivered(bob);
    const { store } = alice.home;
    const add = store.posted.add.bind(store.posted);
    store.posted.add = () => {
      throw new WaxwingError('disk-full', 'The disk is full.', 'Free some space.');
    };
    alice.say(bob, 'two');
    assert.equal((await alice.until('storage')).error.code, 'disk-full');
    assert.equal(store.history.list().at(-1)?.state, 'queued');
    store.posted.add = add;
    alice.line.down();
    await alice.connect();
    assert.ok(await alice.delivered(bob));
    const { message } = await bob.until('message', ({ message: { text } }) => text === 'two');
    assert.equal(message.gap, 0, 'the number that was used up is void');
  });

  test('the doctor says what is missing, mends what he can, and leaves the rest to the user', async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    alice.say(bob, 'one');
    await alice.delivered(bob);
    alice.line.down();
    const offline = await alice.messenger.doctor();
    assert.deepEqual(
      offline.findings.map(({ cause, next }) => [cause, next]),
      [['not-connected', undefined]],
    );
    await alice.connect();
    alice.clock.time += 6 * DAY;
    const counter = relay.member(alice.home.device).prekeys?.counter ?? 0;
    assert.deepEqual(
      (await alice.messenger.doctor()).findings.map(({ cause }) => cause),
      ['prekeys-renewed'],
    );
    assert.equal(relay.member(alice.home.device).prekeys?.counter, counter + 1);
    const well = await alice.messenger.doctor();
    assert.deepEqual([well.connected, well.unopenable, well.findings], [true, [], []]);
    assert.deepEqual([well.prekeys.left, well.prekeys.made], [100, alice.clock.time]);

    relay.members.delete(toHex(bob.account));
    bob.line.down();
    alice.say(bob, 'into the void');
    await alice.until('held-back');
    const [lost, held] = (await alice.messenger.doctor()).findings;
    assert.deepEqual([lost?.cause, held?.cause, held?.code], ['session-lost', 'held-back', 'account-unknown']);
    assert.match(held?.sentence ?? '', /^1 message waits here: /u);
  });
});
