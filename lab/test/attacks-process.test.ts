/** Every attack on real processes and sockets, as attacks-in-memory-process.test.ts runs those in memory. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { asExpected, type CheckName, loadAttacks, runAttack, runWithout } from '../src/index.ts';
import { OPTIONS } from './lab-view.ts';

const attacks = (await loadAttacks()).filter(({ processes }) => processes);

suite('attacks on processes', { concurrency: 2 }, () => {
  for (const attack of attacks) {
    test(`${attack.id} ${attack.title}`, async () => {
      const result = await runAttack(attack, OPTIONS);
      assert.ok(asExpected(result), JSON.stringify(result, null, 1));
    });

    test(`${attack.id} composed in the lab, with every check on, is stopped as the shipped program stops it`, async () => {
      const { outcome, caughtBy } = await runWithout(attack, [], OPTIONS);
      assert.ok(!outcome.succeeded);
      assert.equal(caughtBy[0]?.check, attack.stoppedBy);
    });
  }
});

/** As in attacks-in-memory-process.test.ts; of several ways, each way's. */
const ABLATIONS: readonly (readonly [id: string, without: readonly CheckName[], caughtBy: string])[] = [
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
  for (const [id, without, wanted] of ABLATIONS) {
    test(`${id} without ${without.join(' and ')}: ${wanted === 'none' ? 'succeeds' : `caught by ${wanted}`}`, async () => {
      const attack = attacks.find((one) => one.id === id);
      assert.ok(attack !== undefined);
      const { outcome, caughtBy } = await runWithout(attack, without, OPTIONS);
      assert.equal(outcome.succeeded ? 'none' : caughtBy.map(({ check }) => check).join(' '), wanted);
    });
  }
});
