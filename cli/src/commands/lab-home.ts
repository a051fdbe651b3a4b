/** `waxwing lab home DIR`: a home made to be looked into. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { exportIdentity, openHome, WaxwingError } from '@waxwing/client';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { print } from '../output.ts';
import { withProgress } from '../question.ts';
import { sanitiseLine } from '../text/sanitise.ts';

/** @throws WaxwingError `home-not-empty`, and as `openHome` */
export async function makeLabHome(folder: string): Promise<ExitCode> {
  const path = resolve(folder);
  if (existsSync(path) && !(statSync(path).isDirectory() && readdirSync(path).length === 0)) {
    throw new WaxwingError(
      'home-not-empty',
      `${folder} exists already and is not empty; only a new home can be a lab home.`,
      'Name a folder that is not there yet.',
    );
  }
  const home = await withProgress('Generating RSA key pair...', () => openHome({ path, lab: true }));
  const { fingerprint } = exportIdentity(home);
  home.close();
  const shown = sanitiseLine(folder);
  print(
    `${fingerprint} is a LAB IDENTITY in ${shown}.`,
    'X-ray and recordings show its real keys and the texts of its messages, so that you can compute everything again.',
    'Never use it for anything real: it stays a lab identity for good, and no other home can become one.',
    '',
    `To use it: WAXWING_HOME=${shown} waxwing server --xray`,
  );
  return EXIT.ok;
}
