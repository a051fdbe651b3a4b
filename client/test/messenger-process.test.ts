import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { decodeRelayLink, type RelayLink } from '@waxwing/protocol';
import { type RunningRelay, runRelay } from '../../relay/test/fixtures/running-relay.ts';
import type { Home } from '../src/home/home.ts';
import { joinRelay } from '../src/messenger/join-relay.ts';
import type { Messenger } from '../src/messenger/messenger.ts';
import { openMessenger } from '../src/messenger/open-messenger.ts';
import type { RelayEvent } from '../src/messenger/relay-event.ts';
import { homeOf, type Owner } from './fixtures/direct-pair.ts';
import { NOW } from './fixtures/homes.ts';

const now = (): number => NOW;

/** A person at a real relay: a home on disk, and messengers one after the other. */
class Person {
  readonly home: Home;
  readonly events: RelayEvent[] = [];
  messenger!: Messenger;
  #wake: () => void = () => undefined;

  constructor(home: Home) {
    this.home = home;
  }

  async open(): Promise<void> {
    this.messenger = await openMessenger({
      home: this.home,
      now,
      observe: (event) => {
        this.events.push(event);
        this.#wake();
      },
    });
  }

  texts(): string[] {
    return this.events.flatMap((event) => (event.kind === 'message' ? [event.message.text ?? ''] : []));
  }

  async until(fits: (event: RelayEvent) => boolean): Promise<RelayEvent> {
    for (;;) {
      const found = this.events.find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async shown(count: number): Promise<string[]> {
    while (this.texts().length < count) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.texts();
  }
}

async function invite(relay: RunningRelay): Promise<RelayLink> {
  return {
    ...decodeRelayLink((await relay.served.control.invite({ uses: 1, days: 7 })).link),
    port: relay.served.port,
  };
}

interface World {
  readonly relay: RunningRelay;
  /** Joined with an invite, or with this link, under its own name; its messenger is open. */
  readonly person: (owner: Owner, link?: RelayLink) => Promise<Person>;
}

/** A relay, and people who leave before it does. */
async function world(t: TestContext): Promise<World> {
  const people: Person[] = [];
  t.after(async () => {
    for (const { messenger } of people) await messenger.close(0);
  });
  const relay = await runRelay(t);
  return {
    relay,
    person: async (owner, link) => {
      const home = await homeOf(t, owner);
      await joinRelay({ home, link: link ?? (await invite(relay)), name: owner, now });
      const made = new Person(home);
      await made.open();
      people.push(made);
      return made;
    },
  };
}

suite('messengers at a relay', { timeout: 30_000 }, () => {
  test('by name: a request, its answer, and an exchange with one of them away', async (t) => {
    const { person } = await world(t);
    const alice = await person('alice');
    const bob = await person('bob');
    await alice.messenger.caughtUp();
    const toBob = await alice.messenger.open('@bob');
    assert.equal(toBob.view.title, '@bob');
    toBob.post(['hello, it is me']);
    const request = await bob.until(({ kind }) => kind === 'request');
    assert.ok(request.kind === 'request');
    assert.equal(request.message.text, 'hello, it is me');
    assert.equal(bob.messenger.conversations()[0]?.request, true);
    bob.messenger.accept(request.message.peer.account);
    assert.ok(await toBob.flush('delivered'));

    await bob.messenger.close();
    toBob.post(['while you are away', 'twice']);
    assert.ok(await toBob.flush('sent'));
    await bob.open();
    assert.deepEqual(await bob.shown(2), ['while you are away', 'twice']);
    assert.ok(await toBob.flush('delivered'));
    const toAlice = bob.messenger.conversationOf({ account: alice.home.device.bundle.account });
    assert.deepEqual((await toAlice.send('back')).outcome, 'delivered');
    assert.deepEqual(alice.texts(), ['back']);
  });

  test('by a contact link: verified on one side, and told on the other', async (t) => {
    const { relay, person } = await world(t);
    const alice = await person('alice');
    await alice.messenger.caughtUp();
    const link = decodeRelayLink(await alice.messenger.createContactLink(7));
    const bob = await person('bob', { ...link, port: relay.served.port });
    assert.equal(bob.messenger.conversations()[0]?.peer?.trust, 'verified');
    const used = await alice.until(({ kind }) => kind === 'link-used');
    assert.ok(used.kind === 'link-used' && !used.again, 'told before anything is written');
    const toAlice = bob.messenger.conversationOf({ account: alice.home.device.bundle.account });
    assert.equal((await toAlice.send('I have your link')).outcome, 'delivered');
    assert.deepEqual(alice.texts(), ['I have your link']);
    assert.equal(alice.events.filter(({ kind }) => kind === 'link-used').length, 1);
  });
});
