/** Makes sure that there is a Chromium for the browser tests; where there cannot be, says so in words. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chromiumPath, HOW_TO_GET_CHROMIUM } from '../test/e2e/browser/chromium.ts';

const INSTALL = 'apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium';

const named = process.env['CHROMIUM_PATH'];
if (named !== undefined && !existsSync(named)) {
  console.log(`CHROMIUM_PATH names ${named}, which is not there.`);
}
if (named === undefined && chromiumPath() === undefined && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
  console.log('Installing Chromium with apt-get...');
  spawnSync('sh', ['-c', INSTALL], { stdio: ['ignore', 'ignore', 'inherit'] });
}
const path = chromiumPath();
console.log(
  path === undefined
    ? `The browser tests will be skipped: there is no Chromium here. To run them, ${HOW_TO_GET_CHROMIUM}.`
    : `The browser tests use ${path}.`,
);
