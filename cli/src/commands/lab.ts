/** `waxwing lab list`, `show` and `run`. */
import { WaxwingError } from '@waxwing/client';
import type { Ablation, Attack, AttackResult, CheckName, Half, Outcome, Stop } from '@waxwing/lab';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { print, printJson } from '../output.ts';
import { labStyle, openLab, type OpenedLab, Progress } from '../lab.ts';
import { sanitiseOwn } from '../text/sanitise.ts';

export interface ShowFlags {
  readonly json?: boolean;
}

export interface RunFlags extends ShowFlags {
  readonly all?: boolean;
  readonly without?: readonly string[];
}

export async function listAttacks({ json }: ShowFlags): Promise<ExitCode> {
  const { lab } = await openLab();
  const attacks = await lab.loadAttacks();
  if (json === true) {
    for (const attack of attacks) printJson(recordOf(attack));
    return EXIT.ok;
  }
  const { bold, dim } = labStyle();
  const width = Math.max(...attacks.map(({ title }) => title.length));
  print(
    bold('Attacks'),
    ...attacks.map(
      ({ id, title, stoppedBy }) => `${id.padEnd(4)} ${title.padEnd(width)}  ${dim(`stopped by ${stoppedBy}`)}`,
    ),
  );
  print('', bold('Checks of waxwing that the lab can do without'));
  for (const name of lab.CHECK_NAMES.filter(lab.canBeOff)) {
    const { section, what } = lab.CHECKS[name];
    print(`${name.padEnd(15)} ${what} ${dim(`(${section})`)}`);
  }
  print('', 'Next: waxwing lab show A08, waxwing lab run A08, waxwing lab run A01 --without hmac');
  return EXIT.ok;
}

function recordOf(attack: Attack): object {
  const { id, title, has, steps, breaks, textbookFalls = null, stoppedBy, remains = null, processes } = attack;
  return { id, title, has, steps, breaks, textbookFalls, stoppedBy, remains, processes };
}

export async function showAttack(name: string, { json }: ShowFlags): Promise<ExitCode> {
  const { lab } = await openLab();
  const attack = findAttack(await lab.loadAttacks(), name);
  if (json === true) {
    printJson(recordOf(attack));
    return EXIT.ok;
  }
  const { section, what } = lab.CHECKS[attack.stoppedBy];
  print(...headOf(attack));
  print(
    `Textbook: ${attack.textbookFalls ?? 'has nothing of the kind to attack'}.`,
    `Waxwing:  stopped by ${attack.stoppedBy} (spec ${section}): ${what}.`,
    ...remainsOf(attack),
    '',
    `Next: waxwing lab run ${attack.id}`,
  );
  return EXIT.ok;
}

function headOf({ id, title, has, steps, breaks }: Attack): string[] {
  return [
    labStyle().bold(`${id} ${title}`),
    `The attacker has: ${has}.`,
    ...steps.map((step, at) => `  ${at + 1}. ${step}`),
    `Breaks: ${breaks.join(', ')}.`,
  ];
}

/** What the attacker can do all the same. */
function remainsOf({ remains }: Attack): string[] {
  return remains === undefined ? [] : [`All the same: ${remains}.`];
}

