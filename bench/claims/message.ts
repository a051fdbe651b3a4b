/** Claim 1: what one message costs, against its bare cryptography and against what people would use instead. */
import { findOriginal, NO_ORIGINAL, originalContestant } from '../compare/original.ts';
import { LIBRARIES, libraryContestant, libraryVersion } from '../compare/construction.ts';
import { atMost, type Claim, type ClaimResult, type Figure, figure, type Target } from '../measure/claim.ts';
import type { Chart } from '../measure/chart.ts';
import { type Contestant, inBursts, interleave, timed } from '../measure/interleave.ts';
import { pairedRatio } from '../measure/statistics.ts';
import { Floor } from '../pair/floor.ts';
import { converse, makePeople, type People } from '../pair/people.ts';
import { Talk, textOfSize } from '../pair/talk.ts';

const SIZES = [100, 10_000] as const;
const SCHEDULE = { rounds: 60, warmUp: 30 };
/** Messages in a row of each contestant, in each round. */
const BURST = 10;
const PARTS = ['seal', 'open'] as const;

const WAXWING = 'waxwing';
const FLOOR = 'floor';
/** Of the product to the bare calls (median of the paired ratios). */
const MOST_OVER_FLOOR = 1.2;
/** What it must be faster than; libsignal has no RSA and no signature, and is there for scale. */
const SLOWER = new Set<string>(['original', 'jose', 'openpgp']);

export const message: Claim = {
  name: 'message',
  title: 'seal and open of one message in a running session, one core',
  async run({ comparators, tell }): Promise<ClaimResult> {
    const original = findOriginal();
    const figures: Figure[] = [];
    const targets: Target[] = [];
    const charts: Chart[] = [];
    const people = await makePeople();
    for (const size of SIZES) {
      tell(`${String(size)} bytes`);
      let count = 0;
      const next = (): string => textOfSize(size, count++);
      const contestants = (await ours(people, size, next)).map((contestant) => inBursts(contestant, BURST));
      if (original !== undefined) contestants.push(await originalContestant(size, BURST));
      if (comparators) {
        for (const name of LIBRARIES) contestants.push(inBursts(await libraryContestant(name, next), BURST));
      }
      const samples = await interleave(contestants, SCHEDULE);
      for (const contestant of contestants) contestant.close?.();
      const words = `${String(size)} B`;
      for (const part of PARTS) {
        for (const { name } of contestants)
          figures.push(figure(`${part} ${words}: ${name}`, 'ms', samples.of(name, part)));
        const ratio = (name: string): number => pairedRatio(samples.of(WAXWING, part), samples.of(name, part));
        targets.push(atMost(`${part} ${words} / bare calls`, ratio(FLOOR), MOST_OVER_FLOOR));
        for (const { name } of contestants) {
          if (SLOWER.has(name)) targets.push(atMost(`${part} ${words} / ${name}`, ratio(name), 1));
        }
      }
      const medians = figures.slice(-2 * contestants.length);
      charts.push({
        kind: 'bars',
        file: `message-${String(size)}`,
        title: `One message of ${size.toLocaleString('en')} bytes`,
        unit: 'ms',
        groups: ['seal', 'open'],
        series: contestants.map(({ name }, index) => ({
          name,
          values: [medians[index]?.median ?? 0, medians[index + contestants.length]?.median ?? 0],
        })),
      });
    }
    const skipped = original === undefined ? [NO_ORIGINAL] : [];
    if (!comparators) skipped.push('jose, openpgp and libsignal: they are not installed');
    const versions = {
      ...(original === undefined ? {} : { cryptography: original }),
      ...(comparators ? Object.fromEntries(LIBRARIES.map((name) => [name, libraryVersion(name)])) : {}),
    };
    return { figures, targets, skipped, charts, versions };
  },
};

/** The product, and the floor for a ciphertext of the size that the product makes. */
async function ours(people: People, size: number, next: () => string): Promise<Contestant[]> {
  const talk = new Talk(await converse(people));
  const { proof } = await talk.open((await talk.seal([next()])).envelope);
  const floor = new Floor(size, proof[3].ciphertext);
  return [
    {
      name: WAXWING,
      parts: PARTS,
      async sample() {
        const text = next();
        const sealed = await timed(() => talk.seal([text]));
        const opened = await timed(() => talk.open(sealed.value.envelope));
        await talk.step();
        return [sealed.ms, opened.ms];
      },
    },
    {
      name: FLOOR,
      parts: PARTS,
      async sample() {
        const sealed = await timed(() => floor.seal());
        const opened = await timed(() => floor.open(sealed.value));
        if (!opened.value) throw new Error('the bare signature does not verify');
        return [sealed.ms, opened.ms];
      },
    },
  ];
}
