/** A claim's result as a table for people and as JSON for the record. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { styleText } from 'node:util';
import type { Claim, ClaimResult, Figure, Target } from './claim.ts';
import type { Machine } from './machine.ts';

const RESULTS = join(import.meta.dirname, '../results');

const number = (value: number): string => {
  if (!Number.isFinite(value)) return '–';
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en');
  return value.toPrecision(3);
};

function row({ name, unit, median, p5, p95, samples }: Figure): string {
  const spread = samples > 1 ? `${number(p5)} … ${number(p95)}` : '';
  return `  ${name.padEnd(44)}${number(median).padStart(10)} ${unit.padEnd(11)}${spread.padStart(20)}`;
}

export function targetLine({ name, value, limit, unit, bound, met }: Target): string {
  const mark = met ? styleText('green', 'met') : styleText('red', 'NOT MET');
  return `  ${name.padEnd(60)}${number(value).padStart(9)} ${unit.padEnd(3)} ${bound} ${number(limit)}: ${mark}`;
}

export function printClaim({ name, title }: Claim, { figures, targets, skipped }: ClaimResult): void {
  const lines = [
    '',
    styleText('bold', `${name}: ${title}`),
    `  ${'figure'.padEnd(44)}${'median'.padStart(10)} ${''.padEnd(11)}${'5 % … 95 %'.padStart(20)}`,
    ...figures.map(row),
    ...targets.map(targetLine),
    ...skipped.map((sentence) => `  skipped: ${sentence}`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

export function writeResult(claim: Claim, result: ClaimResult, machine: Machine): void {
  const { figures, targets, skipped, versions } = result;
  const record = { claim: claim.name, title: claim.title, machine, versions, figures, targets, skipped };
  const rounded = (_key: string, value: unknown): unknown =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
  writeFileSync(join(RESULTS, `${claim.name}.json`), `${JSON.stringify(record, rounded, 2)}\n`);
}
