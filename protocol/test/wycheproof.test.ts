import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { nodePrimitives } from '../src/primitives/node.ts';
import { webPrimitives } from '../src/primitives/web.ts';
import { noWycheproof, readWycheproof } from './fixtures/wycheproof-folder.ts';
import { runWycheproof, WYCHEPROOF, WYCHEPROOF_COUNTS } from './vectors/wycheproof.ts';

// ML-KEM in JavaScript takes seconds for these files: web-adapter-process.test.ts and the browser run them.
const slowOnWeb = (name: string): boolean => name.startsWith('mlkem');

suite('Wycheproof', () => {
  for (const name of Object.keys(WYCHEPROOF)) {
    const file = readWycheproof(name);
    for (const primitives of slowOnWeb(name) ? [nodePrimitives] : [nodePrimitives, webPrimitives]) {
      const adapter = primitives === webPrimitives ? 'web' : 'node';
      test(`${name} on ${adapter}`, async (t) => {
        if (file === undefined) t.skip(noWycheproof(name));
        else assert.deepEqual(await runWycheproof(name, file, primitives), WYCHEPROOF_COUNTS[name]);
      });
    }
  }
});
