/** How the load reaches a server. */
import { fromHex } from '@waxwing/protocol/wire';
import { Accounts } from './accounts.ts';
import type { Peer, PeerEvents } from './peer.ts';
import { connectRelayPeer } from './relay-peer.ts';

/** As it is told to a process of the load. */
export type NetworkDescription =
  | {
      readonly kind: 'relay';
      readonly port: number;
      /** Of the relay, hex. */
      readonly account: string;
      /** What accounts are made of. */
      readonly primes: readonly string[];
    }
  | { readonly kind: 'mosquitto'; readonly port: number };

/** The peer of a number; the same number is the same account or session every time. */
export type Connect = (number: number, events: PeerEvents) => Promise<Peer>;

/** What comparators/mqtt-peer.js is. */
interface MqttPeers {
  readonly connectMqttPeer: (
    where: { readonly port: number; readonly from: string; readonly number: number },
    events: PeerEvents,
  ) => Promise<Peer>;
}

/** Loopback addresses that connections come from: each has ports of its own, and limits of its own at a relay. */
const ADDRESSES = 64;

function addressOf(number: number): string {
  return process.platform === 'linux' ? `127.0.1.${String(1 + (number % ADDRESSES))}` : '127.0.0.1';
}

export async function openNetwork(description: NetworkDescription): Promise<Connect> {
  const { port } = description;
  if (description.kind === 'relay') {
    const accounts = new Accounts(description.primes);
    const relay = fromHex(description.account);
    return async (number, events) => {
      const device = await accounts.device(number);
      return await connectRelayPeer({ port, relay, device, from: addressOf(number) }, events);
    };
  }
  const source = new URL('../comparators/mqtt-peer.js', import.meta.url);
  const { connectMqttPeer } = (await import(source.href)) as MqttPeers;
  return async (number, events) => await connectMqttPeer({ port, from: addressOf(number), number }, events);
}
