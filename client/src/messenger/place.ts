/** What all parts of a messenger share: the home, the relay it has its place at, the clock, and who is told. */
import {
  type Bytes,
  type Device,
  type FlightTraceEvent,
  type Primitives,
  toHex,
  type TraceSource,
} from '@waxwing/protocol';
import { type PeerView, viewPeer } from '../direct/peer-view.ts';
import type { Home } from '../home/home.ts';
import type { ChainKey } from '../store/chain.ts';
import type { Peer } from '../store/peer.ts';
import type { Store } from '../store/store.ts';
import type { RelayObserver } from './relay-event.ts';

export type FlightTrace = TraceSource<FlightTraceEvent>;

export interface Place {
  readonly home: Home;
  readonly store: Store;
  readonly p: Primitives;
  /** The relay's account, 32. */
  readonly relay: Bytes;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly observe: RelayObserver;
  /** X-ray of the flights. */
  readonly trace?: FlightTrace | undefined;
}

export function ownDevice({ home }: Place): Device {
  return home.device;
}

/** The pair of the own device with a device of another's. */
export function pairKey(place: Place, peer: { readonly account: Bytes; readonly device: Bytes }): ChainKey {
  return { ownDevice: ownDevice(place).bundle.device, account: peer.account, peerDevice: peer.device };
}

/** How an account stands now; of one that only wrote a request at least what it calls itself is known. */
export function viewAccount({ store, relay }: Place, account: Bytes): PeerView {
  const view = viewPeer(store, { account });
  return view.nick === undefined ? { ...view, nick: store.contacts.get(relay, account)?.nick } : view;
}

/** Whether an account is known from before: met, verified, named or looked for, and not merely blocked. */
export function isKnown({ store }: Place, account: Bytes): boolean {
  const peer = store.peers.get(account);
  if (peer === undefined) return false;
  return peer.accountKey !== undefined || isChosen(peer);
}

/** Whether the user has said who a peer is, or looked for it. */
export function isChosen({ verifiedAt, petname, pins }: Peer): boolean {
  return verifiedAt !== undefined || petname !== undefined || pins.length > 0;
}

/** A pair's key as a key of a map. */
export function nameOfPair({ ownDevice: own, account, peerDevice }: ChainKey): string {
  return [own, account, peerDevice].map(toHex).join('/');
}
