/** A disk that fails for a while: it is told, nothing is lost, and the messenger goes on when it is back. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Bytes, ENVELOPE_STATE, openBundle, REFUSAL, toHex } from '@waxwing/protocol';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import { bundleWith } from '../../protocol/test/fixtures/bundle-with.ts';
import { NOW } from '../../protocol/test/fixtures/devices.ts';
import { WaxwingError } from '../src/errors.ts';
import { aliceAndBob, TestMessenger } from './fixtures/messengers.ts';
import { RelayDouble } from './fixtures/relay-double.ts';

/** A part of a store fails, as on a full disk, until the disk is mended. */
function failing<Part extends object>(
  part: Part,
  ...names: (keyof Part & string)[]
): { mend: () => void; tries: number } {
  const was = names.map((name) => [name, part[name]] as const);
  const disk = {
    tries: 0,
    mend: (): void => {
      for (const [name, method] of was) part[name] = method;
    },
  };
  for (const [name] of was) {
    part[name] = (() => {
      disk.tries += 1;
      throw new WaxwingError('disk-full', 'The disk is full.', 'Free some space.');
    }) as Part[typeof name];
  }
  return disk;
}

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

const kinds = (of: TestMessenger, kind: string): number => of.events.filter((one) => one.kind === kind).length;

const sentTo = (relay: RelayDouble, of: TestMessenger): readonly Bytes[] =>
  relay.stored.filter(({ mailbox }) => toHex(mailbox) === toHex(relay.mailboxOf(of.home.device))).map(({ id }) => id);

/** The relay says of the newest envelope to bob that it did not open. */
function tellUnopenable(relay: RelayDouble, alice: TestMessenger, bob: TestMessenger): void {
  const id = sentTo(relay, bob).at(-1);
  assert.ok(id);
  const notices = [{ id, state: ENVELOPE_STATE.unopenable }];
  relay.channels.get(toHex(relay.mailboxOf(alice.home.device)))?.news({ event: 'status', notices });
}

suite('a disk that fails for a while', { timeout: 60_000 }, () => {
  test('what the relay says of an envelope is taken when it is back, and told once until then', async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    alice.say(bob, 'one');
    await alice.delivered(bob);
    bob.line.down();
    alice.say(bob, 'two');
    await alice.messenger.conversationOf({ account: bob.account }).flush('sent');
    const disk = failing(alice.home.store.errands, 'requeue');
    tellUnopenable(relay, alice, bob);
    assert.equal((await alice.until('storage')).error.code, 'disk-full');
    while (disk.tries < 3) await soon();
    disk.mend();
    assert.deepEqual((await alice.until('sent-anew')).numbers, [2]);
    assert.equal(kinds(alice, 'storage'), 1);
    await bob.connect();
    assert.deepEqual(await bob.shown(2), ['one', 'two']);
    assert.ok(await alice.delivered(bob));
  });

  test('a channel that comes to stand meanwhile is settled, and asked what became of everything, when it is back', async (t) => {
    const { alice, bob } = await aliceAndBob(t);
    alice.line.down();
    const entering = failing(alice.home.store.prekeys, 'noteBundle');
    alice.line.up();
    await alice.until('storage');
    assert.equal(alice.messenger.relay.connected, false);
    entering.mend();
    await alice.until('connected', ({ again }) => again);
    const seen = alice.events.length;
    alice.line.down();
    const reviewing = failing(alice.home.store.posted, 'atRelay');
    await alice.connect();
    await alice.until('storage', undefined, seen);
    while (reviewing.tries < 2) await soon();
    reviewing.mend();
    alice.say(bob, 'still here');
    assert.ok(await alice.delivered(bob));
  });

  test('what a mailbox will not take is put again after pauses, and not in a loop', async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    let refuses = true;
    let puts = 0;
    relay.judgePut = ({ mailbox }) => {
      if (!refuses || toHex(mailbox) !== toHex(relay.mailboxOf(bob.home.device))) return 0;
      puts += 1;
      return REFUSAL.mailboxUnknown;
    };
    const disk = failing(alice.home.store.errands, 'requeue');
    alice.say(bob, 'is anybody there?');
    await alice.until('storage');
    while (disk.tries < 3) await soon();
    assert.ok(puts <= 5, `put ${String(puts)} times`);
    refuses = false;
    disk.mend();
    assert.deepEqual(await bob.shown(1), ['is anybody there?']);
    assert.ok(await alice.delivered(bob));
  });

  test('what was read is told when it is back', async (t) => {
    const { alice, bob } = await aliceAndBob(t);
    const [number] = alice.say(bob, 'seen?');
    await alice.delivered(bob);
    const { message } = await bob.until('message');
    const disk = failing(bob.home.store.mailboxes, 'save');
    bob.messenger.conversationOf({ account: alice.account }).markRead(message.number);
    await bob.until('storage');
    disk.mend();
    assert.deepEqual((await alice.until('read')).numbers, [number]);
  });

  test('what came is on disk, and the relay is told, also where it cannot be shown', async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    alice.say(bob, 'one');
    await alice.delivered(bob);
    const { contacts } = bob.home.store;
    const setDevice = contacts.get.bind(contacts);
    const receive = bob.home.store.history.receive.bind(bob.home.store.history);
    bob.home.store.history.receive = (...of) => {
      const numbers = receive(...of);
      contacts.get = () => {
        throw new WaxwingError('home-io', 'The disk failed.', 'Check it.');
      };
      return numbers;
    };
    alice.say(bob, 'two');
    await bob.until('storage');
    contacts.get = setDevice;
    bob.home.store.history.receive = receive;
    while (relay.member(bob.home.device).mailbox.length > 0) await soon();
    assert.equal(bob.home.store.history.list().length, 2);
    alice.say(bob, 'three');
    assert.ok(await alice.delivered(bob));
  });
});

