/** The web adapter in a real browser: every vector, and Wycheproof, in headless Chromium under a strict policy. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { type Browser, chromium } from 'playwright-core';
import type { VectorFile } from '../../protocol/test/vectors/vector-file.ts';
import { WYCHEPROOF, WYCHEPROOF_COUNTS } from '../../protocol/test/vectors/wycheproof.ts';
import { CHROMIUM_FLAGS, chromiumPath, HOW_TO_GET_CHROMIUM } from './browser/chromium.ts';
import type { PageReport } from './browser/page.ts';
import { type PageServer, servePage } from './browser/page-server.ts';
import { RUNNERS } from './browser/runners.ts';

const ROOT = join(import.meta.dirname, '../..');
const VECTORS = join(ROOT, 'spec/vectors');
const WYCHEPROOF_FOLDER = process.env['WYCHEPROOF_DIR'] ?? join(ROOT, '../shared/wycheproof');

const executablePath = chromiumPath();
const skip = executablePath === undefined ? `skipped: no Chromium here; ${HOW_TO_GET_CHROMIUM}` : false;

/** How many entries each file has, and how many of them must succeed: a file that shrinks is noticed. */
const expected: Readonly<Record<keyof typeof RUNNERS, { ran: number; good: number }>> = {
  bundles: { ran: 53, good: 5 },
  cbor: { ran: 80, good: 22 },
  classic: { ran: 115, good: 10 },
  envelopes: { ran: 139, good: 15 },
  etm: { ran: 23, good: 6 },
  evidence: { ran: 36, good: 2 },
  expand: { ran: 12, good: 12 },
  'fingerprints-and-safety-numbers': { ran: 15, good: 7 },
  handshake: { ran: 65, good: 2 },
  outer: { ran: 69, good: 29 },
  padding: { ran: 43, good: 29 },
  prekeys: { ran: 106, good: 37 },
  profile: { ran: 51, good: 5 },
  ratchet: { ran: 19, good: 7 },
  records: { ran: 35, good: 11 },
  'relay-messages': { ran: 140, good: 66 },
  rooms: { ran: 104, good: 21 },
  start: { ran: 46, good: 5 },
  statements: { ran: 15, good: 5 },
};

function parse(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function wycheproofPath(name: string): string | undefined {
  const places = [join(WYCHEPROOF_FOLDER, `${name}.json`), join(WYCHEPROOF_FOLDER, 'testvectors_v1', `${name}.json`)];
  return places.find((path) => existsSync(path));
}

function filesToServe(): Map<string, string> {
  const files = new Map<string, string>();
  for (const name of Object.keys(expected)) files.set(`/vectors/${name}`, join(VECTORS, `${name}.json`));
  for (const name of Object.keys(WYCHEPROOF)) {
    const path = wycheproofPath(name);
    if (path !== undefined) files.set(`/wycheproof/${name}`, path);
  }
  return files;
}

suite('the protocol in Chromium, on webPrimitives', { skip }, () => {
  let browser: Browser;
  let server: PageServer;
  let report: PageReport;

  before(async () => {
    server = await servePage(filesToServe());
    browser = await chromium.launch({ executablePath: executablePath ?? '', args: [...CHROMIUM_FLAGS] });
    const page = await browser.newPage();
    const failures: string[] = [];
    page.on('pageerror', (error) => failures.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') failures.push(message.text());
    });
    await page.goto(server.url);
    const text = await page.locator('#report[data-done]').textContent({ timeout: 60_000 });
    assert.deepEqual(failures, []);
    report = JSON.parse(text ?? '') as PageReport;
  });

  after(async () => {
    await browser.close();
    await server.close();
  });

  test('the page is a secure context', () => {
    assert.equal(report.secureContext, true);
  });

  test('every file of spec/vectors has a runner here', () => {
    const names = readdirSync(VECTORS)
      .filter((name) => name.endsWith('.json'))
      .map((name) => name.slice(0, -'.json'.length));
    assert.deepEqual(names.sort(), Object.keys(RUNNERS).sort());
  });

  for (const [name, counts] of Object.entries(expected)) {
    test(`${name}.json: ${counts.ran} entries, ${counts.good} good`, () => {
      const { count, good } = parse(join(VECTORS, `${name}.json`)) as VectorFile;
      assert.deepEqual({ ran: count, good }, counts);
      assert.deepEqual(report.results[`/vectors/${name}`], counts);
    });
  }

  for (const name of Object.keys(WYCHEPROOF)) {
    test(`Wycheproof ${name}`, (t) => {
      if (wycheproofPath(name) === undefined) {
        t.skip(`no ${name}.json in ${WYCHEPROOF_FOLDER}: WYCHEPROOF_DIR may name a checkout of C2SP/wycheproof`);
        return;
      }
      assert.deepEqual(report.results[`/wycheproof/${name}`], WYCHEPROOF_COUNTS[name]);
    });
  }
});
