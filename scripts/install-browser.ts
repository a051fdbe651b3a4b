/** Makes sure that there is a Chromium for the browser tests; where there cannot be, says so in words. */
import { existsSync } from 'node:fs';
import { chromiumPath, HOW_TO_GET_CHROMIUM } from '../test/e2e/browser/chromium.ts';
import { installDebianPackage } from './debian-package.ts';

const named = process.env['CHROMIUM_PATH'];
if (named !== undefined && !existsSync(named)) {
  console.log(`CHROMIUM_PATH names ${named}, which is not there.`);
}
if (named === undefined && chromiumPath() === undefined) installDebianPackage('chromium');
const path = chromiumPath();
console.log(
  path === undefined
    ? `The browser tests will be skipped: there is no Chromium here. To run them, ${HOW_TO_GET_CHROMIUM}.`
    : `The browser tests use ${path}.`,
);
