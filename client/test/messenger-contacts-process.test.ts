import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { contactProof, decodeRelayLink, encodeFingerprint, toHex } from '@waxwing/protocol';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import { isWaxwingError } from '../src/errors.ts';
import type { ChainKey } from '../src/store/chain.ts';
import { aliceAndBob, TestMessenger } from './fixtures/messengers.ts';
import { RelayDouble } from './fixtures/relay-double.ts';

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
};

const chainTo = (from: TestMessenger, to: TestMessenger): ChainKey => ({
  ownDevice: from.home.device.bundle.device,
  account: to.account,
  peerDevice: to.home.device.bundle.device,
});

suite('who writes to whom (§9.6)', () => {
  test('a stranger has one message kept and no answer, until he is accepted; then all of it arrives', async (t) => {
    const relay = new RelayDouble();
    const bob = await TestMessenger.open(t, relay, 'bob');
    const alice = await TestMessenger.open(t, relay, 'alice');
    const toBob = alice.messenger.conversationOf({ account: bob.account });
    alice.say(bob, 'do you know me?');
    const { message } = await bob.until('request');
    assert.equal(message.text, 'do you know me?');
    assert.equal(bob.home.store.peers.list().length, 0, 'a stranger is no peer');
    for (const text of ['hello?', 'anybody?']) {
      alice.say(bob, text);
      await toBob.flush('sent');
      while (relay.member(bob.home.device).mailbox.length > 0) await turns(1); // confirmed all the same
    }
    assert.equal(toBob.pending, 3);
    assert.equal(relay.member(alice.home.device).mailbox.length, 0, 'nothing was answered');
    assert.deepEqual(bob.texts, []);
    const [view] = bob.messenger.conversations();
    assert.deepEqual([view?.request, view?.unread], [true, 1]);
    await bob.restart();
    bob.messenger.accept(alice.account);
    alice.say(bob, 'thanks');
    assert.ok(await alice.delivered(bob));
    assert.deepEqual([...bob.texts].sort(), ['anybody?', 'hello?', 'thanks']);
    assert.equal(bob.messenger.conversations()[0]?.request, false);
    assert.equal(bob.events.filter(({ kind }) => kind === 'request').length, 1);
  });

  test('of a stranger who says several things at once the first is kept, and the others come once he is accepted', async (t) => {
    const relay = new RelayDouble();
    const bob = await TestMessenger.open(t, relay, 'bob');
    const alice = await TestMessenger.open(t, relay, 'alice', { offline: true });
    alice.say(bob, 'one', 'two', 'three', 'four');
    await alice.connect();
    assert.equal((await bob.until('request')).message.text, 'one');
    await alice.messenger.conversationOf({ account: bob.account }).flush('sent');
    while (relay.member(bob.home.device).mailbox.length > 0) await turns(1);
    assert.equal(bob.messenger.conversationOf({ account: alice.account }).history().length, 1);
    assert.equal(relay.member(alice.home.device).mailbox.length, 0, 'nothing was answered');
    await bob.restart();
    bob.messenger.accept(alice.account);
    assert.ok(await alice.delivered(bob), 'without another word of hers');
    assert.deepEqual([...bob.texts].sort(), ['four', 'three', 'two']);
  });

  test('of a stranger whose first flight holds several messages nothing is kept but that he asks', async (t) => {
    const relay = new RelayDouble();
    const bob = await TestMessenger.open(t, relay, 'bob');
    const alice = await TestMessenger.open(t, relay, 'alice', { offline: true });
    alice.home.store.chains.setSent(chainTo(alice, bob), { seq: 2, hash: new Uint8Array(32) }); // no first flights any more
    alice.say(bob, 'one', 'two');
    await alice.connect();
    assert.deepEqual((await bob.until('asks')).peer.account, alice.account);
    const [view] = bob.messenger.conversations();
    assert.deepEqual([view?.request, view?.unread], [true, 0]);
    alice.say(bob, 'three');
    assert.equal((await bob.until('request')).message.text, 'three', 'there is place for a message yet');
    bob.messenger.accept(alice.account);
    assert.ok(await alice.delivered(bob));
    assert.deepEqual([...bob.texts].sort(), ['one', 'two']);
  });

  test('where no more requests can wait a stranger is turned away whole, and heard once there is place', async (t) => {
    const relay = new RelayDouble();
    const bob = await TestMessenger.open(t, relay, 'bob');
    const alice = await TestMessenger.open(t, relay, 'alice');
    const { store, device } = bob.home;
    const stranger = (number: number): Uint8Array<ArrayBuffer> => new Uint8Array(32).fill(number, 0, 2).fill(1, 2);
    store.transaction(() => {
      for (let number = 0; number < 256; number++) store.contacts.add(relay.account, stranger(number), 'request');
    });
    const entries = (): number => store.prekeys.held(device.bundle.device)[0]?.held.entries.length ?? 0;
    const before = entries();
    for (const text of ['one', 'two']) {
      alice.say(bob, text);
      await alice.messenger.conversationOf({ account: bob.account }).flush('sent');
      while (relay.member(device).mailbox.length > 0) await turns(1); // confirmed: it blocks nobody
    }
    assert.equal((await bob.until('requests-full')).turnedAway, 1);
    assert.equal(bob.events.filter(({ kind }) => kind === 'requests-full').length, 1);
    assert.deepEqual(store.mailboxes.ofAccount(device.bundle.device, alice.account), []);
    assert.equal(entries(), before, 'no key was used up');
    assert.equal(store.contacts.get(relay.account, alice.account), undefined);
    assert.equal(bob.events.filter(({ kind }) => kind === 'request' || kind === 'unopenable').length, 0);
    store.peers.block(stranger(7));
    alice.say(bob, 'three');
    assert.equal((await bob.until('request')).message.text, 'three');
    bob.messenger.accept(alice.account);
    assert.ok(await alice.delivered(bob));
    assert.deepEqual([...bob.texts].sort(), ['one', 'two']);
  });

  test('who is blocked is not heard, and nothing is written to him; unblocked, what he wrote arrives', async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    alice.say(bob, 'one');
    await alice.delivered(bob);
    bob.home.store.peers.block(alice.account);
    alice.say(bob, 'two');
    await alice.messenger.conversationOf({ account: bob.account }).flush('sent');
    while (relay.member(bob.home.device).mailbox.length > 0) await turns(1);
    assert.deepEqual(bob.texts, ['one']);
    assert.throws(() => bob.say(alice, 'no'), { code: 'peer-blocked' });
    bob.home.store.peers.unblock(alice.account);
    alice.say(bob, 'three');
    assert.ok(await alice.delivered(bob));
    assert.deepEqual(bob.texts, ['one', 'three', 'two']);
  });

  test('both start at once: all arrives, and both go on in one session', async (t) => {
    const { alice, bob } = await aliceAndBob(t);
    alice.line.down();
    bob.line.down();
    alice.say(bob, 'from alice');
    bob.say(alice, 'from bob');
    alice.line.up();
    bob.line.up();
    assert.ok((await alice.delivered(bob)) && (await bob.delivered(alice)));
    alice.say(bob, 'again');
    bob.say(alice, 'and again');
    assert.ok((await alice.delivered(bob)) && (await bob.delivered(alice)));
    assert.deepEqual(
      [alice.texts, bob.texts],
      [
        ['from bob', 'and again'],
        ['from alice', 'again'],
      ],
    );
    assert.equal(alice.events.filter(({ kind }) => kind === 'unopenable' || kind === 'sent-anew').length, 0);
  });

  test('a new device of a known account is told, and has what the old one never confirmed', async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    alice.say(bob, 'hello');
    await alice.delivered(bob);
    bob.say(alice, 'hello too');
    await bob.delivered(alice);
    alice.line.down();
    bob.say(alice, 'for whoever comes');
    await bob.messenger.conversationOf({ account: alice.account }).flush('sent');
    const [old] = relay.stored.slice(-1);
    const second = await TestMessenger.open(t, relay, 'aliceSecond');
    second.messenger.accept(bob.account);
    relay.channels
      .get(toHex(relay.mailboxOf(bob.home.device)))
      ?.news({ event: 'status', notices: [{ id: old!.id, state: 3 }] });
    assert.deepEqual(await second.shown(1), ['for whoever comes']);
    assert.ok(await bob.delivered(second));
    assert.deepEqual((await bob.until('new-device')).peer.account, alice.account);
    second.say(bob, 'it is me');
    assert.deepEqual(await bob.shown(2), ['hello', 'it is me']);
  });

  test('a device that comes with a start of its own is written to from then on', async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    alice.say(bob, 'hello');
    await alice.delivered(bob);
    alice.line.down();
    const second = await TestMessenger.open(t, relay, 'aliceSecond');
    second.say(bob, 'a new machine');
    await bob.until('new-device');
    assert.deepEqual(await bob.shown(2), ['hello', 'a new machine']);
    bob.say(second, 'welcome');
    assert.deepEqual(await second.shown(1), ['welcome']);
  });

  test('a name that answers with another account is CHANGED, and nothing is sent', async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    await bob.messenger.claim('bob');
    const conversation = await alice.messenger.open('@bob');
    assert.deepEqual([conversation.view.title, alice.messenger.titleOf(bob.account)], ['@bob', '@bob']);
    alice.line.down();
    assert.equal((await alice.messenger.open('@bob')).view.title, '@bob', 'a pinned name needs no relay');
    await assert.rejects(alice.messenger.open('@carol'), { code: 'not-connected' });
    await alice.connect();
    await assert.rejects(alice.messenger.open('@nobody'), { code: 'name-unknown' });
    const carol = await TestMessenger.open(t, relay, 'carol');
    relay.member(bob.home.device).name = undefined;
    await carol.messenger.claim('bob');
    await assert.rejects(alice.messenger.open('@bob'), (error) => isWaxwingError(error, 'peer-changed'));
    assert.equal((await alice.until('changed')).name, '@bob');
    const fingerprint = encodeFingerprint(bob.account);
    assert.equal((await alice.messenger.open(fingerprint)).view.title, '@bob');
    assert.equal((await alice.messenger.open(fingerprint.slice(0, 14))).view.title, '@bob');
  });

  test('a name that its owner gave up goes on meaning him, and the user is told', async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    await bob.messenger.claim('bob');
    await alice.messenger.open('@bob');
    relay.member(bob.home.device).name = undefined;
    const { view } = await alice.messenger.open('@bob');
    assert.deepEqual([view.title, view.peer?.account], ['@bob', bob.account]);
    const { name, peer } = await alice.until('name-given-up');
    assert.deepEqual([name, peer.account], ['@bob', bob.account]);
    await assert.rejects(alice.messenger.open('@carol'), { code: 'name-unknown' });
  });

  test('a contact link is good once; whoever comes by it again is a stranger', async (t) => {
    const relay = new RelayDouble();
    const alice = await TestMessenger.open(t, relay, 'alice');
    const { secret } = decodeRelayLink(await alice.messenger.createContactLink(7));
    const proof = contactProof(nodePrimitives, secret!);
    const bob = await TestMessenger.open(t, relay, 'bob');
    const carol = await TestMessenger.open(t, relay, 'carol');
    for (const { home } of [bob, carol]) {
      home.store.contacts.add(relay.account, alice.account, 'open');
      home.store.contacts.setLinkProof(relay.account, alice.account, proof);
    }
    bob.say(alice, 'you gave me a link');
    assert.ok(await bob.delivered(alice));
    assert.deepEqual(alice.texts, ['you gave me a link']);
    assert.deepEqual((await alice.until('link-used')).again, false);
    bob.say(alice, 'and again');
    assert.ok(await bob.delivered(alice));
    assert.equal(
      bob.home.store.contacts.get(relay.account, alice.account)?.linkProof,
      undefined,
      'told until it is known',
    );
    carol.say(alice, 'me too');
    assert.equal((await alice.until('request')).message.text, 'me too');
    const again = await alice.until('link-used', (event) => event.again);
    assert.deepEqual(again.peer.account, carol.account);
    assert.equal(alice.events.filter(({ kind }) => kind === 'link-used').length, 2);
  });

  test('a contact link that two use at once lets the first in alone', async (t) => {
    const relay = new RelayDouble();
    const alice = await TestMessenger.open(t, relay, 'alice');
    const { secret } = decodeRelayLink(await alice.messenger.createContactLink(7));
    const bob = await TestMessenger.open(t, relay, 'bob');
    const carol = await TestMessenger.open(t, relay, 'carol');
    alice.line.down();
    for (const one of [bob, carol]) {
      const { contacts } = one.home.store;
      contacts.add(relay.account, alice.account, 'open');
      contacts.setLinkProof(relay.account, alice.account, contactProof(nodePrimitives, secret!));
      one.say(alice, 'by your link');
      await one.messenger.conversationOf({ account: alice.account }).flush('sent');
    }
    assert.equal(relay.member(alice.home.device).mailbox.length, 2);
    await alice.connect();
    assert.deepEqual((await alice.until('message')).message.peer.account, bob.account);
    assert.deepEqual((await alice.until('request')).message.peer.account, carol.account);
    const used = alice.events.flatMap((event) =>
      event.kind === 'link-used' ? [[event.peer.account, event.again]] : [],
    );
    assert.deepEqual(used, [
      [bob.account, false],
      [carol.account, true],
    ]);
  });

  test('by a contact link that has ended one is a stranger', async (t) => {
    const relay = new RelayDouble();
    const alice = await TestMessenger.open(t, relay, 'alice');
    const { secret } = decodeRelayLink(await alice.messenger.createContactLink(7));
    const bob = await TestMessenger.open(t, relay, 'bob');
    bob.home.store.contacts.add(relay.account, alice.account, 'open');
    bob.home.store.contacts.setLinkProof(relay.account, alice.account, contactProof(nodePrimitives, secret!));
    alice.clock.time += 7 * 86_400_000;
    bob.say(alice, 'a week late');
    assert.equal((await alice.until('request')).message.text, 'a week late');
    assert.ok((await alice.until('link-used')).ended);
    assert.deepEqual(alice.texts, []);
  });

  test('who types is shown to those who talk with him, and to nobody else', async (t) => {
    const { alice, bob } = await aliceAndBob(t);
    const toBob = alice.messenger.conversationOf({ account: bob.account });
    toBob.typing(true);
    await turns(10);
    assert.equal(bob.events.filter(({ kind }) => kind === 'typing').length, 0, 'no session, no signal');
    alice.say(bob, 'a session');
    await alice.delivered(bob);
    const toAlice = bob.messenger.conversationOf({ account: alice.account });
    toAlice.typing(true);
    toAlice.typing(true);
    const { on, peer } = await alice.until('typing');
    assert.deepEqual([on, peer.account], [true, bob.account]);
    await turns(10);
    assert.equal(alice.events.filter(({ kind }) => kind === 'typing').length, 1, 'at most one in 3 s');
  });

  test('a renewed certificate is told until it is known, and what was sealed for the old one opens', async (t) => {
    const { alice, bob } = await aliceAndBob(t);
    alice.say(bob, 'one');
    bob.say(alice, 'one back');
    assert.ok((await alice.delivered(bob)) && (await bob.delivered(alice)));
    bob.line.down();
    alice.say(bob, 'for the old key');
    await alice.messenger.conversationOf({ account: bob.account }).flush('sent');
    const before = bob.home.device.bundle.certificate.serial;
    for (const person of [alice, bob]) person.clock.time += 40 * 86_400_000;
    assert.ok(await bob.home.renewIfDue());
    assert.equal(bob.home.device.bundle.certificate.serial, before + 1);
    await bob.connect();
    assert.deepEqual(await bob.shown(2), ['one', 'for the old key']);
    bob.say(alice, 'two back');
    assert.ok(await bob.delivered(alice));
    alice.say(bob, 'for the new key');
    assert.ok(await alice.delivered(bob));
    const key = alice.home.store.mailboxes.ofAccount(alice.home.device.bundle.device, bob.account)[0]!;
    const [newest] = alice.home.store.mailboxes.load(key)!.mailbox.bundles;
    assert.equal(toHex(newest!), toHex(bob.home.device.bundle.bytes));
    const notes = bob.home.store.mailboxes.load({
      ownDevice: key.peerDevice,
      account: alice.account,
      peerDevice: key.ownDevice,
    })!.notes;
    assert.deepEqual([notes.bundleSerial, notes.bundleFrom], [before + 1, 0]);
  });
});
