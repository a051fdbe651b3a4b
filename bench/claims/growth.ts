/** Claim 5: the cost of a message against the length of the history, its own size, and the size of its flight. */
import { dial, listen, openHome } from '@waxwing/client';
import type { Chart } from '../measure/chart.ts';
import { atLeast, atMost, type Claim, type ClaimResult, type Figure, figure, type Target } from '../measure/claim.ts';
import { type Contestant, inBursts, interleave, timed } from '../measure/interleave.ts';
import { lineThrough, medianOf, spreadOf } from '../measure/statistics.ts';
import { HistoryFiller, makeHomes, withFolder } from '../pair/homes.ts';
import { converse, makePeople, type People } from '../pair/people.ts';
import { Talk, textOfSize } from '../pair/talk.ts';

const HISTORIES = [100, 1_000, 10_000, 100_000, 1_000_000] as const;
/** Messages posted at once against each history, and how often. */
const POSTED = 640;
const POSTS = 6;
const SIZES = [1, 10_000, 20_000, 30_000, 40_000, 50_000, 60_000] as const;
const FLIGHTS = [1, 2, 4, 8, 16, 32, 64] as const;
const SCHEDULE = { rounds: 25, warmUp: 15 };
const BURST = 4;

interface Part {
  readonly figures: readonly Figure[];
  readonly targets: readonly Target[];
  readonly chart: Chart;
}

export const growth: Claim = {
  name: 'growth',
  title: 'the cost of a message as the history, the message and the flight grow',
  async run({ tell }): Promise<ClaimResult> {
    const people = await makePeople();
    tell('sizes and flights');
    const parts = [await againstSize(people), await againstFlight(people)];
    parts.push(await withFolder((folder) => againstHistory(folder, tell)));
    return {
      figures: parts.flatMap(({ figures }) => figures),
      targets: parts.flatMap(({ targets }) => targets),
      skipped: [],
      charts: parts.map(({ chart }) => chart),
      versions: {},
    };
  },
};

const PARTS = ['message'] as const;

/** What curves are drawn through: the 5th percentile, because a disturbed sample says nothing about growth. */
const undisturbed = (samples: readonly number[]): number => spreadOf(samples).p5;

/** Seals and opens flights of `count` texts of `size` bytes; a sample is the milliseconds of one message. */
async function talking(people: People, count: number, size: number): Promise<Contestant> {
  const talk = new Talk(await converse(people));
  let number = 0;
  const contestant: Contestant = {
    name: String(count === 1 ? size : count),
    parts: PARTS,
    async sample() {
      const texts = Array.from({ length: count }, () => textOfSize(size, number++));
      const { ms } = await timed(async () => talk.open((await talk.seal(texts)).envelope));
      await talk.step();
      return [ms / count];
    },
  };
  return inBursts(contestant, BURST);
}

async function againstSize(people: People): Promise<Part> {
  const contestants: Contestant[] = [];
  for (const size of SIZES) contestants.push(await talking(people, 1, size));
  const samples = await interleave(contestants, SCHEDULE);
  const points = SIZES.map((size) => [size, undisturbed(samples.of(String(size), 'message'))] as const);
  const { r2, slope, base } = lineThrough(points);
  return {
    figures: [
      ...SIZES.map((size) =>
        figure(`message of ${size.toLocaleString('en')} B`, 'ms', samples.of(String(size), 'message')),
      ),
      figure('each byte more', 'ns', [slope * 1e6]),
      figure('the line at no bytes', 'ms', [base]),
    ],
    targets: [atLeast('message size: how straight the line is', r2, 0.95, 'r²')],
    chart: {
      kind: 'lines',
      file: 'growth-size',
      title: 'Sealing and opening one message, by its size',
      unit: 'ms',
      x: 'bytes',
      logX: false,
      series: [{ name: 'seal and open', points }],
    },
  };
}

async function againstFlight(people: People): Promise<Part> {
  const contestants: Contestant[] = [];
  for (const count of FLIGHTS) contestants.push(await talking(people, count, 20));
  // A flight of one is named by its size there; here every flight is named by its count.
  const named = contestants.map((contestant, index) => ({ ...contestant, name: String(FLIGHTS[index]) }));
  const samples = await interleave(named, SCHEDULE);
  const costs = FLIGHTS.map((count) => undisturbed(samples.of(String(count), 'message')));
  const rises = costs.slice(1).filter((value, index) => value > (costs[index] ?? 0)).length;
  return {
    figures: FLIGHTS.map((count) =>
      figure(`message in a flight of ${String(count)}`, 'ms', samples.of(String(count), 'message')),
    ),
    targets: [
      atMost('flight size: steps at which the cost rises', rises, 0, ''),
      atMost('message in a flight of 64 / alone', (costs.at(-1) ?? 0) / (costs[0] ?? 1), 0.1),
    ],
    chart: {
      kind: 'lines',
      file: 'growth-flight',
      title: 'Sealing and opening one message, by the size of its flight',
      unit: 'ms',
      log: true,
      x: 'messages in the flight',
      logX: true,
      series: [{ name: 'seal and open', points: FLIGHTS.map((count, index) => [count, costs[index] ?? 0] as const) }],
    },
  };
}

/** Processor time of a message through @waxwing/client, both ends, while the history of one grows, which sends and receives. */
async function againstHistory(folder: string, tell: (what: string) => void): Promise<Part> {
  const [alice = '', bob = ''] = await makeHomes(folder, 'alice', 'bob');
  const [near, far] = await Promise.all([openHome({ path: alice }), openHome({ path: bob })]);
  const filler = new HistoryFiller(near);
  const server = await listen({ home: near, port: 0, observe: () => undefined });
  const client = await dial({ home: far, address: server.address, observe: () => undefined });
  const texts = Array.from({ length: POSTED / 2 }, (_, index) => `message ${String(index)}`);
  const post = async (): Promise<void> => {
    const ends = [client.conversation, server.current];
    for (const end of ends) end?.post(texts);
    for (const end of ends) if ((await end?.flush(60_000)) !== true) throw new Error('not acknowledged');
  };
  await post();
  const costs: (readonly number[])[] = [];
  for (const length of HISTORIES) {
    tell(`a history of ${length.toLocaleString('en')} messages`);
    await filler.fillTo(length);
    const samples: number[] = [];
    for (let i = 0; i < POSTS; i++) {
      const before = process.cpuUsage();
      await post();
      const { user, system } = process.cpuUsage(before);
      samples.push((user + system) / POSTED);
    }
    costs.push(samples);
  }
  await client.close();
  await server.close();
  near.close();
  far.close();
  const medians = costs.map(medianOf);
  return {
    figures: HISTORIES.map((length, index) =>
      figure(`history of ${length.toLocaleString('en')}: processor`, 'µs/message', costs[index] ?? []),
    ),
    targets: [atMost('message after a million / after a hundred', (medians.at(-1) ?? 0) / (medians[0] ?? 1), 1.25)],
    chart: {
      kind: 'lines',
      file: 'growth-history',
      title: 'Processor time of one message through @waxwing/client, both ends, by the length of the history',
      unit: 'µs',
      x: 'messages in the history',
      logX: true,
      series: [
        { name: 'processor time', points: HISTORIES.map((length, index) => [length, medians[index] ?? 0] as const) },
      ],
    },
  };
}
