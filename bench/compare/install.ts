/** Installs what bench/comparators/package.json names, the first time they are wanted. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../comparators');

/** True where they are there; without a registry to take them from, a sentence on standard error and false. */
export function installComparators(): boolean {
  if (isCurrent()) return true;
  process.stderr.write('… installing the comparators\n');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: FOLDER,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (status === 0) return true;
  process.stderr.write('The comparators could not be installed: they are left out, and no chart is drawn.\n');
  return false;
}

/** npm keeps what it installed in a lock of its own under node_modules. */
function isCurrent(): boolean {
  const installed = join(FOLDER, 'node_modules/.package-lock.json');
  if (!existsSync(installed)) return false;
  const read = (file: string): Readonly<Record<string, { readonly version?: string }>> =>
    (JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, { version?: string }> }).packages;
  const there = read(installed);
  return Object.entries(read(join(FOLDER, 'package-lock.json')))
    .filter(([path]) => path !== '')
    .every(([path, { version }]) => there[path]?.version === version);
}