/** @throws WaxwingError `attack-unknown` */
export function findAttack(attacks: readonly Attack[], name: string): Attack {
  const found = attacks.find(({ id }) => id.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  throw new WaxwingError('attack-unknown', `There is no attack called ${name}.`, 'See waxwing lab list.');
}

export async function runAttacks(name: string | undefined, flags: RunFlags): Promise<ExitCode> {
  const { all = false, without = [] } = flags;
  if ((name === undefined) !== all) {
    throw new WaxwingError('attack-unknown', 'Which attack? Give its name, or --all.', 'See waxwing lab list.');
  }
  if (without.length > 0) {
    if (name !== undefined) return await runWithout(name, without, flags);
    throw new WaxwingError(
      'option-misplaced',
      '--without goes with one attack.',
      'For all of them: waxwing lab table.',
    );
  }
  const { lab, options } = await openLab();
  const attacks = await lab.loadAttacks();
  const chosen = name === undefined ? attacks : [findAttack(attacks, name)];
  const progress = new Progress(flags, chosen.length);
  const results = await lab.runAll(
    chosen,
    (attack) => lab.runAttack(attack, options),
    ({ attack }) => {
      progress.step(attack.id);
    },
  );
  progress.end();
  for (const result of results) {
    if (flags.json === true) printJson(resultRecord(result, lab.asExpected(result)));
    else print(...(name === undefined ? [lineOf(result)] : fullResult(result, lab)));
  }
  const faulty = results.filter((result) => !lab.asExpected(result));
  if (flags.json !== true && all) print('', ...summaryOf(results, faulty));
  return faulty.length === 0 ? EXIT.ok : EXIT.failure;
}

function summaryOf(results: readonly AttackResult[], faulty: readonly AttackResult[]): string[] {
  const fell = results.filter(({ textbook }) => textbook?.outcome.succeeded === true).length;
  const held = results.filter(({ waxwing }) => !waxwing.outcome.succeeded).length;
  return [
    `The textbook fell to ${fell} of ${results.filter(({ textbook }) => textbook !== undefined).length} attacks; waxwing held against ${held} of ${results.length}.`,
    ...faulty.map(({ attack, textbook, waxwing }) =>
      labStyle().red(
        `${attack.id} is NOT as the catalogue says: ${[...(textbook?.faults ?? []), ...waxwing.faults].join('; ')}.`,
      ),
    ),
  ];
}

/** One line of `run --all`. */
function lineOf({ attack, textbook, waxwing }: AttackResult): string {
  const { dim } = labStyle();
  const took = dim(`${Math.round((textbook?.milliseconds ?? 0) + waxwing.milliseconds)} ms`);
  return `${attack.id.padEnd(4)} ${attack.title.padEnd(42)} ${textbookWords(textbook).padEnd(14)} ${waxwingWords(waxwing)} ${took}`;
}

function textbookWords(half: Half | undefined): string {
  if (half === undefined) return 'textbook –';
  return half.outcome.succeeded ? 'textbook falls' : 'textbook HOLDS';
}

function waxwingWords({ outcome }: Half): string {
  const { green, red } = labStyle();
  if (outcome.succeeded) return red('waxwing FALLS');
  return green(`waxwing holds: ${outcome.tries[0]?.stop?.check ?? 'nobody knows why'}`);
}

function fullResult(result: AttackResult, { canBeOff }: OpenedLab['lab']): string[] {
  const { attack, textbook, waxwing } = result;
  const ablation = attack.shippedOnly !== true && canBeOff(attack.stoppedBy);
  return [
    ...headOf(attack),
    ...(textbook === undefined
      ? []
      : ['', labStyle().bold(textbookWords(textbook)), ...outcomeLines(textbook.outcome)]),
    '',
    waxwingWords(waxwing),
    ...outcomeLines(waxwing.outcome),
    ...remainsOf(attack),
    '',
    `Next: waxwing lab ${ablation ? `run ${attack.id} --without ${attack.stoppedBy}` : 'table'}`,
  ];
}

function outcomeLines({ tries }: Outcome): string[] {
  return tries.flatMap(({ way, wanted, obtained, stop }) => [
    ...(way === undefined ? [] : [`  ${way}:`]),
    `  wanted    ${quote(wanted)}`,
    `  obtained  ${quote(obtained)}`,
    ...(stop === undefined ? [] : [`  stopped   ${stopWords(stop)}`]),
  ]);
}

function quote(lines: readonly string[]): string {
  return lines.length === 0 ? 'nothing' : lines.flatMap((line) => sanitiseOwn(line).join(' ⏎ ')).join(' · ');
}

function stopWords({ check, code, message }: Stop): string {
  return `by ${check}${code === undefined ? '' : ` [${code}]`}: ${sanitiseOwn(message).join(' ')}`;
}

async function runWithout(name: string, words: readonly string[], flags: RunFlags): Promise<ExitCode> {
  const { lab, options } = await openLab();
  const attack = findAttack(await lab.loadAttacks(), name);
  if (attack.shippedOnly === true) {
    throw new WaxwingError(
      'check-unknown',
      `${attack.id} attacks the shipped client as a whole: the lab has no other of which a check could be missing.`,
      `waxwing lab run ${attack.id}`,
    );
  }
  const without = words.map((word): CheckName => {
    if (lab.isCheckName(word) && lab.canBeOff(word)) return word;
    throw new WaxwingError(
      'check-unknown',
      `The lab has no check called ${word} that it could do without.`,
      'See waxwing lab list.',
    );
  });
  const ablation = await lab.runWithout(attack, without, options);
  if (flags.json === true) printJson(ablationRecord(attack, ablation));
  else print(...ablationLines(attack, ablation));
  return EXIT.ok;
}

function ablationLines(attack: Attack, { without, outcome, caughtBy, asked }: Ablation): string[] {
  const { bold, green, red } = labStyle();
  const unmet = without.filter((check) => !asked.includes(check));
  return [
    bold(`${attack.id} ${attack.title}, against waxwing without ${without.join(' and ')} (in the lab only)`),
    ...outcomeLines(outcome),
    ...unmet.map((check) => `${check} was never reached: another check came before, or it is not on the way.`),
    outcome.succeeded
      ? red('The attack succeeds: no other check caught it.')
      : green(`Caught all the same, by ${[...new Set(caughtBy.map(({ check }) => check))].join(' and ')}.`),
  ];
}

/** `--json` of one ablation. */
export function ablationRecord(attack: Attack, { without, outcome, caughtBy }: Ablation): object {
  return { id: attack.id, without, succeeded: outcome.succeeded, caughtBy, tries: outcome.tries };
}

function resultRecord({ attack, textbook, waxwing }: AttackResult, expected: boolean): object {
  const half = ({ outcome, milliseconds, faults }: Half): object => ({
    succeeded: outcome.succeeded,
    milliseconds: Math.round(milliseconds),
    tries: outcome.tries,
    faults,
  });
  return {
    id: attack.id,
    title: attack.title,
    textbook: textbook === undefined ? null : half(textbook),
    waxwing: half(waxwing),
    stoppedBy: waxwing.outcome.tries[0]?.stop?.check ?? null,
    asExpected: expected,
  };
}
