import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { DAY, toHex, TYPE_QUOTE } from '@waxwing/protocol';
import { aliceAndBob, type TestMessenger } from './fixtures/messengers.ts';
import type { RelayDouble } from './fixtures/relay-double.ts';

const sent = async (from: TestMessenger, to: TestMessenger, text: string): Promise<void> => {
  from.say(to, text);
  await from.messenger.conversationOf({ account: to.account }).flush('sent');
};

const posted = (relay: RelayDouble, to: TestMessenger): number =>
  relay.stored.filter(({ mailbox }) => toHex(mailbox) === toHex(relay.mailboxOf(to.home.device))).length;

/** The relay loses texts of alice's, and then the receipt that says so: `gone` are missing at bob's, and nobody knows. */
async function withGap(relay: RelayDouble, alice: TestMessenger, bob: TestMessenger, gone: readonly string[]) {
  alice.say(bob, 'one');
  await alice.delivered(bob);
  bob.line.down();
  for (const text of gone) await sent(alice, bob, text);
  relay.member(bob.home.device).mailbox.length = 0;
  await sent(alice, bob, 'last');
  alice.line.down();
  const before = posted(relay, alice);
  await bob.connect();
  const { message } = await bob.until('message', ({ message: { text } }) => text === 'last');
  assert.equal(message.gap, gone.length);
  while (posted(relay, alice) === before) await new Promise(setImmediate);
  relay.member(alice.home.device).mailbox.length = 0;
}

suite('flights that are asked for and quoted (§9.6)', () => {
  test('the doctor asks for what is missing, and its signed original takes its place, once', async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    await withGap(relay, alice, bob, ['lost']);
    const report = await bob.messenger.doctor();
    const [missing] = report.findings;
    assert.equal(missing?.cause, 'missing');
    assert.match(missing.sentence, /^1 delivery did not arrive/u);
    assert.match(missing.repaired ?? '', /^1 delivery asked for just now/u);
    const [again] = (await bob.messenger.doctor()).findings;
    assert.match(again?.repaired ?? '', /^Asked for within the last day/u, 'once a day');
    await alice.connect();
    const { message } = await bob.until('message', ({ message: { text } }) => text === 'lost');
    assert.deepEqual([message.late, message.seq, message.gap], ['quoted', 2, 0]);
    assert.deepEqual(
      message.proof.map(({ check }) => check),
      ['freshness', 'signature'],
    );
    assert.ok(await alice.delivered(bob));
    assert.deepEqual(bob.texts, ['one', 'last', 'lost']);
    assert.deepEqual((await bob.messenger.doctor()).findings, []);
    assert.equal(bob.home.store.history.proof(message.number).flight?.seq, 2);
    assert.equal(alice.events.filter(({ kind }) => kind === 'sent-anew').length, 0);
    await bob.restart();
    alice.say(bob, 'after');
    assert.deepEqual(await bob.shown(4), ['one', 'last', 'lost', 'after']);
  });

  test('what its sender has deleted is told to be gone', async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    await withGap(relay, alice, bob, ['regretted']);
    const [, message] = alice.messenger.conversationOf({ account: bob.account }).history();
    assert.ok(message);
    alice.home.store.history.delete(message.number);
    await bob.messenger.doctor();
    await alice.connect();
    while ((await bob.messenger.doctor()).findings.length > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual(bob.texts, ['one', 'last']);
  });

  test('what does not fit a quote is sent anew', async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    const large = 'x'.repeat(60_000);
    await withGap(relay, alice, bob, [large]);
    await bob.messenger.doctor();
    await alice.connect();
    const { message } = await bob.until('message', ({ message: { text } }) => text === large);
    assert.equal(message.late, false);
    await alice.until('sent-anew');
    assert.ok(await alice.delivered(bob));
    assert.deepEqual((await bob.messenger.doctor()).findings, []);
  });

  test('of all that is asked for 64 flights a day are quoted: a receipt brings the others', async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    const texts = Array.from({ length: 70 }, (_, index) => `text ${String(index)}`);
    await withGap(relay, alice, bob, texts);
    await bob.messenger.doctor();
    await alice.connect();
    await bob.shown(72);
    const quoted = bob.events.filter((event) => event.kind === 'message' && event.message.late === 'quoted');
    assert.equal(quoted.length, 64);
    assert.equal(new Set(bob.texts).size, 72);
    assert.ok(await alice.delivered(bob));
  });

  test('a flight is given again once a day, however often it is asked for', async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    await withGap(relay, alice, bob, ['lost']);
    const given: string[] = [];
    const { errands } = alice.home.store;
    const add = errands.add.bind(errands);
    errands.add = (account, item) => {
      given.push(item.type);
      add(account, item);
    };
    for (let times = 0; times < 3; times++) {
      const before = posted(relay, alice);
      await bob.messenger.doctor();
      while (posted(relay, alice) === before) await new Promise(setImmediate);
      bob.clock.time += DAY;
    }
    await alice.connect();
    await bob.until('message', ({ message: { text } }) => text === 'lost');
    assert.ok(await alice.delivered(bob));
    assert.deepEqual(given, [TYPE_QUOTE]);
  });

  test('a quote that is not what it says is refused, counts against nobody, and the doctor tells of it', async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    await withGap(relay, alice, bob, ['lost']);
    const { errands } = alice.home.store;
    const add = errands.add.bind(errands);
    errands.add = (account, item) => {
      const body = Uint8Array.from(item.body);
      body[body.length - 40] = (body[body.length - 40] as number) ^ 1; // a byte of the text
      add(account, { ...item, body });
    };
    await bob.messenger.doctor();
    await alice.connect();
    const { unopenable } = await bob.until('unopenable');
    assert.deepEqual([unopenable.code, unopenable.check], ['quote', 'items']);
    assert.match(unopenable.next, /asked for again/u);
    assert.ok(!bob.texts.includes('lost'));
    assert.equal(bob.events.filter(({ kind }) => kind === 'quarantined').length, 0);
  });
});
