/** Opening a home's place at a relay. */
import type { RelayLink } from '@waxwing/protocol';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import { formatAddress } from '../connection/address.ts';
import { traceConnection } from '../connection/connection-trace.ts';
import { isDiskFailure, WaxwingError } from '../errors.ts';
import type { Home } from '../home/home.ts';
import type { RelayAddress } from '../relay/relay-address.ts';
import { RelayLine } from '../relay/relay-line.ts';
import type { StoredRelay } from '../store/relay.ts';
import { admitRelay } from './admit-relay.ts';
import type { Messenger, MessengerOptions } from './messenger.ts';
import type { FlightTrace, Place } from './place.ts';
import { RelayMessenger } from './relay-messenger.ts';

/** The setting that keeps from telling others what was on screen: `off`; on unless it is set. */
const RECEIPTS = 'receipts';

/**
 * A messenger of this home at the relay of a link, or at the one it used last. It connects in the background: conversations
 * and outbox can be used at once.
 * @throws WaxwingError `no-relay` where the home has not joined it
 */
export async function openMessenger(options: MessengerOptions): Promise<Messenger> {
  const { home, link, observe = (): void => undefined, now = Date.now, watch, readReceipts } = options;
  const relay = relayOf(home, link);
  let line: RelayLine | undefined;
  const where = {
    get connection() {
      return line?.connection ?? 0;
    },
    remote: formatAddress(relay),
  };
  const trace = traceConnection(watch, where) as FlightTrace | undefined;
  const place: Place = { home, store: home.store, p: nodePrimitives, relay: relay.relay, now, observe, trace };
  return await RelayMessenger.open({
    place,
    // Asked each time: the user may change his mind while it runs.
    readReceipts: () => readReceipts ?? home.store.settings.get(RECEIPTS) !== 'off',
    openLine: (observer) => {
      line = new RelayLine({
        relay,
        device: async () => {
          try {
            await home.renewIfDue();
          } catch (error) {
            if (!isDiskFailure(error)) throw error;
            observe({ kind: 'storage', error }); // it does with the certificate there is, and is renewed when it can be kept
          }
          return home.device;
        },
        admit: (bundle) => {
          admitRelay(home.store.relays, bundle);
        },
        now,
        watch,
        ...observer,
      });
      return line;
    },
  });
}

function relayOf(home: Home, link: RelayLink | undefined): RelayAddress {
  const { relays } = home.store;
  const joined = link === undefined ? relays.list()[0] : relays.get(link.relay);
  if (joined === undefined) throw noRelay(link !== undefined);
  // An address that was given now is newer than the one kept.
  const { account, host, port } = relays.join({ ...joined, ...addressOf(joined, link) });
  return { relay: account, host, port };
}

function addressOf(joined: StoredRelay, link: RelayLink | undefined): Pick<StoredRelay, 'host' | 'port'> {
  return link === undefined ? joined : { host: link.host, port: link.port };
}

function noRelay(named: boolean): WaxwingError {
  return new WaxwingError(
    'no-relay',
    named ? 'This home has not joined that relay.' : 'This home has joined no relay.',
    'Open an invite link of one, or ask a member for a contact link.',
  );
}
