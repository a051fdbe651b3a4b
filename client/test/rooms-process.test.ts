import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { decodeRelayLink } from '@waxwing/protocol';
import { runRelay } from '../../relay/test/fixtures/running-relay.ts';
import type { Home } from '../src/home/home.ts';
import { joinRelay } from '../src/messenger/join-relay.ts';
import type { Messenger, RelayConversation } from '../src/messenger/messenger.ts';
import { openMessenger } from '../src/messenger/open-messenger.ts';
import type { RelayEvent } from '../src/messenger/relay-event.ts';
import { homeOf, type Owner } from './fixtures/direct-pair.ts';
import { NOW } from './fixtures/homes.ts';

/** A person at a real relay: a home on disk, and messengers one after the other. */
class Person {
  readonly home: Home;
  readonly events: RelayEvent[] = [];
  messenger!: Messenger;

  constructor(home: Home) {
    this.home = home;
  }

  async open(): Promise<void> {
    this.messenger = await openMessenger({
      home: this.home,
      now: () => NOW,
      observe: (event) => this.events.push(event),
    });
  }

  get texts(): readonly string[] {
    return this.events.flatMap((event) => (event.kind === 'message' ? [event.message.text ?? ''] : []));
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  changes(): readonly string[] {
    return this.events.flatMap((event) => (event.kind === 'room' ? [event.change] : []));
  }

  room(): Promise<RelayConversation> {
    return this.messenger.open('#tea');
  }
}

async function world(t: TestContext): Promise<Record<Owner, Person>> {
  const people: Person[] = [];
  t.after(async () => {
    for (const { messenger } of people) await messenger.close(0);
  });
  const relay = await runRelay(t);
  const person = async (owner: Owner): Promise<Person> => {
    const home = await homeOf(t, owner);
    const { link } = await relay.served.control.invite({ uses: 1, days: 7 });
    await joinRelay({
      home,
      link: { ...decodeRelayLink(link), port: relay.served.port },
      name: owner,
      now: () => NOW,
    });
    const made = new Person(home);
    await made.open();
    await made.messenger.caughtUp();
    people.push(made);
    return made;
  };
  return { alice: await person('alice'), bob: await person('bob'), carol: await person('carol') };
}

suite('rooms at a relay', { timeout: 60_000 }, () => {
  test('three members, one away; restarts, a new name, roles, and one taken out', async (t) => {
    const { alice, bob, carol } = await world(t);
    const room = await alice.messenger.createRoom('tea');
    const { id } = room.view.room ?? assert.fail();
    for (const one of [bob, carol]) one.messenger.accept(alice.home.device.bundle.account);
    await alice.messenger.invite(id, '@bob');
    await alice.messenger.invite(id, '@carol');
    await bob.until(() => bob.changes().length === 2);
    await carol.until(() => carol.changes().length === 1);

    await carol.messenger.close();
    room.post(['one', 'two']);
    await bob.until(() => bob.texts.length === 2);
    assert.equal(await room.flush('sent'), true);
    await bob.messenger.close();
    await bob.open();
    (await bob.room()).post(['three, after a restart']);
    await alice.until(() => alice.texts.length === 1);
    await alice.messenger.setRole(id, '@bob', 'admin');
    await alice.messenger.close();
    await alice.open();
    await carol.open();
    await carol.until(() => carol.texts.length === 3);
    assert.deepEqual([...carol.texts].sort(), ['one', 'three, after a restart', 'two']);
    assert.deepEqual(
      (await carol.room()).history({ search: 'restart' }).map(({ account }) => account),
      [bob.home.device.bundle.account],
    );

    await bob.until(() => bob.changes().includes('role'));
    await bob.messenger.renameRoom(id, 'coffee');
    await carol.until(() => carol.changes().includes('name'));
    assert.equal((await carol.messenger.open('#coffee')).view.title, '#coffee');

    await alice.until(() => alice.changes().includes('name'));
    await bob.messenger.remove(id, '@carol');
    await carol.until(() => carol.changes().includes('remove'));
    await alice.until(() => alice.changes().includes('remove'));
    alice.messenger.conversationOf({ room: id }).post(['without carol']);
    await bob.until(() => bob.texts.includes('without carol'));
    assert.equal(carol.texts.includes('without carol'), false);
    assert.equal(carol.messenger.conversationOf({ room: id }).view.room?.standing, 'removed');
    assert.equal(new Set(bob.texts).size, bob.texts.length);
  });
});
