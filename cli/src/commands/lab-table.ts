/** `waxwing lab table`: the matrix of attacks and checks. */
import type { Ablation, CheckName, Row } from '@waxwing/lab';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { labStyle, openLab, type OpenedLab, Progress } from '../lab.ts';
import { print, printJson } from '../output.ts';
import { ablationRecord, type ShowFlags } from './lab.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** The exit code says whether every attack is stopped with all checks on. */
export async function printTable(flags: ShowFlags): Promise<ExitCode> {
  const { lab, options } = await openLab();
  const attacks = await lab.loadAttacks();
  const progress = new Progress(flags, attacks.length);
  const rows = await lab.runAll(
    attacks,
    (attack) => lab.runRow(attack, options),
    ({ attack }) => {
      progress.step(attack.id);
    },
  );
  progress.end();
  if (flags.json === true) {
    for (const { attack, stoppedBy, cells } of rows) {
      const without = [...cells.values()].map((ablation) => ablationRecord(attack, ablation));
      printJson({ id: attack.id, stoppedBy, without });
    }
  } else print(...matrixOf(rows, lab));
  return rows.every(({ stoppedBy }) => stoppedBy.length > 0) ? EXIT.ok : EXIT.failure;
}

/** Columns are the checks, by letters that the legend explains. */
function matrixOf(rows: readonly Row[], { CHECK_NAMES: names, CHECKS }: OpenedLab['lab']): string[] {
  const { bold, dim } = labStyle();
  const letters = new Map(names.map((name, at) => [name, LETTERS.charAt(at)]));
  const columns = names.filter((name) => rows.some(({ cells }) => cells.has(name)));
  const width = Math.max(...rows.map(({ attack }) => attack.title.length));
  const head = `${''.padEnd(width + 5)} all on  ${columns.map((name) => letters.get(name)).join(' ')}`;
  return [
    bold(head),
    ...rows.map(({ attack, stoppedBy, cells }) => {
      const whole = lettersOf(stoppedBy, letters);
      const marks = columns.map((name) => markOf(cells.get(name), whole, letters));
      return `${attack.id.padEnd(4)} ${attack.title.padEnd(width)} ${whole.padEnd(7)} ${marks.join(' ')}`;
    }),
    '',
    'A column is waxwing without that check; several ways of one attack have a letter each.',
    '  !         the attack succeeds: no other check catches it',
    '  a letter  that check catches it instead',
    '  =         what stops it is the same',
    '  ·         the attack never meets the check',
    '',
    ...names.map((name) => `  ${letters.get(name) ?? ''} ${name.padEnd(15)} ${dim(CHECKS[name].what)}`),
    '',
    'Several at once: waxwing lab run A01 --without hmac --without signature',
  ];
}

function lettersOf(stops: Row['stoppedBy'], letters: ReadonlyMap<CheckName, string>): string {
  return [...new Set(stops.map(({ check }) => letters.get(check)))].join('');
}

function markOf(cell: Ablation | undefined, whole: string, letters: ReadonlyMap<CheckName, string>): string {
  if (cell === undefined) return '·';
  const { green, red } = labStyle();
  if (cell.outcome.succeeded) return red('!');
  const found = lettersOf(cell.caughtBy, letters);
  return found === whole ? '=' : green(Array.from(found).find((letter) => !whole.includes(letter)) ?? found);
}
