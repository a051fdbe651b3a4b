import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { type Bytes, decodeRoomRecord, equalBytes, REFUSAL, toHex } from '@waxwing/protocol';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import { refusalOf } from '../src/relay/relay-failure.ts';
import type { TestMessenger } from './fixtures/messengers.ts';
import { inRoom, roomOf, roomOfThree, type ThreeInARoom, three, who } from './fixtures/room-of-three.ts';

const tooFast = (): Error => refusalOf(REFUSAL.tooMany, 10);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The relay takes nothing for this one until the result is called. */
function shut({ relay }: ThreeInARoom, of: TestMessenger): () => void {
  const box = toHex(relay.mailboxOf(of.home.device));
  relay.judgePut = ({ mailbox }) => (toHex(mailbox) === box ? REFUSAL.mailboxFull : 0);
  return () => {
    relay.judgePut = () => 0;
  };
}

/** The first so many fetches of this one's keys fail. */
function failFetches({ relay }: ThreeInARoom, of: TestMessenger, count: number): () => number {
  let failed = 0;
  relay.judgeFetch = (account) => {
    if (failed >= count || !equalBytes(account, of.account)) return undefined;
    failed += 1;
    return tooFast();
  };
  return () => failed;
}

/** Whether a flight that says what came of others in the room is on its disk. */
function hasSaid(one: TestMessenger): boolean {
  const stored = one.home.store.rooms.load(roomOf(one));
  const authors = stored === undefined ? [] : decodeRoomRecord(nodePrimitives, stored).authors;
  return authors.length > 0 && authors.every(({ news }) => !news);
}

/** Carol has written in a room of alice's, and bob has that before he has the state that let her in; alice is away. */
async function carolFirst(t: TestContext, options: { readonly bobKnowsTheRoom: boolean }): Promise<ThreeInARoom> {
  const world = await three(t);
  const { alice, bob, carol } = world;
  await alice.messenger.createRoom('tea');
  let open: (() => void) | undefined;
  if (!options.bobKnowsTheRoom) open = shut(world, bob);
  await alice.messenger.invite(roomOf(alice), who(bob));
  if (options.bobKnowsTheRoom) {
    await bob.until('room');
    open = shut(world, bob);
  }
  await alice.messenger.invite(roomOf(alice), who(carol));
  await carol.until('room');
  alice.line.down();
  open?.();
  inRoom(carol).post(['from carol']);
  await inRoom(carol).flush('sent');
  const { mailbox } = world.relay.member(bob.home.device);
  while (mailbox.length > 0) await turn();
  return world;
}

suite('what comes to a room too early', () => {
  test('a message of somebody new is shown when the state comes, though he says nothing more', async (t) => {
    const { alice, bob } = await carolFirst(t, { bobKnowsTheRoom: true });
    assert.equal(inRoom(bob).view.room?.held, 1);
    await alice.connect();
    assert.deepEqual(await bob.shown(1), ['from carol']);
    assert.equal(inRoom(bob).view.room?.held, 0);
  });

  test('a relay that refuses keys for a while ends nothing: it is asked again', async (t) => {
    const world = await carolFirst(t, { bobKnowsTheRoom: false });
    const { alice, bob, carol } = world;
    const failed = failFetches(world, carol, 2);
    await alice.connect();
    assert.deepEqual(await bob.shown(1), ['from carol']);
    assert.equal(failed(), 2);
    inRoom(carol).post(['more']);
    assert.deepEqual(await bob.shown(2), ['from carol', 'more'], 'he is still there');
  });

  test('a relay that refuses the keys a state needs is no disk that fails: the state comes again', async (t) => {
    const world = await roomOfThree(t);
    const { alice, bob, carol } = world;
    const { mailbox } = world.relay.member(carol.home.device);
    carol.line.down();
    await bob.messenger.leaveRoom(roomOf(bob));
    const fromBob = (id: Bytes): boolean =>
      world.relay.stored.some((one) => equalBytes(one.id, id) && equalBytes(one.from, bob.account));
    while (!mailbox.some(({ id }) => fromBob(id))) await turn();
    mailbox.length = 0; // his own word of it is lost, so that she has never heard of him
    while (inRoom(alice).view.room?.members.length === 3) {
      inRoom(alice).post(['is he gone?']);
      await inRoom(alice).flush('sent');
    }
    const failed = failFetches(world, bob, 2);
    await carol.connect();
    await carol.until('room', ({ change }) => change === 'leave');
    assert.equal(failed(), 2);
    assert.ok(!carol.events.some(({ kind }) => kind === 'storage'));
  });

  test('what was not opened when the program ended is opened after its next start', async (t) => {
    const world = await carolFirst(t, { bobKnowsTheRoom: false });
    const { alice, bob, carol } = world;
    const failed = failFetches(world, carol, Number.POSITIVE_INFINITY);
    await alice.connect();
    await bob.until('room', ({ room }) => room.members.length === 3);
    while (failed() === 0) await turn();
    await bob.kill();
    failFetches(world, carol, 0);
    await bob.connect();
    assert.deepEqual(await bob.shown(1), ['from carol']);
  });

  test('a state that was lost is asked for after the next start too', async (t) => {
    const world = await carolFirst(t, { bobKnowsTheRoom: true });
    const { relay, alice, bob } = world;
    const open = shut(world, alice); // his question does not come to her
    await bob.kill();
    const { mailbox } = relay.member(bob.home.device);
    bob.line.down();
    await alice.connect();
    while (mailbox.length === 0) await turn();
    mailbox.length = 0;
    open();
    await bob.connect();
    assert.deepEqual(await bob.shown(1), ['from carol']);
  });
});

suite('what goes to a room', () => {
  test('waits as long as the relay refuses the keys of a member, and goes then', async (t) => {
    const world = await roomOfThree(t);
    const { bob, carol } = world;
    const failed = failFetches(world, carol, 2);
    inRoom(bob).post(['from bob']);
    assert.deepEqual(await carol.shown(1), ['from bob']);
    assert.equal(failed(), 2);
  });

  test('is sent when the others have it, where the mailbox of one is gone', async (t) => {
    const { relay, alice, bob, carol } = await roomOfThree(t);
    const box = toHex(relay.mailboxOf(carol.home.device));
    relay.judgePut = ({ mailbox }) => (toHex(mailbox) === box ? REFUSAL.mailboxUnknown : 0);
    const [number] = inRoom(alice).post(['one of you is gone']);
    await alice.until('sent', ({ numbers }) => numbers.includes(number ?? 0));
    assert.ok(await inRoom(alice).flush('sent', 0));
    assert.deepEqual(await bob.shown(1), ['one of you is gone']);
  });

  test('is delivered though the first word of it was lost', async (t) => {
    const { relay, clock, alice, bob, carol } = await roomOfThree(t);
    const { mailbox } = relay.member(alice.home.device);
    const numbers = inRoom(alice).post(['have you got it?']);
    await inRoom(alice).flush('sent');
    alice.line.down();
    await Promise.all([bob.shown(1), carol.shown(1)]);
    for (const one of [bob, carol]) {
      while (!hasSaid(one)) await turn();
      await one.messenger.conversationOf({ account: alice.account }).flush('sent');
    }
    for (const { outer } of mailbox) outer[100] = (outer[100] as number) ^ 1;
    clock.time += 3_600_000; // a session is started anew once an hour
    await alice.connect();
    await alice.until('delivered', (event) => numbers.every((number) => event.numbers.includes(number)));
  });
});
