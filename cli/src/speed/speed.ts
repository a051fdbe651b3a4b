/** The speed of each layer and of the whole on this machine, in a few seconds; `npm run bench` of a checkout says more. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dial, type Home, listen, openHome } from '@waxwing/client';
import { MAX_ITEMS, utf8 } from '@waxwing/protocol';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import { type Pair, shakeHands, Talk } from './talk.ts';

export interface SpeedFigure {
  readonly name: string;
  readonly unit: 'ms' | 'µs' | 'messages/s';
  /** The median, and the values that a twentieth of the samples lie below and above. */
  readonly median: number;
  readonly p5: number;
  readonly p95: number;
  readonly samples: number;
  /** What it means, in one line. */
  readonly reading: string;
}

const SAMPLES = 200;
const WARM_UP = 50;
const HANDSHAKES = 30;
const LINES = 40;
const FLOOD = 4_096;
const SIZE = 100;

/** Measures one figure after the other; the homes are temporary. */
export async function* measureSpeed(): AsyncGenerator<SpeedFigure> {
  const folder = mkdtempSync(join(tmpdir(), 'waxwing-bench-'));
  const homes: Home[] = [];
  try {
    for (const name of ['alice', 'bob']) homes.push(await openHome({ path: join(folder, name) }));
    const [alice, bob] = homes as [Home, Home];
    const pair = { server: alice.device, client: bob.device };
    yield* measureMessages(pair);
    yield await measureHandshakes(pair);
    yield* measureDelivery(alice, bob);
  } finally {
    for (const home of homes) home.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function* measureMessages(pair: Pair): AsyncGenerator<SpeedFigure> {
  const talk = await Talk.begin(pair);
  const statement = utf8('x'.repeat(700));
  const samples = { sign: [] as number[], seal: [] as number[], open: [] as number[], flight: [] as number[] };
  const full = Array.from({ length: MAX_ITEMS }, (_, index) => `message ${String(index)}`);
  for (let round = -WARM_UP; round < SAMPLES; round++) {
    const start = performance.now();
    await nodePrimitives.signPss(pair.client.signKey, statement, 32);
    const sign = performance.now() - start;
    const { seal, open } = await talk.send(['x'.repeat(SIZE)]);
    const flight = round % 10 === 0 ? await talk.send(full) : undefined;
    if (round < 0) continue;
    samples.sign.push(sign);
    samples.seal.push(seal);
    samples.open.push(open);
    if (flight !== undefined) samples.flight.push(((flight.seal + flight.open) / MAX_ITEMS) * 1_000);
  }
  const sign = figure('RSA-2048 signature', 'ms', samples.sign);
  const seal = figure(`sealing ${String(SIZE)} bytes`, 'ms', samples.seal);
  const open = figure(`opening ${String(SIZE)} bytes`, 'ms', samples.open);
  const flight = figure('message of a full flight', 'µs', samples.flight);
  const alone = ((seal.median + open.median) * 1_000) / flight.median;
  yield { ...sign, reading: 'the unit of everything below: one private RSA operation' };
  yield { ...seal, reading: `five layers for ${times(seal.median / sign.median)} the price of the signature in them` };
  yield { ...open, reading: `all six checks for ${times(open.median / sign.median)} the price of a signature` };
  yield { ...flight, reading: `sealed and opened with ${MAX_ITEMS - 1} others: ${times(alone)} cheaper than alone` };
}

async function measureHandshakes(pair: Pair): Promise<SpeedFigure> {
  const samples: number[] = [];
  for (let i = 0; i < HANDSHAKES; i++) {
    const start = performance.now();
    await shakeHands(pair);
    samples.push(performance.now() - start);
  }
  const both = figure('handshake, both ends', 'ms', samples);
  return { ...both, reading: `one core takes part in ${String(Math.round(2_000 / both.median))} connections a second` };
}

async function* measureDelivery(alice: Home, bob: Home): AsyncGenerator<SpeedFigure> {
  const server = await listen({ home: alice, port: 0, observe: () => undefined });
  const client = await dial({ home: bob, address: server.address, observe: () => undefined });
  try {
    const samples: number[] = [];
    for (let i = 0; i < LINES; i++) {
      const start = performance.now();
      await client.conversation.send(`line ${String(i)}`);
      samples.push(performance.now() - start);
    }
    const line = figure('one text until it is acknowledged', 'ms', samples);
    yield { ...line, reading: 'sealed, sent, checked, and forced onto both disks on the way' };
    const start = performance.now();
    client.conversation.post(Array.from({ length: FLOOD }, (_, index) => `message ${String(index)}`));
    await client.conversation.flush(60_000);
    const rate = (FLOOD * 1_000) / (performance.now() - start);
    const flood = figure('flood with history on disk', 'messages/s', [rate]);
    yield {
      ...flood,
      reading: `both ends in one process: ${times((rate * line.median) / 1_000)} the rate of single texts`,
    };
  } finally {
    await client.close();
    await server.close();
  }
}

function figure(name: string, unit: SpeedFigure['unit'], samples: readonly number[]): Omit<SpeedFigure, 'reading'> {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round((sorted.length - 1) * share)] ?? Number.NaN;
  return { name, unit, median: at(0.5), p5: at(0.05), p95: at(0.95), samples: sorted.length };
}

function times(ratio: number): string {
  return `${ratio >= 10 ? String(Math.round(ratio)) : ratio.toFixed(1)} times`;
}
