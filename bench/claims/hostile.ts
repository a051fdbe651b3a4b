/** Claim 6: what whoever wishes ill can make a server spend, against what it costs him; and what a hostile frame allocates. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  type Bytes,
  isProtocolError,
  MAX_FRAME,
  MAX_FRAME_HANDSHAKE,
  MAX_PUZZLE_BITS,
  MIN_PUZZLE_BITS,
} from '@waxwing/protocol';
import { createSharedEphemeral, HandshakingClient, HandshakingServer, type Channel } from '@waxwing/protocol/channel';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import { atLeast, atMost, type Claim, type ClaimResult, type Figure, figure, type Target } from '../measure/claim.ts';
import { type Contestant, interleave, timed } from '../measure/interleave.ts';
import { medianOf, pairedRatio } from '../measure/statistics.ts';
import { converse, makePeople, type People, shakeHands } from '../pair/people.ts';
import { Talk, textOfSize } from '../pair/talk.ts';

const SCHEDULE = { rounds: 60, warmUp: 20 };
const FRAMES = 200;
const RECORD_SIZE = 1_000;

export const hostile: Claim = {
  name: 'hostile',
  title: 'what a server spends on whoever wishes ill, and what it costs him (one thread, wall time)',
  async run({ tell }): Promise<ClaimResult> {
    const people = await makePeople();
    tell('packets and handshakes');
    const contestants = await attacks(people);
    const samples = await interleave(contestants, SCHEDULE);
    const figures: Figure[] = contestants.flatMap(({ name, parts }) =>
      parts.map((part) => figure(`${name}: ${part}`, 'ms', samples.of(name, part))),
    );
    const of = (name: string, part = SERVER): readonly number[] => samples.of(name, part);
    const targets: Target[] = [
      atMost('envelope with a wrong HMAC / a good one', pairedRatio(of(BAD_ENVELOPE), of(GOOD_ENVELOPE)), 0.25),
      atMost('record that does not open / a good envelope', pairedRatio(of(BAD_RECORD), of(GOOD_ENVELOPE)), 0.25),
      atMost('handshake never answered / a whole one', pairedRatio(of(UNFINISHED), of(WHOLE)), 0.25),
      atMost('handshake refused at the puzzle / a whole one', pairedRatio(of(NO_PUZZLE), of(WHOLE)), 0.25),
      atMost('handshake refused at its end / a whole one', pairedRatio(of(REFUSED), of(WHOLE)), 1.05),
      atLeast(
        `attacker’s puzzle of ${String(MAX_PUZZLE_BITS)} bits / what the server then spends`,
        hashes(samples.of(PUZZLE, ATTACKER), MAX_PUZZLE_BITS) / medianOf(of(REFUSED)),
        10,
      ),
    ];
    tell('memory');
    const memory = await allocations(people);
    return {
      figures: [...figures, ...memory.figures],
      targets: [...targets, ...memory.targets],
      skipped: [],
      charts: [
        {
          kind: 'bars',
          file: 'hostile',
          title: 'What the server spends on each',
          unit: 'ms',
          groups: ['server'],
          series: contestants
            .filter(({ parts }) => parts.includes(SERVER))
            .map(({ name }) => ({ name, values: [medianOf(of(name))] })),
        },
      ],
      versions: {},
    };
  },
};

const SERVER = 'server';
const ATTACKER = 'attacker';
const GOOD_ENVELOPE = 'good envelope';
const BAD_ENVELOPE = 'envelope with a wrong HMAC';
const BAD_RECORD = 'record that does not open';
const WHOLE = 'whole handshake';
const UNFINISHED = 'handshake never answered';
const NO_PUZZLE = 'handshake without its puzzle';
const REFUSED = 'handshake refused at its end';
const PUZZLE = `puzzle of ${String(MIN_PUZZLE_BITS)} bits`;

/** Milliseconds of a puzzle of so many bits, from the smallest one measured: each bit doubles it. */
function hashes(samples: readonly number[], bits: number): number {
  const mean = samples.reduce((sum, each) => sum + each, 0) / samples.length;
  return mean * 2 ** (bits - MIN_PUZZLE_BITS);
}

const one = (name: string, part: string, sample: () => Promise<number>): Contestant => ({
  name,
  parts: [part],
  sample: async () => [await sample()],
});

async function refused(run: () => unknown): Promise<number> {
  const start = performance.now();
  try {
    await run();
  } catch (error) {
    if (isProtocolError(error)) return performance.now() - start;
    throw error;
  }
  throw new Error('what is hostile was accepted');
}

