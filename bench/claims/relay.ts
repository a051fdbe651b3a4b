/** Claim 7: a relay with its store on the disk, against mosquitto with persistent sessions and QoS 1. */
import { join } from 'node:path';
import { findMosquitto, type Mosquitto, NO_MOSQUITTO } from '../compare/mosquitto.ts';
import { atLeast, atMost, type Claim, type ClaimResult, type Figure, figure, type Target } from '../measure/claim.ts';
import { type Contestant, interleave } from '../measure/interleave.ts';
import { medianOf, pairedRatio, spreadOf } from '../measure/statistics.ts';
import { timeSyncs } from '../pair/disk.ts';
import { withFolder } from '../pair/homes.ts';
import { makePrimes } from '../relay/accounts.ts';
import { Bout } from '../relay/bout.ts';
import { type CrowdResult, gatherCrowd, mostConnections } from '../relay/crowd.ts';
import { startBroker, startRelay } from '../relay/server.ts';

const SCHEDULE = { rounds: 3, warmUp: 1 };
/** One flood, s; and one that nobody receives. */
const FLOOD = 3;
const FLOOD_ABSENT = 2;
const PACE = { perSecond: 2_000, seconds: 6 };
const CROWDS = [1_000, 5_000, 18_000];
const SYNCS = 200;
const MOST_EACH = 25_000;
const MOST_DELAY = 20;

const RELAY = 'relay';
const STRICT = 'mosquitto, saved at once';
const RELAXED = 'mosquitto, saved each second';

export const relay: Claim = {
  name: 'relay',
  title: 'messages of 1,104 bytes through a relay that keeps them on the disk, against mosquitto with QoS 1',
  async run({ comparators, tell }): Promise<ClaimResult> {
    const mosquitto = comparators ? findMosquitto() : undefined;
    const skipped: string[] = [];
    if (!comparators) skipped.push('mosquitto: the library that speaks with it is not installed');
    else if (mosquitto === undefined) skipped.push(NO_MOSQUITTO);
    const most = mostConnections();
    const sizes = [...new Set(CROWDS.map((size) => Math.min(size, most ?? 0)))].filter((size) => size > 0);
    if (most === undefined)
      skipped.push('idle connections: this system has no /proc that tells what a process may open');
    else if (most < Math.max(...CROWDS)) {
      skipped.push(`more than ${most} idle connections: a process may open no more files here (ulimit -n)`);
    }
    return await withFolder(async (folder) => {
      tell('keys');
      const primes = await makePrimes(Math.max(...CROWDS));
      const through = await measureThroughput({ folder, primes, mosquitto, tell });
      const crowds = sizes.length === 0 ? [] : await measureCrowds({ folder, primes, mosquitto, tell }, sizes);
      return {
        figures: [...through.figures, ...crowds.flatMap(crowdFigures)],
        targets: [...through.targets, ...crowdTargets(crowds)],
        skipped,
        charts: [
          {
            kind: 'bars',
            file: 'relay',
            title: 'Messages of 1,104 bytes a second, acknowledged and delivered',
            unit: '1/s',
            groups: through.rates.map(([name]) => name.replace(', ', '\n')),
            series: [{ name: 'median', values: through.rates.map(([, rate]) => rate) }],
          },
          {
            kind: 'lines',
            file: 'relay-idle',
            title: 'What an idle connection keeps',
            unit: 'kB',
            x: 'connections',
            logX: true,
            series: crowds.map(({ name, result }) => ({
              name,
              points: result.crowds.map(({ connections, each }) => [connections, each / 1_000] as const),
            })),
          },
        ],
        versions: mosquitto === undefined ? {} : { mosquitto: mosquitto.version },
      };
    });
  },
};

interface Setting {
  readonly folder: string;
  readonly primes: readonly string[];
  readonly mosquitto: Mosquitto | undefined;
  readonly tell: (what: string) => void;
}

