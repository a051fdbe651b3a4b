/** Two ends that run the real handshake in memory, frame by frame, with an attacker in between where a test wants one. */
import assert from 'node:assert/strict';
import type { Bytes } from '../../src/bytes.ts';
import type { Channel } from '../../src/channel/channel.ts';
import { HandshakingClient } from '../../src/channel/client-channel.ts';
import type { Step } from '../../src/channel/handshake-driver.ts';
import { HandshakingServer } from '../../src/channel/server-channel.ts';
import type { HandshakeDevice } from '../../src/handshake/handshake-result.ts';
import { nodePrimitives as p } from '../../src/primitives/node.ts';
import { alice, bob, NOW } from '../fixtures/devices.ts';

export interface MeetOptions {
  readonly server?: HandshakeDevice;
  readonly client?: HandshakeDevice;
  /** The account the client insists on, or the server. */
  readonly clientPin?: Bytes;
  readonly serverPin?: Bytes;
  /** What becomes of the frames on their way; F1 is 1. */
  readonly onWire?: (frame: Bytes, number: 1 | 2 | 3 | 4 | 5) => Bytes;
}

export interface Met {
  readonly server: Channel;
  readonly client: Channel;
}

function only(step: Step): Bytes {
  const [frame, ...more] = step.send;
  assert.ok(frame !== undefined && more.length === 0);
  return frame;
}

/** Runs F1 to F5; rejects with the ProtocolError of whichever end refused. */
export async function meet(options: MeetOptions = {}): Promise<Met> {
  const onWire = options.onWire ?? ((frame: Bytes): Bytes => frame);
  const server = new HandshakingServer(p, {
    device: options.server ?? alice,
    puzzleBits: 0,
    pin: options.serverPin,
    now: NOW,
  });
  const client = new HandshakingClient(p, { device: options.client ?? bob, pin: options.clientPin });
  const f2 = only(await client.receive(onWire(server.hello, 1), NOW));
  const f3 = only(await server.receive(onWire(f2, 2), NOW));
  const f4 = only(await client.receive(onWire(f3, 3), NOW));
  const last = await server.receive(onWire(f4, 4), NOW);
  const { established } = await client.receive(onWire(only(last), 5), NOW);
  assert.ok(last.established !== undefined && established !== undefined);
  return { server: last.established, client: established };
}
