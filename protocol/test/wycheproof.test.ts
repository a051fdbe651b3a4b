import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { nodePrimitives } from '../src/primitives/node.ts';
import type { Primitives } from '../src/primitives.ts';
import { webPrimitives } from '../src/primitives/web.ts';
import { runWycheproof, WYCHEPROOF, type WycheproofFile, type WycheproofTally } from './vectors/wycheproof.ts';

const folder = process.env['WYCHEPROOF_DIR'] ?? join(import.meta.dirname, '../../../shared/wycheproof');
const adapters: Readonly<Record<string, Primitives>> = { node: nodePrimitives, web: webPrimitives };

/** Cases run, and cases outside the protocol's parameters that must be refused: see the runners. */
const expected: Readonly<Record<keyof typeof WYCHEPROOF, WycheproofTally>> = {
  aes_cbc_pkcs5_test: { ran: 72, outside: 144 }, // keys of 128 and 192 bits
  aes_gcm_test: { ran: 66, outside: 250 }, // other keys, nonces that are not 96 bits
  hkdf_sha256_test: { ran: 86, outside: 0 },
  hmac_sha256_test: { ran: 174, outside: 0 },
  mlkem_768_encaps_test: { ran: 265, outside: 0 },
  mlkem_768_keygen_seed_test: { ran: 100, outside: 0 },
  mlkem_768_test: { ran: 193, outside: 0 },
  rsa_oaep_2048_sha256_mgf1sha256_test: { ran: 37, outside: 0 },
  rsa_pss_2048_sha256_mgf1_32_test: { ran: 108, outside: 0 },
  rsa_pss_misc_test: { ran: 1, outside: 149 }, // other hashes and salts
  x25519_test: { ran: 518, outside: 0 },
};

function read(name: string): WycheproofFile | undefined {
  for (const file of [join(folder, `${name}.json`), join(folder, 'testvectors_v1', `${name}.json`)]) {
    if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as WycheproofFile;
  }
  return undefined;
}

suite('Wycheproof', () => {
  assert.deepEqual(Object.keys(expected), Object.keys(WYCHEPROOF));
  for (const name of Object.keys(WYCHEPROOF)) {
    const file = read(name);
    for (const [adapter, primitives] of Object.entries(adapters)) {
      test(`${name} on ${adapter}`, async (t) => {
        if (file === undefined) {
          t.skip(`no ${name}.json in ${folder}: WYCHEPROOF_DIR may name a checkout of C2SP/wycheproof`);
          return;
        }
        assert.deepEqual(await runWycheproof(name, file, primitives), expected[name]);
      });
    }
  }
});
