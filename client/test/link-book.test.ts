import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { type Bytes, encodeMailboxControl } from '@waxwing/protocol';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import { bob, carol, NOW } from '../../protocol/test/fixtures/devices.ts';
import { LinkBook } from '../src/messenger/link-book.ts';
import type { OpenedMail } from '../src/messenger/opened-mail.ts';
import type { RelayEvent } from '../src/messenger/relay-event.ts';
import { memoryHome } from './fixtures/messengers.ts';

const ENDS = NOW + 1_000;
const PROOF = new Uint8Array(16).fill(1);
const CTL = encodeMailboxControl({ link: PROOF });

interface World {
  readonly clock: { time: number };
  readonly links: LinkBook;
  readonly mail: (account: Bytes) => OpenedMail;
  /** What was told of the link: by whom, and how. */
  readonly told: readonly [from: Bytes, again: boolean, ended: boolean][];
}

/** Alice's home with one link. */
function world(t: TestContext): World {
  const home = memoryHome('alice');
  t.after(() => {
    home.close();
  });
  const clock = { time: NOW };
  const relay = new Uint8Array(32);
  const told: [Bytes, boolean, boolean][] = [];
  const observe = (event: RelayEvent): void => {
    if (event.kind === 'link-used') told.push([event.peer.account, event.again, event.ended]);
  };
  const { store } = home;
  const links = new LinkBook({ home, store, p: nodePrimitives, relay, now: () => clock.time, observe });
  store.contactLinks.add({ proof: PROOF, secret: PROOF, relay, made: NOW, ends: ENDS });
  const mail = (account: Bytes): OpenedMail => links.mail(account, CTL);
  return { clock, links, mail, told };
}

/** As a batch ends: all of it written, then told. */
function finish(mails: readonly OpenedMail[]): void {
  for (const { commit } of mails) commit();
  for (const { show } of mails) show();
}

suite('contact links (§9.6, §11.2)', () => {
  const first = bob.bundle.account;
  const second = carol.bundle.account;

  test('used by two within one batch it is good for the first, and told of the second as used', (t) => {
    const { links, mail, told } = world(t);
    links.begin();
    assert.ok(links.isVisit(first, CTL));
    const mails = [mail(first)];
    assert.ok(links.isVisit(first, CTL), 'all that he says in this batch is by the link');
    assert.ok(!links.isVisit(second, CTL));
    mails.push(mail(first), mail(second));
    finish(mails);
    assert.deepEqual(told, [
      [first, false, false],
      [second, true, false],
    ]);
    links.begin();
    assert.ok(!links.isVisit(second, CTL), 'nor later');
  });

  test('what a batch that came to nothing used is good still', (t) => {
    const { links, mail, told } = world(t);
    links.begin();
    mail(first);
    links.begin();
    assert.ok(links.isVisit(second, CTL));
    finish([mail(second)]);
    assert.deepEqual(told, [[second, false, false]]);
  });

  test('it is good up to its end, and lets nobody in from then on', (t) => {
    const { clock, links, mail, told } = world(t);
    clock.time = ENDS - 1;
    assert.ok(links.isVisit(first, CTL));
    clock.time = ENDS;
    assert.ok(!links.isVisit(first, CTL));
    finish([mail(first)]);
    assert.deepEqual(told, [[first, false, true]]);
  });
});
