import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeMailboxState, mailboxChange, type MailboxState, toHex } from '@waxwing/protocol';
import { sides } from '../../protocol/test/fixtures/mailboxes.ts';
import { NO_NOTES } from '../src/messenger/pair.ts';
import type { ChainKey } from '../src/store/chain.ts';
import {
  alice,
  bob,
  bytes,
  carol,
  CHAIN,
  type Clock,
  flight,
  memoryStore,
  NOW,
  text,
  textItem,
} from './fixtures/homes.ts';

const RELAY = bytes(32, 7);
const TO = { account: CHAIN.account };

describe('relays and contacts', () => {
  test('the relay used last comes first, and an address may change', () => {
    const clock: Clock = { time: NOW };
    const { relays } = memoryStore(clock);
    relays.join({ account: RELAY, host: 'one', port: 1 });
    clock.time += 1;
    relays.join({ account: bytes(32, 8), host: 'two', port: 2 });
    relays.setName(RELAY, 'me');
    clock.time += 1;
    const again = relays.join({ account: RELAY, host: 'moved', port: 3 });
    assert.deepEqual([again.host, again.port, again.name, again.joinedAt], ['moved', 3, 'me', NOW]);
    assert.deepEqual(
      relays.list().map(({ host }) => host),
      ['moved', 'two'],
    );
  });

  test('a contact keeps what is known of it, and goes with its relay', () => {
    const { relays, contacts } = memoryStore();
    relays.join({ account: RELAY, host: 'one', port: 1 });
    contacts.add(RELAY, bob.bundle.account, 'request');
    contacts.setDevice(RELAY, bob.bundle.account, bob.bundle.device);
    contacts.setLinkProof(RELAY, bob.bundle.account, bytes(16, 1));
    const accepted = contacts.add(RELAY, bob.bundle.account, 'open');
    assert.deepEqual(
      [accepted.standing, accepted.device, accepted.linkProof],
      ['open', bob.bundle.device, bytes(16, 1)],
    );
    contacts.setLinkProof(RELAY, bob.bundle.account, undefined);
    assert.equal(contacts.get(RELAY, bob.bundle.account)?.linkProof, undefined);
    relays.leave(RELAY);
    assert.deepEqual(contacts.list(RELAY), []);
    assert.deepEqual(relays.list(), []);
  });

  test('an invitation waits with its contact, the newest of each account, and goes with it', () => {
    const { relays, contacts, roomInvitations } = memoryStore();
    relays.join({ account: RELAY, host: 'one', port: 1 });
    const invitation = { account: bob.bundle.account, device: bob.bundle.device, body: bytes(9_000, 1), at: NOW };
    assert.throws(() => roomInvitations.keep(RELAY, invitation), 'of nobody');
    contacts.add(RELAY, bob.bundle.account, 'request');
    contacts.add(RELAY, carol.bundle.account, 'member');
    roomInvitations.keep(RELAY, invitation);
    roomInvitations.keep(RELAY, { ...invitation, body: bytes(3, 2), at: NOW + 2 });
    roomInvitations.keep(RELAY, { ...invitation, account: carol.bundle.account, at: NOW + 1 });
    assert.deepEqual(roomInvitations.get(RELAY, bob.bundle.account)?.body, bytes(3, 2));
    assert.deepEqual(
      roomInvitations.list(RELAY).map(({ at }) => at),
      [NOW + 1, NOW + 2],
    );
    assert.equal(contacts.countRequests(RELAY), 1);
    roomInvitations.remove(RELAY, carol.bundle.account);
    contacts.add(RELAY, bob.bundle.account, 'open');
    assert.equal(roomInvitations.list(RELAY).length, 1, 'it takes effect then');
    contacts.remove(RELAY, bob.bundle.account);
    assert.deepEqual(roomInvitations.list(RELAY), []);
  });

  test('a contact link is used once, and remembers by whom', () => {
    const { contactLinks } = memoryStore();
    contactLinks.add({ proof: bytes(16, 1), secret: bytes(16, 2), relay: RELAY, made: NOW, ends: NOW + 1 });
    assert.equal(contactLinks.use(bytes(16, 9), bob.bundle.account), undefined);
    assert.equal(contactLinks.use(bytes(16, 1), bob.bundle.account)?.usedBy, undefined);
    assert.deepEqual(contactLinks.use(bytes(16, 1), carol.bundle.account)?.usedBy, bob.bundle.account);
    assert.deepEqual(contactLinks.get(bytes(16, 1))?.usedBy, bob.bundle.account);
    assert.equal(contactLinks.list().length, 1);
  });
});

