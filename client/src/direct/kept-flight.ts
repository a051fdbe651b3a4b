/** What the store keeps of a flight, sent or received. */
import {
  type Bundle,
  type Bytes,
  concat,
  type OpenedFlight,
  type SealedFlight,
  TYPE_STEP,
  TYPE_TEXT,
  textOf,
} from '@waxwing/protocol';
import type { ChainKey } from '../store/chain.ts';
import type { FlightRecord } from '../store/message.ts';
import type { Store } from '../store/store.ts';
import type { ReceivedMessage } from './event.ts';
import { viewPeer } from './peer-view.ts';

/** The name of our own ctl entry: what the sender calls itself, a byte string of UTF-8. A claim, never an identity. */
export const CTL_NICK = 'nick';

/** `bundle`: the signer's. */
export function recordOf(chain: ChainKey, flight: OpenedFlight | SealedFlight, bundle: Bytes): FlightRecord {
  const { seq, statement, signature, commitments, sent } = flight;
  return { chain, seq, statement, signature, commitments: concat(...commitments), bundle, sent };
}

interface Received {
  readonly chain: ChainKey;
  /** Who signed it, as the handshake authenticated it. */
  readonly peer: Bundle;
  readonly flight: OpenedFlight;
  /** Own clock, ms. */
  readonly received: number;
}

/** Stores an opened flight; what of it may be shown. In one transaction with `chains.setReceived`. */
export function keepReceived(store: Store, { chain, peer, flight, received }: Received): ReceivedMessage[] {
  const nick = flight.ctl.find(([name]) => name === CTL_NICK)?.[1];
  if (nick instanceof Uint8Array && flight.outcome === 'accepted') {
    const text = textOf(nick);
    if (text !== undefined) store.peers.claimNick(peer.account, text);
  }
  const items = flight.items.filter((item) => item.type !== TYPE_STEP);
  const { outcome, age, gap } = flight;
  const proof = JSON.stringify(flight.proof);
  const numbers = store.history.receive({ ...recordOf(chain, flight, peer.bytes), outcome, age, gap, proof }, items);
  const view = viewPeer(store, peer);
  return items.flatMap((item, index) => {
    const number = numbers[index];
    if (number === undefined) return []; // §5.1: an id is shown once
    return {
      number,
      peer: view,
      type: item.type,
      body: item.body,
      text: item.type === TYPE_TEXT ? textOf(item.body) : undefined,
      sent: flight.sent,
      received,
      age,
      gap: index === 0 ? gap : 0,
      seq: flight.seq,
      proof: flight.proof,
    };
  });
}
