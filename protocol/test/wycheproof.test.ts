import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { nodePrimitives } from '../src/primitives/node.ts';
import type { Primitives } from '../src/primitives.ts';
import { webPrimitives } from '../src/primitives/web.ts';
import { runWycheproof, WYCHEPROOF, WYCHEPROOF_COUNTS, type WycheproofFile } from './vectors/wycheproof.ts';

const folder = process.env['WYCHEPROOF_DIR'] ?? join(import.meta.dirname, '../../../shared/wycheproof');
const adapters: Readonly<Record<string, Primitives>> = { node: nodePrimitives, web: webPrimitives };

function read(name: string): WycheproofFile | undefined {
  for (const file of [join(folder, `${name}.json`), join(folder, 'testvectors_v1', `${name}.json`)]) {
    if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as WycheproofFile;
  }
  return undefined;
}

suite('Wycheproof', () => {
  for (const name of Object.keys(WYCHEPROOF)) {
    const file = read(name);
    for (const [adapter, primitives] of Object.entries(adapters)) {
      test(`${name} on ${adapter}`, async (t) => {
        if (file === undefined) {
          t.skip(`no ${name}.json in ${folder}: WYCHEPROOF_DIR may name a checkout of C2SP/wycheproof`);
          return;
        }
        assert.deepEqual(await runWycheproof(name, file, primitives), WYCHEPROOF_COUNTS[name]);
      });
    }
  }
});