describe('mailboxes', () => {
  test('what is saved change by change is loaded as it was', async () => {
    const { mailboxes } = memoryStore();
    const { a, b } = sides();
    const key: ChainKey = {
      ownDevice: bob.bundle.device,
      account: alice.bundle.account,
      peerDevice: alice.bundle.device,
    };
    let saved: MailboxState | undefined;
    const save = (): void => {
      const { state } = b.conversation;
      mailboxes.save(key, mailboxChange(saved, state), { ...NO_NOTES, owed: 3, voids: [[1, 2]], nick: 'bob' });
      saved = state;
      const loaded = mailboxes.load(key);
      assert.deepEqual(loaded?.mailbox, encodeMailboxState(state));
      assert.deepEqual(loaded.notes, { ...NO_NOTES, owed: 3, voids: [[1, 2]], nick: 'bob' });
    };
    await a.start(0);
    const sent = [await a.say('0'), await a.say('1'), await a.say('2'), await a.say('3')];
    for (const n of [0, 3, 1]) {
      await b.receive(sent[n]!.inner);
      save();
    }
    const { sid } = sent[0]!;
    assert.deepEqual(mailboxes.ofSession(sid), key);
    assert.equal(mailboxes.ofSession(bytes(16, 1)), undefined);
    assert.deepEqual(mailboxes.ofAccount(bob.bundle.device, alice.bundle.account), [key]);
    assert.deepEqual(mailboxes.ofAccount(alice.bundle.device, alice.bundle.account), []);
    mailboxes.markLost(sid);
    assert.deepEqual(mailboxes.load(key)?.lost, [sid]);

    const { state } = b.conversation;
    const given: MailboxState = { ...state, sessions: [], gone: [{ sid, at: NOW }] };
    mailboxes.save(key, mailboxChange(state, given), NO_NOTES);
    assert.deepEqual(
      mailboxes.load(key)?.mailbox,
      encodeMailboxState(given),
      'with the session its skipped keys are gone',
    );
    assert.deepEqual(mailboxes.ofSession(sid), key, 'its sid is known');
    mailboxes.save(key, mailboxChange(given, { ...given, gone: [] }), NO_NOTES);
    assert.equal(mailboxes.ofSession(sid), undefined);
  });
});

describe('mail', () => {
  /** Three messages, each in a flight of its own. */
  function three(): ReturnType<typeof memoryStore> {
    const store = memoryStore();
    store.outbox.enqueue(TO, ['a', 'b', 'c'].map(textItem));
    for (const seq of [1, 2, 3]) {
      store.chains.setSent(CHAIN, { seq, hash: bytes(32, seq) });
      store.outbox.markSent([seq], flight(seq));
    }
    return store;
  }

  const states = (store: ReturnType<typeof memoryStore>): string[] => store.history.list().map(({ state }) => state);

  test('each flight is delivered for itself, or queued again', () => {
    const store = three();
    assert.deepEqual(store.mail.numbersOf(CHAIN, [1, 3]), [1, 3]);
    assert.deepEqual(store.mail.deliver(CHAIN, [1, 3]), [1, 3]);
    assert.deepEqual(store.mail.deliver(CHAIN, [1, 3]), []);
    assert.deepEqual(states(store), ['delivered', 'sent', 'delivered']);
    assert.deepEqual(store.mail.requeue(CHAIN, [2, 9]), [2]);
    assert.deepEqual(states(store), ['delivered', 'queued', 'delivered']);
    assert.deepEqual(store.mail.deliveredBetween(CHAIN, 1, 3), [3]);
    assert.equal(store.mail.lastAt(CHAIN.account), NOW);
    assert.equal(store.mail.lastAt(carol.bundle.account), 0);
  });

  test('after a number of tries a message is given up on, and resend takes it back', () => {
    const store = three();
    assert.deepEqual(store.mail.countTries([2], 1), []);
    assert.deepEqual(store.mail.countTries([1, 2], 1), [2]);
    assert.deepEqual(store.mail.requeue(CHAIN, [1, 2], new Set([2])), [1]);
    store.mail.giveUp([2]);
    assert.deepEqual(states(store), ['queued', 'too-old', 'sent']);
    assert.ok(store.mail.wasGivenUp(2));
    assert.deepEqual(store.outbox.resend([2]), [2]);
    assert.deepEqual(states(store), ['queued', 'queued', 'sent']);
  });

  test('what is on its way between other devices goes again', () => {
    const store = three();
    assert.deepEqual(store.mail.requeueOthers(CHAIN), []);
    assert.deepEqual(store.mail.requeueOthers({ ...CHAIN, peerDevice: bytes(16, 1) }), [1, 2, 3]);
    assert.deepEqual(states(store), ['queued', 'queued', 'queued']);
  });
});

