/** `waxwing lab report`: what the lab finds, as one page to look at. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AttackResult, Row } from '@waxwing/lab';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { labStyle, openLab, Progress } from '../lab.ts';
import { requireNew, writeNewFile } from '../new-file.ts';
import { print, printJson } from '../output.ts';
import { sanitiseLine } from '../text/sanitise.ts';
import { VERSION } from '../version.ts';
import type { ShowFlags } from './lab.ts';

export interface ReportFlags extends ShowFlags {
  readonly html: string;
}

/**
 * Runs everything anew. The page is written however the attacks went, and the exit code says whether all went as the
 * catalogue says.
 * @throws WaxwingError `file-exists`, `file-unwritable`
 */
export async function writeReport(flags: ReportFlags): Promise<ExitCode> {
  requireNew(flags.html);
  const { lab, options } = await openLab();
  const attacks = await lab.loadAttacks();
  const progress = new Progress(flags, 2 * attacks.length + 1);
  const step = ({ attack }: AttackResult | Row): void => {
    progress.step(attack.id);
  };
  const specimen = await lab.makeSpecimen(options);
  progress.step('a handshake and a message');
  const results = await lab.runAll(attacks, (attack) => lab.runAttack(attack, options), step);
  const rows = await lab.runAll(attacks, (attack) => lab.runRow(attack, options), step);
  progress.end();
  const page = lab.reportPage({ results, rows, specimen, madeAt: Date.now(), version: VERSION });
  writeNewFile(flags.html, page);

  const faulty = results.filter((result) => !lab.asExpected(result)).map(({ attack }) => attack.id);
  const path = resolve(flags.html);
  const url = pathToFileURL(path).href;
  if (flags.json === true)
    printJson({ file: path, url, size: Buffer.byteLength(page), attacks: attacks.length, faulty });
  else {
    print(
      `The report is in ${sanitiseLine(flags.html)}: the handshake, one message layer by layer, and ${String(attacks.length)} attacks.`,
      `To see it, open this in a browser: ${sanitiseLine(url)}`,
    );
    if (faulty.length > 0) print(labStyle().red(`NOT as the catalogue says: ${faulty.join(', ')}.`));
  }
  return faulty.length === 0 ? EXIT.ok : EXIT.failure;
}