async function attacks(people: People): Promise<Contestant[]> {
  const { alice: device, bob } = people;
  const talk = new Talk(await converse(people));
  let count = 0;
  const ephemeral = (): ReturnType<typeof createSharedEphemeral> => createSharedEphemeral(nodePrimitives, Date.now());
  const hello = (puzzleBits: number): HandshakingServer =>
    new HandshakingServer(nodePrimitives, { device, puzzleBits, ephemeral: ephemeral(), now: Date.now() });
  const answer = async (to: HandshakingServer): Promise<Bytes> => {
    const { send } = await new HandshakingClient(nodePrimitives, { device: bob }).receive(to.hello, Date.now());
    return first(send);
  };
  return [
    {
      name: GOOD_ENVELOPE,
      parts: [ATTACKER, SERVER],
      async sample() {
        const sealed = await timed(() => talk.seal([textOfSize(100, count++)]));
        const opened = await timed(() => talk.open(sealed.value.envelope));
        await talk.step();
        return [sealed.ms, opened.ms];
      },
    },
    one(BAD_ENVELOPE, SERVER, async () => {
      const { envelope } = await talk.seal([textOfSize(100, count++)]);
      const wrong = new Uint8Array(envelope);
      wrong[wrong.length - 1] = (wrong[wrong.length - 1] ?? 0) ^ 1;
      const ms = await refused(() => talk.open(wrong));
      await talk.open(envelope); // nothing has changed
      await talk.step();
      return ms;
    }),
    one(BAD_RECORD, SERVER, async () => {
      const { server } = await shakeHands(people);
      return await refused(() => server.receive(record(RECORD_SIZE)));
    }),
    one(WHOLE, SERVER, async () => await serverTime(people)),
    one(UNFINISHED, SERVER, async () => {
      const keys = ephemeral(); // shared by all who come within a second
      const options = { device, puzzleBits: 0, ephemeral: keys, now: Date.now() };
      return (await timed(() => new HandshakingServer(nodePrimitives, options))).ms;
    }),
    one(NO_PUZZLE, SERVER, async () => {
      const [server, other] = [hello(MIN_PUZZLE_BITS), hello(0)];
      const unsolved = await answer(other);
      return await refused(() => server.receive(unsolved, Date.now()));
    }),
    one(REFUSED, SERVER, async () => {
      const made = await timed(() => hello(0));
      const f2 = await answer(made.value);
      const third = await timed(() => made.value.receive(f2, Date.now()));
      const last = await refused(() => made.value.receive(frame(0x04, RECORD_SIZE), Date.now()));
      return made.ms + third.ms + last;
    }),
    one(PUZZLE, ATTACKER, async () => (await timed(() => answer(hello(MIN_PUZZLE_BITS)))).ms),
  ];
}

/** The server's part of a whole handshake, ms. */
async function serverTime({ alice, bob }: People): Promise<number> {
  const client = new HandshakingClient(nodePrimitives, { device: bob });
  const made = await timed(
    () => new HandshakingServer(nodePrimitives, { device: alice, puzzleBits: 0, now: Date.now() }),
  );
  const server = made.value;
  const f2 = first((await client.receive(server.hello, Date.now())).send);
  const third = await timed(() => server.receive(f2, Date.now()));
  const f4 = first((await client.receive(first(third.value.send), Date.now())).send);
  const last = await timed(() => server.receive(f4, Date.now()));
  return made.ms + third.ms + last.ms;
}

function first(frames: readonly Bytes[]): Bytes {
  const [frame] = frames;
  if (frame === undefined) throw new Error('a frame was expected');
  return frame;
}

/** A frame of random bytes. */
function frame(type: number, size: number): Bytes {
  const header = new DataView(new ArrayBuffer(5));
  header.setUint32(0, size + 1);
  header.setUint8(4, type);
  return new Uint8Array(Buffer.concat([new Uint8Array(header.buffer), nodePrimitives.randomBytes(size)]));
}

const record = (size: number): Bytes => frame(0x10, size);

/** What stays allocated for each connection while a hostile frame is unfinished, bytes. */
async function allocations(people: People): Promise<{ figures: Figure[]; targets: Target[] }> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const held = (): number => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const shared = createSharedEphemeral(nodePrimitives, Date.now());
  const now = Date.now();
  const options = { device: people.alice, puzzleBits: 0, ephemeral: shared, now };
  const servers = Array.from({ length: FRAMES }, () => new HandshakingServer(nodePrimitives, options));
  const announced = async (size: number): Promise<number> => {
    const header = new Uint8Array(5);
    new DataView(header.buffer).setUint32(0, size - 4);
    header[4] = 0x02;
    const before = held();
    for (const server of servers) await server.receive(header, now).catch(() => undefined);
    return (held() - before) / FRAMES;
  };
  const tooLarge = await announced(MAX_FRAME);
  const fresh = Array.from({ length: FRAMES }, () => new HandshakingServer(nodePrimitives, options));
  servers.splice(0, servers.length, ...fresh);
  const largest = await announced(MAX_FRAME_HANDSHAKE);
  const channels: Channel[] = [];
  for (let i = 0; i < 20; i++) channels.push((await shakeHands(people)).server);
  const start = new Uint8Array(record(MAX_FRAME - 5).subarray(0, 100)); // a copy: a view would keep all of it
  const before = held();
  for (const channel of channels) channel.receive(start);
  const authentic = (held() - before) / channels.length;
  return {
    figures: [
      figure('kept for a frame that announces too much', 'bytes', [Math.max(0, tooLarge)]),
      figure('kept for the largest frame before the end of a handshake', 'bytes', [largest]),
      figure('kept for the largest frame after it', 'bytes', [authentic]),
    ],
    targets: [
      atMost('kept for a frame that announces too much', Math.max(0, tooLarge), MAX_FRAME_HANDSHAKE, 'B'),
      atMost('kept for the largest unauthenticated frame', largest, 2 * MAX_FRAME_HANDSHAKE, 'B'),
      atMost('kept for the largest authenticated frame', authentic, 1.25 * MAX_FRAME, 'B'),
    ],
  };
}
