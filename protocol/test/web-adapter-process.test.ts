/** What takes seconds on the web adapter in Node: a process of its own, so that the unit tests stay quick. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { webPrimitives } from '../src/primitives/web.ts';
import { noWycheproof, readWycheproof } from './fixtures/wycheproof-folder.ts';
import { type FingerprintFile, runFingerprints } from './vectors/fingerprints-and-safety-numbers.ts';
import { type HandshakeFile, runHandshake } from './vectors/handshake.ts';
import { loadVectors } from './vectors/load.ts';
import { runStart, type StartFile } from './vectors/start.ts';
import { runWycheproof, SLOW_ON_WEB, WYCHEPROOF_COUNTS } from './vectors/wycheproof.ts';

suite('the web adapter', () => {
  test('fingerprints-and-safety-numbers.json', async () => {
    const file = loadVectors('fingerprints-and-safety-numbers') as FingerprintFile;
    assert.deepEqual(await runFingerprints(file, webPrimitives), { ran: file.count, good: file.good });
  });

  test('handshake.json', async () => {
    const file = loadVectors('handshake') as HandshakeFile;
    assert.deepEqual(await runHandshake(file, webPrimitives), { ran: file.count, good: file.good });
  });

  test('start.json', async () => {
    const file = loadVectors('start') as StartFile;
    assert.deepEqual(await runStart(file, webPrimitives), { ran: file.count, good: file.good });
  });

  for (const name of SLOW_ON_WEB) {
    const file = readWycheproof(name);
    test(`Wycheproof ${name}`, async (t) => {
      if (file === undefined) t.skip(noWycheproof(name));
      else assert.deepEqual(await runWycheproof(name, file, webPrimitives), WYCHEPROOF_COUNTS[name]);
    });
  }
});
