/** The lab's report as people meet it: the command that writes it, and the page in a real browser. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { CHROMIUM_FLAGS, chromiumPath, HOW_TO_GET_CHROMIUM } from './browser/chromium.ts';
import { type Outcome, waxwing } from './fixtures/two-homes.ts';

const executablePath = chromiumPath();
const skip = executablePath === undefined ? `skipped: no Chromium here; ${HOW_TO_GET_CHROMIUM}` : false;

const folder = mkdtempSync(join(tmpdir(), 'waxwing-report-'));
const FILE = join(folder, 'report <1>.html');
const URL = pathToFileURL(FILE).href;
let made: Outcome;

before(async () => {
  made = await waxwing(['lab', 'report', '--html', FILE], { timeout: 200_000 });
});

after(() => {
  rmSync(folder, { recursive: true, force: true });
});

suite('waxwing lab report', () => {
  test('says where the page is and how to open it', () => {
    assert.equal(made.code, 0, made.err);
    assert.match(
      made.out,
      /^The report is in .*report <1>\.html: the handshake, one message layer by layer, and \d+ attacks\.\n/,
    );
    assert.ok(made.out.endsWith(`open this in a browser: ${URL}\n`), made.out);
    assert.match(readFileSync(FILE, 'utf8'), /^<!doctype html>/);
  });

  test('keeps a file that is there, and says so before it runs anything', async () => {
    const whole = readFileSync(FILE, 'utf8');
    const { code, err } = await waxwing(['lab', 'report', '--html', FILE]);
    assert.equal(code, 1);
    assert.match(err, /exists already\.\n.*\n\[file-exists\]\n$/s);
    assert.equal(readFileSync(FILE, 'utf8'), whole);
  });

  test('has to be told the file', async () => {
    const { code, err } = await waxwing(['lab', 'report']);
    assert.equal(code, 2);
    assert.match(err, /--html <file>/);
  });
});

const LOOKS = (['light', 'dark'] as const).flatMap((colorScheme) =>
  [360, 768, 1600].map((width) => ({ colorScheme, width })),
);

/** A card of each kind: all of them together would be long to look at. */
const ONE_OF_EACH = ['#f3', '#layer-statement', '#layer-encryption', '#a08'];

/** Everything that takes the focus. */
const FOCUSABLE = 'a[href], button, summary, [tabindex="0"]';

