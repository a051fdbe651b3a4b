/** Programs on another day: the library of Debian's package faketime, where it is. */
import { spawnSync } from 'node:child_process';
import type { Surroundings } from './exchange.ts';

/** What `faketime` puts before a program; undefined where there is none. */
export function faketimeLibrary(): string | undefined {
  const { stdout, error } = spawnSync('faketime', ['-f', '+1d', 'env'], { encoding: 'utf8' });
  return error === undefined ? /^LD_PRELOAD=(.+)$/m.exec(stdout)?.[1] : undefined;
}

/**
 * A process that thinks that it is another day (`+20d`); its pauses are as long as ever. The library is named to the program
 * itself, so that what is killed is the program.
 */
export function onAnotherDay(library: string, offset: string): Surroundings {
  return { env: { LD_PRELOAD: library, FAKETIME: offset, FAKETIME_DONT_FAKE_MONOTONIC: '1' } };
}
