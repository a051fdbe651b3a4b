/** The score of every room from the report of its last run, and of all of them together. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Report {
  readonly files: Record<string, { readonly mutants: readonly { readonly status: string }[] }>;
}

interface Figures {
  readonly mutants: number;
  readonly killed: number;
  readonly timedOut: number;
  /** Noticed by no test, or reached by none. */
  readonly survived: number;
  /** Per cent of the mutants that were killed or timed out. */
  readonly score: number;
}

interface Summary {
  readonly rooms: Record<string, Figures>;
  /** Rooms without a report. */
  readonly missing: readonly string[];
  readonly total: Figures;
}

/** @param reports the folder with one folder per room; the summary is written into it as `summary.json` */
export function summarize(reports: string, rooms: readonly string[]): Summary {
  const statuses = new Map<string, string[]>();
  for (const room of rooms) {
    const file = join(reports, room, 'mutation.json');
    if (existsSync(file)) statuses.set(room, statusesOf(file));
  }
  const summary: Summary = {
    rooms: Object.fromEntries([...statuses].map(([room, list]) => [room, figuresOf(list)])),
    missing: rooms.filter((room) => !statuses.has(room)),
    total: figuresOf([...statuses.values()].flat()),
  };
  writeFileSync(join(reports, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`);
  return summary;
}

function statusesOf(file: string): string[] {
  const { files } = JSON.parse(readFileSync(file, 'utf8')) as Report;
  return Object.values(files).flatMap(({ mutants }) => mutants.map(({ status }) => status));
}

/** A mutant that cannot even be loaded, and one that is left out, says nothing about the tests: neither counts. */
function figuresOf(statuses: readonly string[]): Figures {
  const count = (...wanted: string[]): number => statuses.filter((status) => wanted.includes(status)).length;
  const killed = count('Killed');
  const timedOut = count('Timeout');
  const survived = count('Survived', 'NoCoverage');
  const mutants = killed + timedOut + survived;
  return { mutants, killed, timedOut, survived, score: Math.round((1000 * (killed + timedOut)) / (mutants || 1)) / 10 };
}
