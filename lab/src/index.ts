/** The door of the attack lab, for cli's lab command and for tests. */
export { type Attack, type Goal, hasSucceeded, type Outcome, type Try } from './attack.ts';
export { canBeOff, CHECK_NAMES, type CheckName, CHECKS, isCheckName, type Stop } from './check.ts';
export type { View } from './lab.ts';
export { loadAttacks } from './registry.ts';
export { reportPage } from './report/page.ts';
export { makeSpecimen } from './report/specimen.ts';
export {
  type Ablation,
  asExpected,
  type AttackResult,
  type Half,
  type Row,
  runAll,
  runAttack,
  type RunOptions,
  runRow,
  runWithout,
} from './run.ts';
