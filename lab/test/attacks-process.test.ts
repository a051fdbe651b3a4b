/** Every attack on real processes and sockets, as attacks-in-memory-process.test.ts runs those in memory. */
import { suite } from 'node:test';
import { loadAttacks } from '../src/index.ts';
import { type Ablation, testAblations, testAttacks } from './attack-tests.ts';

const attacks = (await loadAttacks()).filter(({ processes }) => processes);

suite('attacks on processes', { concurrency: 2 }, () => {
  testAttacks(attacks);
});

const ABLATIONS: readonly Ablation[] = [
  ['A07', ['peer-signature'], 'signature'],
  ['A07', ['peer-signature', 'signature'], 'none'],
  ['A08', ['pin'], 'none'],
  ['A08', ['peer-signature'], 'pin signature'],
  ['A09', ['own-device'], 'peer-signature hello'],
  ['A09', ['own-device', 'peer-signature'], 'counter hello'],
  ['A11', ['record'], 'counter'],
  ['A11', ['record', 'counter'], 'chain'],
  ['A11', ['record', 'counter', 'chain'], 'none'],
  ['A18', ['structure', 'frame'], 'structure frame'], // nothing of either is a switch: no reader of ours runs code
  ['A19', ['frame'], 'record'],
  ['A19', ['frame', 'record'], 'counter'],
  ['A20', ['frame'], 'record'],
  ['A21', ['frame'], 'record frame'],
  ['A22', ['frame'], 'record'],
  ['A23', ['record'], 'counter'],
  ['A23', ['record', 'counter'], 'chain'],
  ['A23', ['record', 'counter', 'chain'], 'none'],
  ['A24', ['close'], 'none'],
  ['A25', ['bundle'], 'frame bundle structure'],
  ['A26', ['deadline'], 'none'],
  ['A27', ['bundle'], 'bundle'],
  ['A32', ['view'], 'none'],
];

suite('attacks on processes without checks', () => {
  testAblations(attacks, ABLATIONS);
});
