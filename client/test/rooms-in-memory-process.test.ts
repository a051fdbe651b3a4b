import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { encodeFingerprint } from '@waxwing/protocol';
import { isWaxwingError } from '../src/errors.ts';
import type { RelayConversation } from '../src/messenger/messenger.ts';
import { inRoom, roomOf, roomOfThree, who } from './fixtures/room-of-three.ts';

const names = (of: RelayConversation): string[] =>
  (of.view.room?.members ?? []).map(({ peer, role }) => `${peer === 'me' ? 'me' : peer.fingerprint} ${role}`).sort();

suite('rooms', () => {
  test('what is said in a room comes to all members once, and is delivered when all have it', async (t) => {
    const { alice, bob, carol, relay } = await roomOfThree(t);
    const before = relay.stored.length;
    const [number] = inRoom(alice).post(['hello all']);
    assert.deepEqual(await bob.shown(1), ['hello all']);
    assert.deepEqual(await carol.shown(1), ['hello all']);
    await alice.until('delivered', ({ numbers }) => numbers.includes(number ?? 0));
    assert.equal(relay.stored.slice(before).filter(({ from }) => from === alice.home.device.bundle.account).length, 2);
    const { message } = await bob.until('message');
    assert.equal(message.room?.name, 'tea');
    assert.equal(message.peer.fingerprint, who(alice));
    assert.equal(message.proof.length, 6);
    assert.deepEqual(
      inRoom(bob)
        .history({ search: 'hello' })
        .map(({ body, account }) => [body.length, account && encodeFingerprint(account)]),
      [[9, who(alice)]],
    );
    inRoom(carol).post(['and hello']);
    assert.deepEqual(await bob.shown(2), ['hello all', 'and hello']);
    assert.deepEqual(await alice.shown(1), ['and hello']);
  });

  test('who is taken out is told, and reads nothing that is said after it', async (t) => {
    const { alice, bob, carol, relay } = await roomOfThree(t);
    await alice.messenger.remove(roomOf(alice), who(carol));
    const told = await carol.until('room', ({ change }) => change === 'remove');
    assert.deepEqual(told.members, ['me']);
    assert.equal(inRoom(carol).view.room?.standing, 'removed');
    assert.throws(() => inRoom(carol).post(['still here']), { code: 'not-in-room' });
    const before = relay.stored.length;
    inRoom(alice).post(['without carol']);
    assert.deepEqual(await bob.shown(1), ['without carol']);
    const mailbox = relay.mailboxOf(carol.home.device);
    assert.equal(relay.stored.slice(before).filter((one) => one.mailbox.join() === mailbox.join()).length, 0);
  });

  test('who leaves is left out by whoever sends next; the last admin names another first', async (t) => {
    const { alice, bob, carol } = await roomOfThree(t);
    await assert.rejects(alice.messenger.leaveRoom(roomOf(alice)), (error) => isWaxwingError(error, 'last-admin'));
    await alice.messenger.setRole(roomOf(alice), who(bob), 'admin');
    await bob.until('room', ({ change }) => change === 'role');
    await carol.until('room', ({ change }) => change === 'role');
    await alice.messenger.leaveRoom(roomOf(alice));
    assert.equal(inRoom(alice).view.room?.standing, 'left');
    while (bob.home.store.rooms.load(roomOf(bob)) === undefined) await bob.shown(0);
    await new Promise((resolve) => setTimeout(resolve, 300)); // the word that she leaves is no event of its own
    inRoom(bob).post(['alice is gone']);
    const left = await alice.until('room', ({ change }) => change === 'leave');
    assert.deepEqual(left.members, ['me']);
    assert.deepEqual(await carol.shown(1), ['alice is gone']);
    assert.deepEqual(names(inRoom(carol)), [`${who(bob)} admin`, 'me member'].sort());
    assert.deepEqual(alice.texts, []);
  });

  test('killed at any moment, nobody misses anything or sees it twice', async (t) => {
    const { alice, bob, carol, clock } = await roomOfThree(t);
    inRoom(alice).post(['one']);
    await alice.kill();
    await alice.connect();
    await bob.shown(1);
    await bob.kill();
    inRoom(alice).post(['two']);
    await inRoom(alice).flush('sent');
    await bob.connect();
    await bob.shown(2);
    await carol.shown(2);
    clock.time += 61_000;
    await bob.kill();
    await bob.connect();
    inRoom(bob).post(['three']);
    await carol.shown(3);
    assert.deepEqual(
      [bob.texts, carol.texts],
      [
        ['one', 'two'],
        ['one', 'two', 'three'],
      ],
    );
  });

  test('what one member never got is sent to the room anew, and shown once to everybody', async (t) => {
    const { relay, alice, bob, carol } = await roomOfThree(t);
    carol.line.down();
    const [number = 0] = inRoom(alice).post(['lost on its way']);
    await bob.shown(1);
    await alice.until('sent', ({ numbers }) => numbers.includes(number));
    relay.member(carol.home.device).mailbox.length = 0;
    inRoom(alice).post(['next']);
    await bob.shown(2);
    await carol.connect();
    // Her receipt names what is missing.
    await alice.until('sent-anew', ({ numbers }) => numbers.includes(number));
    assert.deepEqual(await carol.shown(2), ['next', 'lost on its way']);
    const { message } = await carol.until('message');
    assert.equal(message.gap, 1);
    inRoom(alice).post(['last']);
    await bob.shown(3);
    assert.deepEqual(bob.texts, ['lost on its way', 'next', 'last']);
  });
});