describe('envelopes on their way, errands and prekeys', () => {
  const posted = (seq: number, fill: number) => ({
    id: bytes(16, fill),
    relay: RELAY,
    target: bytes(32, 1),
    chain: CHAIN,
    room: undefined,
    seq,
    sid: bytes(16, 5),
    outer: bytes(8, fill),
    at: NOW,
    lost: false,
  });

  test('an envelope keeps its bytes until the relay has it, and is known until its recipient has', () => {
    const clock: Clock = { time: NOW };
    const store = memoryStore(clock);
    for (const seq of [1, 2, 3]) store.posted.add(posted(seq, 10 - seq));
    const toPut = (...except: number[]): number[] =>
      store.posted.toPut(RELAY, 2, new Set(except.map((fill) => toHex(bytes(16, fill))))).map(({ seq }) => seq);
    assert.deepEqual([toPut(), toPut(9), store.posted.waiting(CHAIN)], [[1, 2], [2, 3], 3]);
    clock.time += 5;
    store.posted.stored([bytes(16, 9)]);
    assert.deepEqual([toPut(), store.posted.waiting(CHAIN)], [[2, 3], 2]);
    const first = store.posted.get(bytes(16, 9));
    assert.deepEqual([first?.outer, first?.at], [undefined, NOW + 5]);
    assert.deepEqual(
      store.posted.ofChain(CHAIN).map(({ seq, kept }) => [seq, kept]),
      [
        [1, false],
        [2, true],
        [3, true],
      ],
    );
    const [there, ...more] = store.posted.atRelay(RELAY, 0);
    assert.deepEqual([there?.seq, more], [1, []]);
    assert.deepEqual(store.posted.atRelay(RELAY, there?.place ?? 0), []);
    store.posted.markLost([bytes(16, 9)]);
    assert.deepEqual(store.posted.atRelay(RELAY, 0), []);
    store.posted.add({ ...posted(1, 4), room: bytes(32, 3) });
    assert.equal(store.posted.ofChain(CHAIN, bytes(32, 3)).length, 1);
    store.posted.removeOthers({ ...CHAIN, peerDevice: bytes(16, 1) });
    assert.deepEqual(store.posted.ofChain(CHAIN), []);
    assert.equal(store.posted.ofChain(CHAIN, bytes(32, 3)).length, 1, 'those of rooms stay');
    store.posted.remove([bytes(16, 4)]);
    assert.equal(store.posted.get(bytes(16, 4)), undefined);
  });

  test('an errand waits until it is done', () => {
    const { errands } = memoryStore();
    const item = { type: 'application/waxwing-room', body: text('state') };
    errands.add(CHAIN.account, item);
    errands.add(CHAIN.account, { ...item, body: bytes(61_440, 1) });
    const [first, ...more] = errands.nextBatch(CHAIN.account);
    assert.deepEqual([first?.body, more.length], [item.body, 0], 'the second does not fit beside it');
    errands.markSent([first!.number], CHAIN, 4);
    assert.equal(errands.nextBatch(CHAIN.account).length, 1);
    errands.requeue(CHAIN, [4]);
    assert.deepEqual(errands.nextBatch(CHAIN.account)[0], first, 'with the same opening, hence the same id');
    errands.markSent([first!.number], CHAIN, 5);
    errands.requeueOthers({ ...CHAIN, peerDevice: bytes(16, 1) });
    errands.markSent([first!.number], CHAIN, 6);
    errands.done(CHAIN, [6]);
    assert.equal(errands.nextBatch(CHAIN.account).length, 1);
    assert.deepEqual(errands.accounts(), [CHAIN.account]);
  });

  test('counters and serials never fall, own bundles go 60 days after they were replaced', () => {
    const clock: Clock = { time: NOW };
    const { prekeys } = memoryStore(clock);
    const { account, device, bytes: encoded } = bob.bundle;
    prekeys.note(account, device, { counter: 5, statementHash: bytes(32, 5) });
    prekeys.note(account, device, { counter: 4, statementHash: bytes(32, 4) });
    assert.deepEqual(prekeys.known(account, device), { counter: 5, statementHash: bytes(32, 5) });
    assert.equal(prekeys.knownSerial(account, device), undefined);
    prekeys.noteBundle({ device, serial: 1, bytes: encoded }, NOW - 60);
    clock.time += 10;
    prekeys.noteBundle({ device, serial: 2, bytes: alice.bundle.bytes }, NOW - 60);
    assert.equal(prekeys.ownBundles(device).length, 2);
    prekeys.noteBundle({ device, serial: 2, bytes: alice.bundle.bytes }, NOW + 11);
    assert.deepEqual(prekeys.ownBundles(device), [alice.bundle.bytes]);
    assert.equal(prekeys.lastCounter(device), 0);
  });

  test('what did not open is listed for a while', () => {
    const { unopened } = memoryStore();
    unopened.add({ id: bytes(16, 1), at: NOW, account: undefined, code: 'outer', check: 'mac' });
    unopened.add({ id: bytes(16, 2), at: NOW + 1, account: bob.bundle.account, code: 'start', check: 'entry' });
    assert.deepEqual(
      unopened.list().map(({ check, account }) => [check, account]),
      [
        ['entry', bob.bundle.account],
        ['mac', undefined],
      ],
    );
    unopened.dropBefore(NOW + 1);
    assert.equal(unopened.list().length, 1);
  });
});
