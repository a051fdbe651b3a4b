/** `waxwing xray FILE`: a recorded session as it looked. */
import { EXIT, type ExitCode } from '../exit-code.ts';
import { print, printJson } from '../output.ts';
import { formatMoment } from '../text/duration.ts';
import { sanitiseLine } from '../text/sanitise.ts';
import { type ColorChoice, colorWanted, makeStyle } from '../text/style.ts';
import { blockRows } from '../xray/block-rows.ts';
import type { RecordingHeader } from '../xray/recording-line.ts';
import { readRecording } from '../xray/recording-reader.ts';

export interface XrayFlags {
  readonly json?: boolean;
  readonly color?: ColorChoice;
}

/** Where the width is not known, as in a pipe. */
const COLUMNS = 80;

/** Needs no home. @throws WaxwingError `file-missing`, `recording-invalid` after what was good of it */
export async function showRecording(file: string, flags: XrayFlags): Promise<ExitCode> {
  const isTTY = process.stdout.isTTY;
  const style = makeStyle(colorWanted({ choice: flags.color, env: process.env, isTTY }));
  const columns = isTTY ? process.stdout.columns : COLUMNS;
  for await (const line of readRecording(file)) {
    if (flags.json === true) printJson(line);
    else if (line.kind === 'waxwing-xray') print(...headLines(line));
    else if (line.kind === 'block') print(...blockRows(line, { style, columns }));
    else
      print(`End of the recording: ${String(line.blocks)} blocks${line.why === 'full' ? ', then it was full' : ''}.`);
  }
  return EXIT.ok;
}

function headLines({ role, program, lab, madeAt }: RecordingHeader): string[] {
  return [
    `A session recorded by a ${role}, ${formatMoment(madeAt)}, waxwing ${sanitiseLine(program, 40)}.`,
    lab
      ? 'It is of a LAB IDENTITY: the keys and texts in it are real.'
      : '[8 digits] stands for a secret: equal marks, equal secrets in this recording. There are no keys and no texts in it.',
  ];
}
