/** A relay as it is shown. */
import { type Bytes, encodeFingerprint, encodeRelayLink } from '@waxwing/protocol';
import type { Home } from '../home/home.ts';
import type { Store } from '../store/store.ts';
import type { RelayView } from './relay-view.ts';

export function viewRelay(store: Store, account: Bytes, connected: boolean): RelayView {
  const joined = store.relays.get(account);
  const { host = 'localhost', port = 1, name } = joined ?? {};
  return {
    address: encodeRelayLink({ host, port, relay: account }),
    fingerprint: encodeFingerprint(account),
    name,
    connected,
  };
}

/** The relays that a home has joined, the one used last first. */
export function joinedRelays({ store }: Home): readonly RelayView[] {
  return store.relays.list().map(({ account }) => viewRelay(store, account, false));
}
