/** What the doctor found, as lines. */
import type { DoctorReport } from '@waxwing/client';
import { count } from '../chat/message-view.ts';
import { formatMoment } from '../text/duration.ts';
import { sanitiseLine, sanitiseName } from '../text/sanitise.ts';

/** Safe to print. */
export function doctorLines({ unopenable, repaired, open }: DoctorReport): string[] {
  if (unopenable.length === 0 && repaired.length === 0 && open.length === 0) {
    return ['Everything that came was opened, and nothing is missing.'];
  }
  return [
    ...section(
      `${count(unopenable.length, 'envelope')} of the last 30 days did not open`,
      unopenable.map(({ at, peer, code, check, cause, next }) => {
        const from =
          peer === undefined
            ? ''
            : `, from ${peer.petname === undefined ? peer.fingerprint : sanitiseName(peer.petname)}`;
        return `${formatMoment(at)}${from}: ${sanitiseLine(cause)} [${code}, ${sanitiseLine(check, 60)}] ${sanitiseLine(next)}`;
      }),
    ),
    ...section(
      'Repaired just now',
      repaired.map((sentence) => sanitiseLine(sentence)),
    ),
    ...section(
      'Left to you',
      open.map(({ sentence, next }) => `${sanitiseLine(sentence)} Next: ${sanitiseLine(next)}`),
    ),
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`)];
}
