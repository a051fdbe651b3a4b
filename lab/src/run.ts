/** Running attacks: against both protocols, without a check, all of them, and the whole matrix. */
import { type Attack, firstStop, type Outcome } from './attack.ts';
import { type CheckName, canBeOff, type Stop } from './check.ts';
import { type LabOptions, type View, withLab } from './lab.ts';

/** How many attacks run at a time. */
const AT_A_TIME = 2;

export interface RunOptions {
  readonly view: View;
}

/** One half of a run. */
export interface Half {
  readonly outcome: Outcome;
  readonly milliseconds: number;
  /** What the outcome has against the catalogue; empty where it is as expected. */
  readonly faults: readonly string[];
}

export interface AttackResult {
  readonly attack: Attack;
  readonly textbook: Half | undefined;
  readonly waxwing: Half;
}

/** Whether both halves are as the catalogue says. */
export function asExpected({ textbook, waxwing }: AttackResult): boolean {
  return (textbook?.faults.length ?? 0) === 0 && waxwing.faults.length === 0;
}

/** Runs an attack against the textbook and against the shipped waxwing. */
export async function runAttack(attack: Attack, options: RunOptions): Promise<AttackResult> {
  const lab: LabOptions = { ...options, victim: 'shipped' };
  const { textbook, waxwing } = attack;
  const textbookHalf = textbook && (await measure(lab, textbook));
  const waxwingHalf = await measure(lab, waxwing);
  return {
    attack,
    textbook: textbookHalf && {
      ...textbookHalf,
      faults: textbookHalf.outcome.succeeded ? [] : ['the textbook did not fall'],
    },
    waxwing: { ...waxwingHalf, faults: faultsOf(attack, waxwingHalf.outcome) },
  };
}

function faultsOf(attack: Attack, outcome: Outcome): string[] {
  if (outcome.succeeded) return ['the attack on waxwing succeeded'];
  const stop = firstStop(outcome);
  if (stop === undefined) return ['nothing is known to have stopped it'];
  return stop.check === attack.stoppedBy ? [] : [`${stop.check} stopped it, not ${attack.stoppedBy}`];
}

async function measure(
  options: LabOptions,
  run: (lab: Parameters<Attack['waxwing']>[0]) => Promise<Outcome>,
): Promise<{ outcome: Outcome; milliseconds: number }> {
  const began = performance.now();
  const outcome = await withLab(options, run);
  return { outcome, milliseconds: performance.now() - began };
}

/** What happened with some checks off. */
export interface Ablation {
  readonly without: readonly CheckName[];
  readonly outcome: Outcome;
  /** What caught the attack instead, way by way; empty where it succeeded. */
  readonly caughtBy: readonly Stop[];
  /** The checks that stood in the way of this run and could be off. */
  readonly asked: readonly CheckName[];
}

/** Runs an attack against waxwing as the lab composes it, with some checks off. */
export async function runWithout(
  attack: Attack,
  without: readonly CheckName[],
  options: RunOptions,
): Promise<Ablation> {
  return await withLab({ ...options, victim: 'composed', without }, async (lab) => {
    const outcome = await attack.waxwing(lab);
    return {
      without,
      outcome,
      caughtBy: outcome.succeeded ? [] : stopsOf(outcome),
      asked: lab.asked.filter(canBeOff),
    };
  });
}

function stopsOf({ tries }: Outcome): readonly Stop[] {
  return tries.flatMap(({ stop }) => stop ?? []);
}

/** One row of the matrix. A check that the attack never met has no cell: without it the run is the same. */
export interface Row {
  readonly attack: Attack;
  /** With every check on, way by way. */
  readonly stoppedBy: readonly Stop[];
  readonly cells: ReadonlyMap<CheckName, Ablation>;
}

/** Runs an attack once with everything on, then once for each check that it met and that can be off, without that one. */
export async function runRow(attack: Attack, options: RunOptions): Promise<Row> {
  if (attack.shippedOnly === true) {
    const outcome = await withLab({ ...options, victim: 'shipped' }, (lab) => attack.waxwing(lab));
    return { attack, stoppedBy: outcome.succeeded ? [] : stopsOf(outcome), cells: new Map() };
  }
  const whole = await runWithout(attack, [], options);
  const cells = new Map<CheckName, Ablation>();
  for (const check of whole.asked) cells.set(check, await runWithout(attack, [check], options));
  return { attack, stoppedBy: whole.caughtBy, cells };
}

/** Runs `work` for each of `attacks`, two at a time, and gives the results in the order of the attacks. */
export async function runAll<Result>(
  attacks: readonly Attack[],
  work: (attack: Attack) => Promise<Result>,
  onDone: (result: Result, done: number) => void = () => undefined,
): Promise<readonly Result[]> {
  const results = new Map<Attack, Result>();
  const waiting = [...attacks];
  const worker = async (): Promise<void> => {
    for (let attack = waiting.shift(); attack !== undefined; attack = waiting.shift()) {
      const result = await work(attack);
      results.set(attack, result);
      onDone(result, results.size);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  return attacks.map((attack) => results.get(attack) as Result);
}
