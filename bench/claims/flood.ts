/** Claim 2: a flood of short messages from end to end, and the way of one typed line while nothing else happens. */
import { join } from 'node:path';
import { findOriginal, NO_ORIGINAL } from '../compare/original.ts';
import { libraryVersion } from '../compare/construction.ts';
import { type End, type Flood, flood } from '../flood/pipe.ts';
import { floodPrograms, typeLines } from '../flood/programs.ts';
import type { Chart } from '../measure/chart.ts';
import { atLeast, atMost, type Claim, type ClaimResult, type Figure, figure, type Target } from '../measure/claim.ts';
import { type Contestant, interleave } from '../measure/interleave.ts';
import { medianOf, pairedRatio } from '../measure/statistics.ts';
import { makeHomes, withFolder } from '../pair/homes.ts';

const BENCH = join(import.meta.dirname, '..');
const SCHEDULE = { rounds: 2, warmUp: 0 };
const MESSAGES = { programs: 100_000, client: 50_000, protocol: 100_000, original: 1_500, libsignal: 3_000 };
const LINES = 200;

const PROGRAMS = 'two programs, history on disk';
const CLIENT = '@waxwing/client, history on disk';
const PROTOCOL = '@waxwing/protocol, nothing stored';
const ORIGINAL = 'original’s construction, nothing stored';
const LIBSIGNAL = 'libsignal, nothing stored';

export const floodClaim: Claim = {
  name: 'flood',
  title: 'short messages between two processes over TCP, in order and acknowledged; and one typed line',
  async run({ comparators, tell }): Promise<ClaimResult> {
    const original = findOriginal();
    return await withFolder(async (folder) => {
      const [alice = '', bob = ''] = await makeHomes(folder, 'client-alice', 'client-bob');
      const memory: (readonly [early: number, late: number])[] = [];
      const contestants = [
        programs(folder, memory),
        through(CLIENT, MESSAGES.client, {
          receiver: node('flood/through-client.ts', 'receive', alice, 'disk'),
          sender: node('flood/through-client.ts', 'send', bob, 'disk'),
        }),
        through(PROTOCOL, MESSAGES.protocol, bothEnds(node, 'flood/through-protocol.ts')),
      ];
      if (original !== undefined) {
        contestants.push(through(ORIGINAL, MESSAGES.original, bothEnds(python, 'comparators/original.py')));
      }
      if (comparators)
        contestants.push(through(LIBSIGNAL, MESSAGES.libsignal, bothEnds(node, 'comparators/libsignal-peer.js')));
      tell('floods');
      const samples = await interleave(contestants, SCHEDULE);
      const rate = (name: string): readonly number[] => samples.of(name, 'rate');
      const cost = (name: string): readonly number[] => samples.of(name, 'cost');
      const names = contestants.map(({ name }) => name);
      const figures: Figure[] = [
        ...names.map((name) => figure(name, 'messages/s', rate(name))),
        ...names.map((name) => figure(`processor, both ends: ${name}`, 'µs/message', cost(name))),
      ];
      const cores = rate(PROGRAMS).map((each, round) => (each * (cost(PROGRAMS)[round] ?? Number.NaN)) / 1e6);
      figures.push(figure('cores kept busy by the two programs', 'cores', cores));
      const targets: Target[] = [];
      if (original !== undefined) {
        targets.push(atLeast('rate of two programs / original', pairedRatio(rate(PROGRAMS), rate(ORIGINAL)), 20));
        targets.push(
          atLeast('rate of the protocol library / original', pairedRatio(rate(PROTOCOL), rate(ORIGINAL)), 40),
        );
      }
      if (comparators)
        targets.push(atLeast('rate of two programs / libsignal', pairedRatio(rate(PROGRAMS), rate(LIBSIGNAL)), 1));
      const [early, late] = [memory.map(([first]) => first), memory.map(([, last]) => last)];
      if (memory.length > 0) {
        figures.push(
          figure('resident, server, after 50,000', 'MB', early),
          figure('resident, server, after 100,000', 'MB', late),
        );
        targets.push(atMost('server’s memory after 100,000 / after 50,000', pairedRatio(late, early), 1.25));
      }
      tell('typed lines');
      const lines = await typedLines(folder);
      const charts: Chart[] = [
        {
          kind: 'bars',
          file: 'flood',
          title: 'Short messages a second, from end to end',
          unit: '1/s',
          log: true,
          groups: names.map((name) => name.replace(', ', '\n')),
          series: [{ name: 'median', values: names.map((name) => medianOf(rate(name))) }],
        },
      ];
      const skipped = original === undefined ? [NO_ORIGINAL] : [];
      if (!comparators) skipped.push('libsignal: it is not installed');
      if (memory.length === 0) skipped.push('memory of the server: the system does not tell it');
      const versions = {
        ...(original === undefined ? {} : { cryptography: original }),
        ...(comparators ? { libsignal: libraryVersion('libsignal') } : {}),
      };
      return {
        figures: [...figures, ...lines.figures],
        targets: [...targets, ...lines.targets],
        skipped,
        charts,
        versions,
      };
    });
  },
};

function node(file: string, ...args: readonly string[]): End {
  return { command: process.execPath, args: [join(BENCH, file), ...args] };
}

function python(file: string, ...args: readonly string[]): End {
  return { command: 'python3', args: [join(BENCH, file), ...args] };
}

function bothEnds(end: (file: string, role: string) => End, file: string): Flood {
  return { receiver: end(file, 'receive'), sender: end(file, 'send') };
}

const PARTS = ['rate', 'cost'] as const;

function through(name: string, count: number, ends: Flood): Contestant {
  return {
    name,
    parts: PARTS,
    async sample() {
      const { seconds, processor } = await flood(ends, count);
      return [count / seconds, (processor / count) * 1e6];
    },
  };
}

/** The real programs, each time with homes that are new. */
function programs(folder: string, memory: (readonly [number, number])[]): Contestant {
  let run = 0;
  return {
    name: PROGRAMS,
    parts: PARTS,
    async sample() {
      const count = MESSAGES.programs;
      const { seconds, processor, early, late } = await floodPrograms(join(folder, String(run++)), count);
      if (early !== undefined && late !== undefined) memory.push([early, late]);
      return [count / seconds, ((processor ?? Number.NaN) / count) * 1e6];
    },
  };
}

async function typedLines(folder: string): Promise<{ figures: Figure[]; targets: Target[] }> {
  const disk = await typeLines(join(folder, 'typed'), LINES);
  const memory = await typeLines(join(folder, 'typed-memory'), LINES, '--memory');
  const limit = (floor: readonly number[]): number => 1.5 * medianOf(floor) + 2;
  const onDisk = figure('typed line until it is shown', 'ms', disk.shown);
  const inMemory = figure('typed line until it is shown, --memory', 'ms', memory.shown);
  return {
    figures: [
      onDisk,
      figure('its 99th percentile', 'ms', [onDisk.p99]),
      inMemory,
      figure('its 99th percentile, --memory', 'ms', [inMemory.p99]),
      figure('bare calls of sealing and opening', 'ms', [...disk.floor, ...memory.floor]),
      figure('4 kB forced onto this disk', 'ms', disk.sync),
    ],
    targets: [
      atMost('typed line, median', onDisk.median, limit(disk.floor), 'ms'),
      atMost('typed line, 99th percentile', onDisk.p99, limit(disk.floor), 'ms'),
      atMost('typed line, median, --memory', inMemory.median, limit(memory.floor), 'ms'),
    ],
  };
}
