/** Claim 3: full mutual handshakes over TCP, against TLS 1.3 with certificates on both sides. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { HandshakingClient, HandshakingServer } from '@waxwing/protocol/channel';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import { MutualTls, NO_OPENSSL } from '../compare/tls.ts';
import { atMost, type Claim, type ClaimResult, type Figure, figure } from '../measure/claim.ts';
import { type Contestant, interleave } from '../measure/interleave.ts';
import { medianOf, pairedRatio } from '../measure/statistics.ts';
import { withFolder } from '../pair/homes.ts';
import { makePeople, type People } from '../pair/people.ts';
import { SocketPairs } from '../pair/sockets.ts';

const SCHEDULE = { rounds: 40, warmUp: 5 };
/** Handshakes in a row of each, in each round: their processor time together is one sample. */
const BURST = 15;
const MOST_OVER_TLS = 1.5;

const WAXWING = 'waxwing';
const TLS = 'TLS 1.3';
const PARTS = ['processor', 'latency', 'bytes'] as const;

export const handshake: Claim = {
  name: 'handshake',
  title: 'full mutual handshakes over TCP, both ends in one process',
  async run(): Promise<ClaimResult> {
    return await withFolder(async (folder) => {
      const sockets = await SocketPairs.open();
      const people = await makePeople();
      const tls = MutualTls.make(folder);
      const contestants = [shaking(WAXWING, sockets, (near, far) => shakeOver(people, near, far))];
      if (tls !== undefined) contestants.push(shaking(TLS, sockets, (near, far) => tls.shake(near, far)));
      const samples = await interleave(contestants, SCHEDULE);
      sockets.close();
      const figures: Figure[] = contestants.flatMap(({ name }) => {
        const processor = samples.of(name, 'processor');
        return [
          figure(`processor, both ends: ${name}`, 'ms', processor),
          figure(
            `handshakes a second on one core: ${name}`,
            '1/s',
            processor.map((ms) => 1_000 / ms),
          ),
          figure(`latency: ${name}`, 'ms', samples.of(name, 'latency')),
          figure(`bytes, both ways: ${name}`, 'bytes', samples.of(name, 'bytes')),
        ];
      });
      const ratio = pairedRatio(samples.of(WAXWING, 'processor'), samples.of(TLS, 'processor'));
      return {
        figures,
        targets: tls === undefined ? [] : [atMost('processor time of a handshake / TLS 1.3', ratio, MOST_OVER_TLS)],
        skipped: tls === undefined ? [NO_OPENSSL] : [],
        charts: [
          {
            kind: 'bars',
            file: 'handshake',
            title: 'One full mutual handshake',
            unit: 'ms',
            groups: ['processor time, both ends', 'latency'],
            series: contestants.map(({ name }) => ({
              name,
              values: [medianOf(samples.of(name, 'processor')), medianOf(samples.of(name, 'latency'))],
            })),
          },
        ],
        versions: {},
      };
    });
  },
};

function shaking(name: string, sockets: SocketPairs, shake: (near: Socket, far: Socket) => Promise<void>): Contestant {
  return {
    name,
    parts: PARTS,
    async sample() {
      const latencies: number[] = [];
      let bytes = 0;
      let processor = 0;
      for (let i = 0; i < BURST; i++) {
        const [near, far] = await sockets.connect();
        const before = process.cpuUsage();
        const start = performance.now();
        await shake(near, far);
        latencies.push(performance.now() - start);
        const { user, system } = process.cpuUsage(before);
        processor += (user + system) / 1_000;
        bytes = near.bytesWritten + near.bytesRead;
        near.destroy();
        far.destroy();
        await Promise.all([closed(near), closed(far)]);
      }
      return [processor / BURST, medianOf(latencies), bytes];
    },
  };
}

async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await once(socket, 'close');
}

/** Until the client has its channel: then both sides know the other. */
async function shakeOver({ alice, bob }: People, near: Socket, far: Socket): Promise<void> {
  const server = new HandshakingServer(nodePrimitives, { device: alice, puzzleBits: 0, now: Date.now() });
  const client = new HandshakingClient(nodePrimitives, { device: bob });
  const run = async (socket: Socket, side: HandshakingServer | HandshakingClient): Promise<void> => {
    for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      const step = await side.receive(chunk, Date.now());
      for (const frame of step.send) socket.write(frame);
      if (step.established !== undefined) return;
    }
    throw new Error('the handshake did not end');
  };
  near.write(server.hello);
  await Promise.all([run(near, server), run(far, client)]);
}
