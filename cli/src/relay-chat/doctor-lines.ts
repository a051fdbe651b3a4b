/** What the doctor found, as lines. */
import type { DoctorReport, Finding, Unopenable } from '@waxwing/client';
import { PREKEY_ENTRIES } from '@waxwing/protocol';
import { count } from '../chat/message-view.ts';
import { conversationLabel } from '../text/conversation-label.ts';
import { formatDuration, formatMoment } from '../text/duration.ts';
import { sanitiseLine, sanitiseName } from '../text/sanitise.ts';

/** Safe to print. */
export function doctorLines(report: DoctorReport): string[] {
  const { unopenable, findings } = report;
  const left = findings.filter(({ next }) => next !== undefined);
  const done = findings.filter(({ next }) => next === undefined);
  const well = unopenable.length === 0 && findings.length === 0;
  return [
    ...(well ? ['Everything that came was opened, and nothing is missing.'] : []),
    ...section(
      `${count(unopenable.length, 'envelope')} of the last 30 days did not open`,
      unopenable.map(unopenableLine),
    ),
    ...section('Repaired, or on its way by itself', done.map(findingLine)),
    ...section('Left to you', left.map(findingLine)),
    ...statusLines(report),
  ];
}

function unopenableLine({ at, peer, code, check, cause, next }: Unopenable): string {
  const from =
    peer === undefined ? '' : `, from ${peer.petname === undefined ? peer.fingerprint : sanitiseName(peer.petname)}`;
  return `${formatMoment(at)}${from}: ${sanitiseLine(cause)} [${code}, ${sanitiseLine(check, 60)}] ${sanitiseLine(next)}`;
}

function findingLine({ about, sentence, cause, code, repaired, next }: Finding): string {
  const words = [
    `${about === undefined ? '' : `${conversationLabel(about)}: `}${sanitiseLine(sentence)}`,
    `[${code === undefined ? cause : `${cause}, ${code}`}]`,
    ...(repaired === undefined ? [] : [sanitiseLine(repaired)]),
    ...(next === undefined ? [] : [`Next: ${sanitiseLine(next)}`]),
  ];
  return words.join(' ');
}

function statusLines({ prekeys: { left, made }, clockOffset }: DoctorReport): string[] {
  const when = made === undefined ? '' : `, made ${formatMoment(made)}`;
  const keys =
    left === undefined ? [] : [`One-time keys at the relay: ${String(left)} of ${String(PREKEY_ENTRIES)}${when}.`];
  if (clockOffset === undefined) return keys;
  return [...keys, `The clocks of this machine and of the relay differ by ${formatDuration(Math.abs(clockOffset))}.`];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`)];
}
