import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { nodePrimitives } from '../src/primitives/node.ts';
import { webPrimitives } from '../src/primitives/web.ts';
import { noWycheproof, readWycheproof } from './fixtures/wycheproof-folder.ts';
import { runWycheproof, SLOW_ON_WEB, WYCHEPROOF, WYCHEPROOF_COUNTS } from './vectors/wycheproof.ts';

suite('Wycheproof', () => {
  for (const name of Object.keys(WYCHEPROOF)) {
    const file = readWycheproof(name);
    // What is slow on web runs in web-adapter-process.test.ts and in the browser.
    for (const primitives of SLOW_ON_WEB.has(name) ? [nodePrimitives] : [nodePrimitives, webPrimitives]) {
      const adapter = primitives === webPrimitives ? 'web' : 'node';
      test(`${name} on ${adapter}`, async (t) => {
        if (file === undefined) t.skip(noWycheproof(name));
        else assert.deepEqual(await runWycheproof(name, file, primitives), WYCHEPROOF_COUNTS[name]);
      });
    }
  }
});