suite('an envelope that cannot be kept', { timeout: 60_000 }, () => {
  test('of a device with two certificates of one serial is reported, and the mailbox of others goes on', async (t) => {
    const relay = new RelayDouble();
    const bob = await TestMessenger.open(t, relay, 'bob');
    const alice = await TestMessenger.open(t, relay, 'alice');
    const carol = await TestMessenger.open(t, relay, 'carol');
    bob.messenger.accept(carol.account);
    alice.say(bob, 'hello');
    await bob.until('request');
    const { notAfter } = alice.home.device.bundle.certificate;
    const other = await openBundle(nodePrimitives, await bundleWith({ notAfter: notAfter - 1 }), NOW);
    bob.home.store.peers.meet(other); // over a live channel
    bob.messenger.accept(alice.account);
    bob.line.down();
    alice.say(bob, 'and now?');
    await alice.messenger.conversationOf({ account: bob.account }).flush('sent');
    carol.say(bob, 'from carol');
    await carol.messenger.conversationOf({ account: bob.account }).flush('sent');
    await bob.connect();
    const { unopenable } = await bob.until('unopenable');
    assert.deepEqual([unopenable.code, unopenable.check], ['peer-rollback', 'kept']);
    assert.deepEqual(await bob.shown(1), ['from carol']);
    assert.ok(await carol.delivered(bob));
    assert.equal(kinds(bob, 'storage'), 0);
  });

  test('is given up with its cause, and keeps no other from coming', async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    alice.say(bob, 'one');
    await alice.delivered(bob);
    bob.line.down();
    const conversation = alice.messenger.conversationOf({ account: bob.account });
    for (const text of ['two', 'bad', 'three']) {
      alice.say(bob, text);
      await conversation.flush('sent');
    }
    const { history } = bob.home.store;
    const receive = history.receive.bind(history);
    history.receive = (flight, items) => {
      if (items.some(({ body }) => Buffer.from(body).toString() === 'bad'))
        throw new WaxwingError('peer-rollback', 'An older certificate.', 'Ask your peer.');
      return receive(flight, items);
    };
    await bob.connect();
    const { unopenable } = await bob.until('unopenable');
    assert.deepEqual([unopenable.code, unopenable.check], ['peer-rollback', 'kept']);
    assert.deepEqual(unopenable.peer?.account, alice.account);
    assert.deepEqual(await bob.shown(3), ['one', 'two', 'three']);
    assert.equal((await bob.messenger.doctor()).unopenable[0]?.code, 'peer-rollback');
    assert.equal(kinds(bob, 'storage'), 0);
    assert.deepEqual((await alice.until('sent-anew')).numbers, [3], 'its sender hears of it');
    history.receive = receive;
    while (!bob.texts.includes('bad')) {
      alice.clock.time += 3_600_000;
      alice.line.down();
      await alice.connect();
      for (let turn = 0; turn < 50; turn++) await soon();
    }
    assert.ok(await alice.delivered(bob));
    assert.equal(relay.member(bob.home.device).mailbox.length, 0);
  });
});
