/** The first contact with a relay (§11.2): joining, a name, and whoever's contact link it was. */
import { contactProof, inviteToken } from '@waxwing/protocol';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import { viewPeer } from '../direct/peer-view.ts';
import type { WaxwingError } from '../errors.ts';
import { RelayLine } from '../relay/relay-line.ts';
import type { RelayWelcome } from '../relay/relay-line-events.ts';
import type { RelayRequests } from '../relay/relay-requests.ts';
import { admitRelay } from './admit-relay.ts';
import type { JoinedRelay, JoinOptions } from './messenger.ts';
import type { Place } from './place.ts';
import { PrekeyKeeper } from './prekey-keeper.ts';
import { viewRelay } from './view-relay.ts';

/**
 * Joins the relay of a link with its invite, leaves prekeys there, and claims a name. The owner of a contact link is verified
 * by it, and is a contact from now on. One try: what keeps the relay from being reached is thrown.
 * @throws RelayFailure `connection-refused` …, `relay-changed`, `relay-rollback`, `not-a-member`, `invite-unknown`, `invite-used`,
 *   `invite-expired`, `too-fast`, `name-taken`, `name-invalid`
 */
export async function joinRelay({ home, link, name, now = Date.now }: JoinOptions): Promise<JoinedRelay> {
  const { store } = home;
  const { relay, host, port, secret, owner } = link;
  const place: Place = { home, store, p: nodePrimitives, relay, now, observe: () => undefined };
  const keeper = await PrekeyKeeper.open(place);
  const already = await withChannel({ home, link, now }, async (requests, welcome) => {
    const token = secret && inviteToken(nodePrimitives, secret);
    const claimed = welcome.member ? welcome.name : await requests.join(token);
    store.transaction(() => {
      store.relays.join({ account: relay, host, port });
      store.relays.setName(relay, claimed);
      if (owner !== undefined && secret !== undefined) {
        if (store.peers.get(owner)?.verifiedAt === undefined) store.peers.verify(owner, 'link');
        store.contacts.add(relay, owner, 'open');
        store.contacts.setLinkProof(relay, owner, contactProof(nodePrimitives, secret));
      }
    });
    const there = { counter: welcome.prekeyCounter, entriesLeft: welcome.entriesLeft };
    await keeper.refill(requests, welcome.member ? there : { counter: 0, entriesLeft: 0 });
    if (name !== undefined && name !== claimed) {
      await requests.claim(name);
      store.relays.setName(relay, name);
    }
    return welcome.member || claimed !== undefined;
  });
  return {
    relay: viewRelay(store, relay, false),
    contact: owner && viewPeer(store, { account: owner }),
    already,
  };
}

/** Work over one channel, which is closed then. @throws whatever ended it before */
async function withChannel<Value>(
  { home, link, now }: Pick<JoinOptions, 'home' | 'link'> & { readonly now: () => number },
  work: (requests: RelayRequests, welcome: RelayWelcome) => Promise<Value>,
): Promise<Value> {
  const { promise, resolve, reject } = Promise.withResolvers<Value>();
  const fail = (error: WaxwingError): void => {
    reject(error);
  };
  const line = new RelayLine({
    relay: link,
    device: async () => {
      await home.renewIfDue();
      return home.device;
    },
    admit: (bundle) => {
      admitRelay(home.store.relays, bundle);
    },
    now,
    onUp: (requests, welcome) => {
      work(requests, welcome).then(resolve, reject);
    },
    onDown: fail,
    onNews: () => undefined,
    onRetry: (_, error) => {
      fail(error);
    },
  });
  void line.ended.then((error) => {
    if (error !== undefined) fail(error);
  });
  try {
    return await promise;
  } finally {
    await line.close();
  }
}
