/** Runs the models of spec/formal through ProVerif, where it is installed, and compares each RESULT line with the table. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../spec/formal');
const WORDS: Readonly<Record<string, number>> = { one: 1, two: 2, three: 3, four: 4, five: 5, six: 6 };

/** `false (reachable), then five true` → false true true true true true */
function expectedResults(cell: string): boolean[] {
  return cell.split(/, (?:then )?/).flatMap((part) => {
    const [first = '', second] = part.split(' ');
    const verdict = first in WORDS ? second : first;
    if (verdict !== 'true' && verdict !== 'false') throw new Error(`the table says "${part}"`);
    return Array.from({ length: WORDS[first] ?? 1 }, () => verdict === 'true');
  });
}

function readTable(): { readonly file: string; readonly expected: boolean[] }[] {
  const rows = readFileSync(join(FOLDER, 'README.md'), 'utf8').matchAll(/^\| (\S+\.pv) \|.*\| ([^|]+) \|[^|]+\|$/gm);
  return [...rows].map(([, file = '', cell = '']) => ({ file, expected: expectedResults(cell) }));
}

function resultsOf(output: string): boolean[] {
  return [...output.matchAll(/^RESULT (?!\().* is (true|false)\.$/gm)].map(([, verdict]) => verdict === 'true');
}

const table = readTable();
if (table.length === 0) throw new Error('spec/formal/README.md has no table of models');
if (spawnSync('proverif', ['-help'], { stdio: 'ignore' }).error !== undefined) {
  console.log(
    `Skipped: ProVerif is not on the PATH, so the ${String(table.length)} models were not run (https://proverif.inria.fr).`,
  );
} else {
  for (const { file, expected } of table) {
    const started = performance.now();
    const { stdout } = spawnSync('proverif', [file], { cwd: FOLDER, encoding: 'utf8', maxBuffer: 2 ** 28 });
    const found = resultsOf(stdout);
    const same = found.join() === expected.join();
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${same ? '✓' : '✗'} ${file}: ${found.join(' ') || 'no results'} (${seconds} s)`);
    if (!same) {
      console.log(`  expected: ${expected.join(' ')}`);
      process.exitCode = 1;
    }
  }
}