suite('the page in Chromium', { skip }, () => {
  let browser: Browser;

  before(async () => {
    browser = await chromium.launch({ executablePath: executablePath ?? '', args: [...CHROMIUM_FLAGS] });
  });

  after(async () => {
    await browser.close();
  });

  /** A page on which nothing may go wrong; `faults` has what did. */
  async function open(
    options: { colorScheme?: 'light' | 'dark'; width?: number; javaScriptEnabled?: boolean } = {},
  ): Promise<{ context: BrowserContext; page: Page; faults: string[] }> {
    const { width = 1024, ...rest } = options;
    const context = await browser.newContext({ viewport: { width, height: 800 }, ...rest });
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    const faults: string[] = [];
    page.on('pageerror', ({ message }) => faults.push(message));
    page.on('console', (message) => faults.push(`${message.type()}: ${message.text()}`));
    page.on('request', (request) => {
      if (request.url() !== URL) faults.push(`asks for ${request.url()}`);
    });
    await page.goto(URL);
    return { context, page, faults };
  }

  async function openEverything(page: Page): Promise<void> {
    for (const button of await page.locator('button').all()) await button.click();
    await page.locator('summary', { hasText: 'What each check makes sure of' }).click();
    assert.equal(await page.locator('details:not([open])').count(), 0);
  }

  async function accessibilityFaults(page: Page): Promise<string[]> {
    const { violations, passes } = await new AxeBuilder({ page }).analyze();
    assert.ok(
      passes.some(({ id }) => id === 'color-contrast'),
      'axe looked at nothing',
    );
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`);
  }

  async function overflow(page: Page): Promise<unknown> {
    return await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
  }

  for (const { colorScheme, width } of LOOKS) {
    test(`${colorScheme}, ${width} px: fits, shuts nobody out, complains of nothing, asks for nothing`, async () => {
      const { context, page, faults } = await open({ colorScheme, width });
      assert.equal(await overflow(page), 0);
      for (const kind of ONE_OF_EACH) await page.locator(`${kind} > summary`).click();
      assert.deepEqual(await accessibilityFaults(page), []);
      await openEverything(page);
      assert.equal(await overflow(page), 0, 'with everything open');
      const smallest = await page.evaluate(
        `Math.min(...[...document.querySelectorAll('svg text')].map((text) => text.getBoundingClientRect()).filter(({ height }) => height > 0).map(({ height }) => height))`,
      );
      assert.ok(Number(smallest) >= 11, `letters of a drawing are ${String(smallest)} px high`);
      assert.deepEqual(faults, []);
      await context.close();
    });
  }

  test('light is light and dark is dark', async () => {
    const shades: string[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      const { context, page } = await open({ colorScheme });
      shades.push(String(await page.evaluate('getComputedStyle(document.body).backgroundColor')));
      await context.close();
    }
    assert.deepEqual(shades, ['rgb(252, 252, 250)', 'rgb(20, 23, 26)']);
  });

  test('the keyboard reaches everything, in order, and opens a layer', async () => {
    const { context, page, faults } = await open();
    const wanted = await page.evaluate(
      `[...document.querySelectorAll('${FOCUSABLE}')].filter((one) => one.checkVisibility()).map((one) => one.textContent)`,
    );
    const reached: unknown[] = [];
    for (const _ of wanted as unknown[]) {
      await page.keyboard.press('Tab');
      reached.push(await page.evaluate('document.activeElement.textContent'));
      assert.notEqual(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle'), 'none');
    }
    assert.deepEqual(reached, wanted);

    const head = (at: number): ReturnType<Page['locator']> => page.locator('#layers summary').nth(at);
    await head(0).focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    assert.equal(await page.locator('#layer-signature').getAttribute('open'), '');
    assert.ok(await page.locator('#layer-signature .value').isVisible());
    assert.equal(await page.locator('.part.on[data-parts="signature"]').count(), 3, 'the drawings show it');
    await page.keyboard.press('Space');
    assert.equal(await page.locator('#layer-signature').getAttribute('open'), null);
    await page.keyboard.press('End');
    assert.equal(await page.evaluate('document.activeElement.closest("details").id'), 'layer-frame');
    await page.keyboard.press('Home');
    assert.equal(await page.evaluate('document.activeElement.closest("details").id'), 'layer-text');
    assert.deepEqual(faults, []);
    await context.close();
  });

  test('the way into the content, and from the table to an attack', async () => {
    const { context, page } = await open();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate('document.activeElement.id'), 'main');
    for (const place of ['.attacks', '.matrix']) {
      await page.locator(`${place} a`, { hasText: 'A08' }).click();
      await page.locator('#a08 .inside').waitFor({ state: 'visible' });
      await page.locator('#a08 summary').click();
    }
    await context.close();
  });

  test('the text has no character that acts, and the attacks’ texts are in it', async () => {
    const { context, page } = await open();
    const text = String(await page.evaluate('document.documentElement.textContent'));
    assert.doesNotMatch(text, /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    assert.match(text, /\\u001b\[8m/);
    await context.close();
  });

  test('a shell computes the values again', async (t) => {
    try {
      execFileSync('sh', ['-c', 'command -v openssl xxd strings'], { stdio: 'ignore' });
    } catch {
      t.skip('no openssl, xxd or strings here');
      return;
    }
    const { context, page } = await open();
    const run = async (layer: string): Promise<string> => {
      const command = (await page.locator(`#layer-${layer} .again`).textContent()) ?? '';
      return execFileSync('sh', ['-c', command], { encoding: 'utf8' });
    };
    assert.match(await run('encryption'), /Hello Alice!/);
    const key = await page
      .locator('#layer-encryption .fields > div', { hasText: 'of both secrets' })
      .locator('.value')
      .textContent();
    assert.match(await run('wrap'), new RegExp(`= ${key ?? 'none'}\\n`));
    await context.close();
  });

  test('on paper everything is open; with less motion nothing glides', async () => {
    const { context, page } = await open();
    await page.evaluate('dispatchEvent(new Event("beforeprint"))');
    assert.equal(await page.locator('details:not([open])').count(), 0);
    await page.evaluate('dispatchEvent(new Event("afterprint"))');
    assert.equal(await page.locator('details[open]').count(), 0);
    assert.ok((await page.pdf()).length > 10_000);
    await page.emulateMedia({ reducedMotion: 'reduce' });
    assert.equal(await page.evaluate('getComputedStyle(document.documentElement).scrollBehavior'), 'auto');
    await context.close();
  });

  test('without scripts the cards open all the same, and no dead button is shown', async () => {
    const { context, page } = await open({ javaScriptEnabled: false });
    await page.locator('#layer-hmac summary').click();
    await page.locator('#layer-hmac .inside').waitFor({ state: 'visible' });
    assert.equal(await page.locator('button:visible').count(), 0);
    await context.close();
  });
});
