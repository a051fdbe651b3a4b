/**
 * Mutation testing of protocol/src with Stryker, room after room, in place on a copy of the checkout: a sandbox of Stryker's own
 * would not mutate code that tests import by package name. Each room's results, and what its next run may skip, are in
 * reports/mutation/ROOM; the score of all rooms is in reports/mutation/summary.json.
 *
 * Usage: node scripts/mutation.ts [room …] [source file …] [test file …]
 * A source file may be followed by its lines: bytes.ts:20-30. Without arguments every room runs. With source files only those are mutated, with the given tests or else all of them, and the
 * results are in reports/mutation/selection.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { copyCheckout } from './checkout-copy.ts';
import { ROOMS } from './mutation-rooms.ts';
import { summarize } from './mutation-summary.ts';

const ROOT = join(import.meta.dirname, '..');
const REPORTS = 'reports/mutation';

interface Run {
  readonly name: string;
  readonly mutate: readonly string[];
  readonly tests: readonly string[];
  /** Patterns of names of tests. */
  readonly skip: readonly string[];
}

function runsOf(words: readonly string[]): Run[] {
  const isTest = (word: string): boolean => word.endsWith('.test.ts');
  const files = words.filter((word) => /\.ts(:|$)/.test(word) && !isTest(word));
  if (files.length > 0) {
    const tests = words.filter(isTest);
    return [
      { name: 'selection', mutate: files, tests: tests.length > 0 ? tests : ['protocol/test/**/*.test.ts'], skip: [] },
    ];
  }
  return (words.length > 0 ? words : Object.keys(ROOMS)).map((name) => {
    const room = ROOMS[name];
    if (!room) throw new Error(`no room ${name}; there are: ${Object.keys(ROOMS).join(', ')}`);
    const tests = room.tests.map((test) => `protocol/test/${test}.test.ts`);
    // The vectors run on both adapters of the primitives, which only the adapters themselves can tell apart.
    const skip = [...(name === 'primitives' ? [] : [' on web$']), ...(room.skip ?? [])];
    return { name, mutate: room.mutate, tests, skip };
  });
}

function mutate(copy: string, { name, mutate, tests, skip }: Run): boolean {
  const folder = join(REPORTS, name);
  const config = JSON.parse(readFileSync(join(ROOT, 'stryker.config.json'), 'utf8')) as { tap: { nodeArgs: string[] } };
  const nodeArgs = [...config.tap.nodeArgs, ...skip.map((pattern) => `--test-skip-pattern=${pattern}`)];
  Object.assign(config, {
    mutate,
    tap: { ...config.tap, testFiles: tests, nodeArgs },
    incrementalFile: join(folder, 'incremental.json'),
    jsonReporter: { fileName: join(folder, 'mutation.json') },
    htmlReporter: { fileName: join(folder, 'mutation.html') },
  });
  writeFileSync(join(copy, 'stryker.config.json'), JSON.stringify(config));
  const { status } = spawnSync(
    process.execPath,
    [join(ROOT, 'node_modules/@stryker-mutator/core/bin/stryker.js'), 'run'],
    {
      cwd: copy,
      stdio: 'inherit',
      env: {
        ...process.env,
        // Every mutant is a new process, which spends most of its time on reading the same files: the cache halves it.
        NODE_COMPILE_CACHE: join(copy, '.compile-cache'),
        PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
      },
    },
  );
  // After each room, so that a run that is interrupted keeps the rooms it has finished.
  if (existsSync(join(copy, folder))) cpSync(join(copy, folder), join(ROOT, folder), { recursive: true });
  return status === 0;
}

const runs = runsOf(process.argv.slice(2));
const copy = copyCheckout(ROOT);
try {
  const failed = runs.filter((run) => !mutate(copy, run)).map(({ name }) => name);
  const { rooms, missing, total } = summarize(join(ROOT, REPORTS), Object.keys(ROOMS));
  console.table({ ...rooms, total });
  if (missing.length > 0) console.log(`without results: ${missing.join(', ')}`);
  if (failed.length > 0) throw new Error(`could not run: ${failed.join(', ')}`);
} finally {
  rmSync(copy, { recursive: true, force: true });
}
