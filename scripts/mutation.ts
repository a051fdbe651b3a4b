/**
 * Mutation testing of protocol/src with Stryker, in place on a copy of the checkout: a sandbox of Stryker's own would not
 * mutate code that tests import by package name. Results, and what the next run may skip, are in reports/mutation.
 *
 * Usage: node scripts/mutation.ts [source file …] [test file …]
 * Without source files all of them are mutated, without test files all of them run.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { copyCheckout } from './checkout-copy.ts';

const ROOT = join(import.meta.dirname, '..');
const REPORTS = 'reports/mutation';

const isTest = (file: string): boolean => file.endsWith('.test.ts');
const files = process.argv.slice(2).filter((file) => !isTest(file));
const tests = process.argv.slice(2).filter(isTest);
const copy = copyCheckout(ROOT);
const stryker = join(ROOT, 'node_modules/@stryker-mutator/core/bin/stryker.js');
const selection = files.length > 0 ? ['--mutate', files.join(',')] : [];
try {
  if (tests.length > 0) selectTests(join(copy, 'stryker.config.json'));
  const { status } = spawnSync(process.execPath, [stryker, 'run', ...selection], { cwd: copy, stdio: 'inherit' });
  process.exitCode = status ?? 1;
} finally {
  if (existsSync(join(copy, REPORTS))) cpSync(join(copy, REPORTS), join(ROOT, REPORTS), { recursive: true });
  rmSync(copy, { recursive: true, force: true });
}

function selectTests(file: string): void {
  const config = JSON.parse(readFileSync(file, 'utf8')) as { tap: { testFiles: string[] } };
  config.tap.testFiles = tests;
  writeFileSync(file, JSON.stringify(config));
}
