import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { toHex } from '@waxwing/protocol';
import type { ConversationView } from '../src/messenger/messenger.ts';
import { TestMessenger } from './fixtures/messengers.ts';
import { RelayDouble } from './fixtures/relay-double.ts';
import { inRoom, roomOf, roomOfThree, who } from './fixtures/room-of-three.ts';

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
};

interface Invited {
  readonly relay: RelayDouble;
  readonly alice: TestMessenger;
  readonly bob: TestMessenger;
}

/** Alice, whom bob does not know, has let him into her room and said something there; all of that is at bob's. */
async function invited(t: TestContext): Promise<Invited> {
  const relay = new RelayDouble();
  const bob = await TestMessenger.open(t, relay, 'bob');
  const alice = await TestMessenger.open(t, relay, 'alice');
  await alice.messenger.createRoom('tea');
  await alice.messenger.invite(roomOf(alice), who(bob));
  inRoom(alice).post(['hello']);
  await inRoom(alice).flush('sent');
  await allTaken(relay, bob);
  return { relay, alice, bob };
}

async function allTaken(relay: RelayDouble, one: TestMessenger): Promise<void> {
  while (relay.member(one.home.device).mailbox.length > 0) await turns(1);
  await turns(20);
}

const putBy = (relay: RelayDouble, one: TestMessenger): number =>
  relay.stored.filter(({ from }) => toHex(from) === toHex(one.account)).length;
const viewOf = (one: TestMessenger, other: TestMessenger): ConversationView | undefined =>
  one.messenger.conversations().find(({ peer }) => peer !== undefined && toHex(peer.account) === toHex(other.account));
const rooms = (one: TestMessenger): number => one.messenger.conversations().filter(({ room }) => room).length;
/** What was told, but for the relay itself. */
const told = (one: TestMessenger): string[] =>
  one.events.map(({ kind }) => kind).filter((kind) => !['connecting', 'connected', 'caught-up', 'cut'].includes(kind));