async function measureThroughput({ folder, primes, mosquitto, tell }: Setting): Promise<{
  readonly figures: readonly Figure[];
  readonly targets: readonly Target[];
  readonly rates: readonly (readonly [name: string, rate: number])[];
}> {
  const bouts = new Map<string, Bout>();
  try {
    bouts.set(RELAY, await Bout.begin(await startRelay(join(folder, 'relay'), primes)));
    if (mosquitto !== undefined) {
      for (const [name, saving] of [
        [STRICT, 'every change'],
        [RELAXED, 'every second'],
      ] as const) {
        const server = await startBroker(mosquitto, { folder: join(folder, saving), saving });
        bouts.set(name, await Bout.begin(server));
      }
    }
    tell('floods');
    const samples = await interleave(
      [...bouts].map(([name, bout]) => flooding(name, bout)),
      SCHEDULE,
    );
    const of = (name: string, part: (typeof PARTS)[number]): readonly number[] => samples.of(name, part);
    const names = [...bouts.keys()];
    const figures = [
      figure('4 kB forced onto this disk', 'ms', timeSyncs(folder, SYNCS)),
      ...names.map((name) => figure(name, 'messages/s', of(name, 'rate'))),
      ...names.map((name) => figure(`processor: ${name}`, 'µs/message', of(name, 'server'))),
      ...names.map((name) => figure(`processor of the load: ${name}`, 'µs/message', of(name, 'load'))),
    ];
    const targets: Target[] = [];
    if (mosquitto !== undefined) {
      const ratio = (name: string): number => pairedRatio(of(RELAY, 'rate'), of(name, 'rate'));
      targets.push(atLeast('rate of the relay / mosquitto, saved at once', ratio(STRICT), 1));
      figures.push(figure('rate of the relay / mosquitto, saved each second', '×', [ratio(RELAXED)]));
    }
    for (const [name, bout] of bouts) {
      tell(`delivery at ${PACE.perSecond.toLocaleString('en')} messages a second: ${name}`);
      const { median, p99 } = spreadOf(await bout.pace(PACE.perSecond, PACE.seconds));
      figures.push(figure(`delivery, median: ${name}`, 'ms', [median]), figure(`delivery, p99: ${name}`, 'ms', [p99]));
      if (name !== RELAY) continue;
      const what = `delivery by the relay at ${PACE.perSecond.toLocaleString('en')}/s, 99th percentile`;
      targets.push(atMost(what, p99, MOST_DELAY, 'ms'));
    }
    for (const [name, bout] of bouts) {
      tell(`recipients that are away: ${name}`);
      const { rate } = await bout.floodAbsent(FLOOD_ABSENT);
      figures.push(figure(`recipients away: ${name}`, 'messages/s', [rate]));
    }
    return { figures, targets, rates: names.map((name) => [name, medianOf(of(name, 'rate'))] as const) };
  } finally {
    await Promise.all([...bouts.values()].map((bout) => bout.end()));
  }
}

const PARTS = ['rate', 'server', 'load'] as const;

function flooding(name: string, bout: Bout): Contestant {
  return {
    name,
    parts: PARTS,
    async sample() {
      const { rate, server, load } = await bout.flood(FLOOD);
      return [rate, server, load];
    },
  };
}

interface NamedCrowds {
  readonly name: string;
  readonly result: CrowdResult;
}

async function measureCrowds(setting: Setting, sizes: readonly number[]): Promise<NamedCrowds[]> {
  const { folder, primes, mosquitto, tell } = setting;
  tell(`${Math.max(...sizes)} idle connections`);
  const server = await startRelay(join(folder, 'crowd'), primes);
  const crowds: NamedCrowds[] = [{ name: 'relay', result: await gatherCrowd(server, sizes) }];
  if (mosquitto !== undefined) {
    const options = { folder: join(folder, 'crowd of mosquitto'), saving: 'every second' } as const;
    const result = await gatherCrowd(await startBroker(mosquitto, options), sizes);
    crowds.push({ name: 'mosquitto', result });
  }
  return crowds;
}

function crowdFigures({ name, result }: NamedCrowds): Figure[] {
  return [
    figure(`connections with handshake: ${name}`, '1/s', [result.rate]),
    figure(`processor of a connection: ${name}`, 'ms', [result.processor]),
    ...result.crowds.map(({ connections, each }) =>
      figure(`one of ${connections.toLocaleString('en')} idle: ${name}`, 'bytes', [each]),
    ),
  ];
}

function crowdTargets(crowds: readonly NamedCrowds[]): Target[] {
  const largest = crowds[0]?.result.crowds.at(-1);
  if (largest === undefined) return [];
  const name = `memory of one of ${largest.connections.toLocaleString('en')} idle connections`;
  return [atMost(name, largest.each / 1_000, MOST_EACH / 1_000, 'kB')];
}
