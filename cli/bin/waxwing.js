#!/usr/bin/env node
// Plain JavaScript that parses on old versions of Node: it checks the version before anything else is loaded.
import { existsSync } from 'node:fs';
import module from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

const NEEDED = 24;

/** Compiled code is kept in the user's own cache, never in a shared temporary folder where others could plant theirs. */
function enableCompileCache() {
  if (process.env.NODE_COMPILE_CACHE !== undefined) return;
  const caches = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  module.enableCompileCache(join(caches, 'waxwing', 'compiled'));
}

if (Number.parseInt(process.versions.node, 10) < NEEDED) {
  process.stderr.write(
    `Waxwing needs Node.js ${NEEDED} or newer, and this is Node.js ${process.versions.node} (${process.execPath}).\n` +
      `Install a newer one from https://nodejs.org, or, in a checkout, run "npm ci" and then "npm start" or "npx waxwing":\n` +
      'these use the Node.js that the project brings along.\n',
  );
  process.exitCode = 1;
} else {
  enableCompileCache();
  const source = new URL('../src/main.ts', import.meta.url);
  // A checkout runs its sources; Node refuses TypeScript under node_modules, where the packed dist/ stands.
  const fromSource = !import.meta.url.includes('/node_modules/') && existsSync(source);
  const { main } = await import(fromSource ? source.href : new URL('../dist/main.js', import.meta.url).href);
  process.exitCode = await main(process.argv.slice(2));
}
