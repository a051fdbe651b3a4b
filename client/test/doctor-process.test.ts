/** What the doctor finds, mends, and leaves to the user, at a relay in memory. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { DAY, ENVELOPE_STATE, REFUSAL, toHex } from '@waxwing/protocol';
import type { FindingCause, Finding } from '../src/messenger/doctor-report.ts';
import { aliceAndBob, TestMessenger } from './fixtures/messengers.ts';
import { RelayDouble } from './fixtures/relay-double.ts';
import { inRoom, roomOf, roomOfThree } from './fixtures/room-of-three.ts';

async function found(of: TestMessenger, cause: FindingCause): Promise<Finding | undefined> {
  return (await of.messenger.doctor()).findings.find((one) => one.cause === cause);
}

async function causes(of: TestMessenger): Promise<readonly FindingCause[]> {
  return (await of.messenger.doctor()).findings.map(({ cause }) => cause);
}

suite('the doctor', { timeout: 60_000 }, () => {
  test('clocks that differ by more than a minute', async (t) => {
    const { relay, alice } = await aliceAndBob(t);
    assert.equal((await alice.messenger.doctor()).clockOffset, 0);
    alice.line.down();
    relay.clockOffset = -5 * 3_600_000;
    await alice.connect();
    const clock = await found(alice, 'clock');
    assert.match(clock?.sentence ?? '', /differ by 5 h: the relay's is behind/u);
    assert.match(clock?.next ?? '', /clock of this machine/u);
    relay.clockOffset = 59_000;
    alice.line.down();
    await alice.connect();
    assert.equal(await found(alice, 'clock'), undefined);
  });

  test('one-time keys: how many are left, and that somebody takes them', async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    assert.equal((await alice.messenger.doctor()).prekeys.today, 1);
    const { device } = alice.home;
    for (let sets = 2; sets <= 4; sets++) {
      const counter = relay.member(device).prekeys?.counter ?? 0;
      const channel = relay.channels.get(toHex(relay.mailboxOf(bob.home.device)));
      for (let taken = 0; taken < 85; taken++) await channel?.fetch(alice.account, true);
      while (relay.member(device).prekeys?.counter === counter) await new Promise(setImmediate);
      const { prekeys } = await alice.messenger.doctor();
      assert.equal(prekeys.today, sets);
    }
    const taken = await found(alice, 'prekeys-taken');
    assert.match(taken?.sentence ?? '', /^4 sets/u);
    assert.match(taken?.next ?? '', /operator/u);
    alice.clock.time += DAY + 1;
    assert.equal(await found(alice, 'prekeys-taken'), undefined);
  });

  test('the sets of one day are counted for each relay by itself', async (t) => {
    const alice = await TestMessenger.open(t, new RelayDouble(), 'alice');
    const { device } = alice.home.device.bundle;
    const [mine] = alice.home.store.prekeys.held(device);
    assert.ok(mine);
    alice.home.store.transaction(() => {
      for (let counter = 2; counter < 30; counter++) {
        const held = { ...mine.held, counter };
        alice.home.store.prekeys.add(device, { ...mine, held, relay: new Uint8Array(32).fill(9) });
      }
    });
    assert.equal((await alice.messenger.doctor()).prekeys.today, 1);
    const counter = alice.relay.member(alice.home.device).prekeys?.counter;
    alice.clock.time += 6 * DAY;
    alice.home.store.transaction(() => {
      for (let one = 30; one < 60; one++) {
        const held = { ...mine.held, counter: one, made: alice.clock.time };
        alice.home.store.prekeys.add(device, { ...mine, held, relay: new Uint8Array(32).fill(9) });
      }
    });
    assert.deepEqual(await causes(alice), ['prekeys-renewed']);
    assert.notEqual(alice.relay.member(alice.home.device).prekeys?.counter, counter);
  });

  test('why messages are held back, until they are not', async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    alice.say(bob, 'one');
    await alice.delivered(bob);
    relay.judgePut = () => REFUSAL.mailboxFull;
    alice.say(bob, 'two');
    await alice.until('held-back');
    for (let more = 0; more < 70; more++) {
      alice.say(bob, `more ${String(more)}`);
      await alice.messenger.doctor();
    }
    const held = await found(alice, 'held-back');
    assert.equal(held?.code, 'mailbox-full');
    assert.equal(held.next, undefined, 'nothing is left to the user');
    relay.judgePut = () => 0;
    alice.line.down();
    await alice.connect();
    assert.ok(await alice.delivered(bob));
    assert.equal(await found(alice, 'held-back'), undefined);
  });

  test('deliveries that are missing are asked for only where they can be', async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    alice.say(bob, 'one');
    await alice.delivered(bob);
    bob.line.down();
    alice.say(bob, 'lost');
    await alice.messenger.conversationOf({ account: bob.account }).flush('sent');
    relay.member(bob.home.device).mailbox.length = 0;
    alice.say(bob, 'last');
    await alice.messenger.conversationOf({ account: bob.account }).flush('sent');
    alice.line.down(); // or a receipt would bring it
    await bob.connect();
    await bob.shown(2);
    bob.line.down();
    const offline = await found(bob, 'missing');
    assert.equal(offline?.repaired, undefined);
    assert.match(offline?.next ?? '', /when the relay is connected/u);
    await bob.connect();
    assert.match((await found(bob, 'missing'))?.repaired ?? '', /asked for just now/u);
    await alice.connect();
    assert.deepEqual(await bob.shown(3), ['one', 'last', 'lost']);
  });

  test('what a relay took and has no more, of which no receipt came, is told after a day', async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    bob.line.down();
    alice.say(bob, 'dropped');
    await alice.messenger.conversationOf({ account: bob.account }).flush('sent');
    relay.member(bob.home.device).mailbox.length = 0;
    for (const notice of relay.notices.values()) notice.state = ENVELOPE_STATE.unknown;
    assert.equal(await found(alice, 'no-receipt'), undefined, 'a receipt may be on its way');
    alice.clock.time += DAY + 1;
    const gone = await found(alice, 'no-receipt');
    assert.match(gone?.sentence ?? '', /^1 delivery that the relay took/u);
    assert.match(gone?.next ?? '', /run the doctor/u);
    bob.clock.time = alice.clock.time;
  });

  test('a lost session, and that another one took its place', async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    alice.say(bob, 'one');
    await alice.delivered(bob);
    bob.line.down();
    alice.say(bob, 'two');
    await alice.messenger.conversationOf({ account: bob.account }).flush('sent');
    const [envelope] = relay.member(bob.home.device).mailbox;
    envelope?.outer.fill(7, 100, 120); // it does not open
    await bob.connect();
    assert.deepEqual(await bob.shown(2), ['one', 'two']);
    const lost = await found(alice, 'session-lost');
    assert.match(lost?.repaired ?? '', /Another one was started/u);
    assert.equal(lost?.next, undefined);
    assert.equal((await bob.messenger.doctor()).unopenable.length, 1);
  });

  test('messages of a room that wait for a state', async (t) => {
    const { relay, alice, bob, carol } = await roomOfThree(t);
    // Alice renames the room; bob is told by nobody, and hears carol speak in a state he does not know.
    bob.line.down();
    await alice.messenger.renameRoom(roomOf(alice), 'coffee');
    await carol.until('room', ({ change }) => change === 'name');
    const mailbox = relay.member(bob.home.device).mailbox;
    while (mailbox.length === 0) await new Promise(setImmediate);
    const kept = mailbox.splice(0);
    inRoom(carol).post(['who is for coffee?']);
    await alice.shown(1);
    alice.line.down();
    carol.line.down();
    await bob.connect();
    const held = await found(bob, 'room-held');
    assert.equal(held?.about, '#tea');
    assert.match(held.sentence, /^1 delivery waits for a state/u);
    bob.line.down();
    assert.match((await found(bob, 'room-held'))?.next ?? '', /when the relay is connected/u);
    mailbox.push(...kept);
    await bob.connect();
    assert.deepEqual(await bob.shown(1), ['who is for coffee?']);
    assert.equal(await found(bob, 'room-held'), undefined);
  });
});
