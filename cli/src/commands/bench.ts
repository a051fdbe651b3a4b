/** `waxwing bench`: the speed of this machine, a line for each figure. */
import { EXIT, type ExitCode } from '../exit-code.ts';
import { print, printJson } from '../output.ts';
import { measureSpeed, type SpeedFigure } from '../speed/speed.ts';

export interface BenchFlags {
  readonly json?: boolean;
}

export async function runBench(flags: BenchFlags): Promise<ExitCode> {
  for await (const figure of measureSpeed()) {
    if (flags.json === true) printJson(figure);
    else print(lineOf(figure));
  }
  return EXIT.ok;
}

function lineOf({ name, unit, median, reading }: SpeedFigure): string {
  const value = median >= 1_000 ? String(Math.round(median)) : median.toPrecision(3);
  return `${name.padEnd(36)}${value.padStart(8)} ${unit.padEnd(12)}${reading}`;
}
