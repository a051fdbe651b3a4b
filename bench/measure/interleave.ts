/** Contestants measured in one run, a sample of each in every round: what slows the machine slows all of them alike. */

import { medianOf } from './statistics.ts';

/** One of those measured side by side. A sample gives one number for each of `parts`, mostly milliseconds. */
export interface Contestant {
  readonly name: string;
  readonly parts: readonly string[];
  sample(): Promise<readonly number[]>;
  /** Ends what it started. */
  close?(): void;
}

export interface Schedule {
  /** Rounds that count. */
  readonly rounds: number;
  /** Rounds before them, for compilers and caches. */
  readonly warmUp: number;
}

/** Samples of every part, round by round: `samples.of('waxwing', 'seal')`. */
export class Samples {
  readonly #values = new Map<string, number[]>();

  add(name: string, part: string, value: number): void {
    const key = `${name} ${part}`;
    const values = this.#values.get(key);
    if (values === undefined) this.#values.set(key, [value]);
    else values.push(value);
  }

  of(name: string, part: string): readonly number[] {
    return this.#values.get(`${name} ${part}`) ?? [];
  }
}

/** Runs the rounds; each begins with another contestant, so that none always comes after the same one. */
export async function interleave(contestants: readonly Contestant[], schedule: Schedule): Promise<Samples> {
  const samples = new Samples();
  for (let round = -schedule.warmUp; round < schedule.rounds; round++) {
    const first = (round + schedule.warmUp) % contestants.length;
    for (const contestant of [...contestants.slice(first), ...contestants.slice(0, first)]) {
      const values = await contestant.sample();
      if (round < 0) continue;
      contestant.parts.forEach((part, index) => {
        samples.add(contestant.name, part, values[index] ?? Number.NaN);
      });
    }
  }
  return samples;
}

/**
 * A contestant whose samples are the medians of `count` samples made in a row, as a conversation that goes on makes them:
 * the first message after another library has run finds every cache cold.
 */
export function inBursts(contestant: Contestant, count: number): Contestant {
  return {
    ...contestant,
    async sample() {
      const values: (readonly number[])[] = [];
      for (let i = 0; i < count; i++) values.push(await contestant.sample());
      return contestant.parts.map((_part, index) => medianOf(values.map((each) => each[index] ?? Number.NaN)));
    },
  };
}

/** Milliseconds that `run` took, and what it gave. */
export async function timed<T>(run: () => Promise<T> | T): Promise<{ readonly ms: number; readonly value: T }> {
  const start = performance.now();
  const value = await run();
  return { ms: performance.now() - start, value };
}
