/** cli/bin/waxwing.js: what a person meets before anything of ours is loaded. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import ts from 'typescript';

const ENTRY = join(import.meta.dirname, '../../cli/bin/waxwing.js');

test('an older Node.js is told what to do, before anything else is loaded', () => {
  const older =
    'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.11.0" } });' +
    'import module from "node:module"; module.enableCompileCache = undefined;';
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(older)}`, ENTRY, '--version'],
    { encoding: 'utf8' },
  );
  assert.equal(status, 1);
  assert.equal(stdout, '');
  assert.match(stderr, /^Waxwing needs Node\.js 24 or newer, and this is Node\.js 20\.11\.0/);
  assert.match(stderr, /npm ci/);
});

test('the entry point is JavaScript that Node.js 16 parses', () => {
  const { diagnostics } = ts.transpileModule(readFileSync(ENTRY, 'utf8'), {
    fileName: ENTRY,
    reportDiagnostics: true,
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022, allowJs: true },
  });
  assert.deepEqual(diagnostics, []);
});

test('compiled code goes to the user’s own cache', (t) => {
  const cache = mkdtempSync(join(tmpdir(), 'waxwing-cache-'));
  t.after(() => rmSync(cache, { recursive: true }));
  const { status, stdout } = spawnSync(process.execPath, [ENTRY, '--version'], {
    encoding: 'utf8',
    env: { ...process.env, XDG_CACHE_HOME: cache, NODE_COMPILE_CACHE: undefined },
  });
  assert.equal(status, 0);
  assert.match(stdout, /\d+\.\d+\.\d+/);
  assert.deepEqual(readdirSync(join(cache, 'waxwing')), ['compiled']);
});
