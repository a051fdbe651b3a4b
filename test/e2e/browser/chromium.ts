/** Where a Chromium for the browser tests is, and how to get one. */
import { existsSync } from 'node:fs';

/** Debian's package puts it there. */
const DEBIAN_CHROMIUM = '/usr/bin/chromium';

export const HOW_TO_GET_CHROMIUM =
  'install Chromium with "npm run install-browser" (as root on Debian), or name one in CHROMIUM_PATH';

/** No network of its own, no state, no screen. */
export const CHROMIUM_FLAGS: readonly string[] = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The path of a Chromium, or undefined where there is none. CHROMIUM_PATH, where set, is the only place looked at. */
export function chromiumPath(): string | undefined {
  const path = process.env['CHROMIUM_PATH'] ?? DEBIAN_CHROMIUM;
  return existsSync(path) ? path : undefined;
}