suite('who lets whom into a room (§9.6)', () => {
  test('an invitation of a stranger is a request: nothing else is shown, entered or answered until it is accepted', async (t) => {
    const { relay, alice, bob } = await invited(t);
    assert.equal((await bob.until('asks')).invitation, 'tea');
    assert.deepEqual(told(bob), ['asks'], 'and nothing more');
    assert.equal(rooms(bob), 0);
    const view = viewOf(bob, alice);
    assert.deepEqual([view?.request, view?.invitation, view?.unread], [true, 'tea', 0]);
    await bob.restart();
    assert.equal(viewOf(bob, alice)?.invitation, 'tea');
    assert.equal(putBy(relay, bob), 0, 'no receipt for a stranger');
    bob.messenger.accept(alice.account);
    const { room, change, members } = await bob.until('room');
    assert.deepEqual([room.name, change, members], ['tea', 'add', ['me']]);
    assert.deepEqual(await bob.shown(1), ['hello'], 'what came before is held');
    inRoom(bob).post(['thanks']);
    assert.deepEqual(await alice.shown(1), ['thanks']);
    assert.ok(await inRoom(alice).flush('delivered', 5_000));
    assert.deepEqual([viewOf(bob, alice)?.request, viewOf(bob, alice)?.invitation], [undefined, undefined]);
  });

  test('refused, nothing of it is left, and it may be asked again; who is blocked is not heard', async (t) => {
    const { relay, alice, bob } = await invited(t);
    bob.messenger.refuse(alice.account);
    const { store } = bob.home;
    assert.equal(viewOf(bob, alice), undefined);
    assert.deepEqual(store.roomInvitations.list(relay.account), []);
    assert.equal(store.contacts.countRequests(relay.account), 0);
    bob.messenger.accept(alice.account); // of another day: the old invitation is gone
    await turns(50);
    assert.equal(rooms(bob), 0);
    store.contacts.remove(relay.account, alice.account);
    await alice.messenger.remove(roomOf(alice), who(bob));
    await alice.messenger.invite(roomOf(alice), who(bob));
    await bob.until('asks', () => true, bob.events.findIndex(({ kind }) => kind === 'asks') + 1);
    assert.equal(viewOf(bob, alice)?.invitation, 'tea');
    store.peers.block(alice.account);
    inRoom(alice).post(['do you hear me?']);
    await inRoom(alice).flush('sent');
    await allTaken(relay, bob);
    assert.equal(viewOf(bob, alice)?.request, false);
    assert.equal(rooms(bob), 0);
    assert.deepEqual([told(bob).filter((kind) => kind !== 'asks'), bob.texts], [[], []]);
  });

  test('a message that is refused is gone, and its sender may ask again', async (t) => {
    const relay = new RelayDouble();
    const bob = await TestMessenger.open(t, relay, 'bob');
    const alice = await TestMessenger.open(t, relay, 'alice');
    alice.say(bob, 'one');
    await bob.until('request');
    bob.messenger.refuse(alice.account);
    assert.deepEqual(bob.home.store.history.list(), []);
    assert.deepEqual(bob.messenger.conversations(), []);
    alice.say(bob, 'two');
    assert.equal((await bob.until('request', ({ message }) => message.text === 'two')).message.seq, 2);
    bob.messenger.accept(alice.account);
    bob.messenger.refuse(alice.account); // there is none any more
    assert.equal(viewOf(bob, alice)?.request, false);
  });

  test('killed right after the user said yes, the room is entered at the next start', async (t) => {
    const { alice, bob } = await invited(t);
    bob.messenger.accept(alice.account);
    await bob.kill();
    assert.equal(rooms(bob), 0);
    const before = bob.events.length; // the one that was killed may have told something yet
    await bob.connect();
    await bob.until('room', () => true, before);
    await bob.until('message', () => true, before);
    assert.deepEqual(bob.home.store.roomInvitations.list(bob.relay.account), []);
  });

  test('to write to whoever invites is to accept', async (t) => {
    const { alice, bob } = await invited(t);
    bob.say(alice, 'gladly');
    await bob.until('room');
    assert.deepEqual(await alice.shown(1), ['gladly']);
  });

  test('members of a room write to each other there; what one says privately is a request', async (t) => {
    const { relay, bob, carol } = await roomOfThree(t);
    inRoom(carol).post(['to all']);
    assert.deepEqual(await bob.shown(1), ['to all']);
    assert.ok(await inRoom(carol).flush('delivered', 5_000), 'receipts go between members');
    assert.equal(viewOf(bob, carol), undefined);

    carol.say(bob, 'to you alone');
    const asks = await bob.until('asks');
    assert.deepEqual([asks.peer.account, asks.invitation], [carol.account, undefined]);
    await allTaken(relay, bob);
    assert.equal(carol.messenger.conversationOf({ account: bob.account }).pending, 1);
    inRoom(bob).post(['and the room goes on']);
    assert.deepEqual(await carol.shown(1), ['and the room goes on']);
    assert.ok(await inRoom(bob).flush('delivered', 5_000));
    inRoom(carol).post(['both ways']);
    assert.deepEqual(await bob.shown(2), ['to all', 'both ways']);
    assert.equal(bob.events.filter(({ kind }) => kind === 'asks' || kind === 'request').length, 1);
    assert.equal(viewOf(bob, carol)?.request, true);

    bob.messenger.accept(carol.account);
    assert.ok(await carol.delivered(bob));
    assert.deepEqual(await bob.shown(3), ['to all', 'both ways', 'to you alone']);
  });

  test('a member who is refused is a member still', async (t) => {
    const { bob, carol } = await roomOfThree(t);
    carol.say(bob, 'to you alone');
    await bob.until('asks');
    bob.messenger.refuse(carol.account);
    inRoom(carol).post(['to all']);
    assert.deepEqual(await bob.shown(1), ['to all']);
    assert.ok(await inRoom(carol).flush('delivered', 5_000));
    assert.equal(carol.messenger.conversationOf({ account: bob.account }).pending, 1);
  });
});
