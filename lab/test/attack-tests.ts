/** The tests of a list of attacks, whether they run in memory or start processes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asExpected, type Attack, type CheckName, runAttack, runWithout } from '../src/index.ts';
import { OPTIONS } from './lab-view.ts';

/** What is left of an attack when checks are missing; of several ways, each way's. `none`: the attack succeeds. */
export type Ablation = readonly [id: string, without: readonly CheckName[], caughtBy: string];

/** The textbook falls, waxwing holds, and by the check that the catalogue names. */
export function testAttacks(attacks: readonly Attack[]): void {
  for (const attack of attacks) {
    test(`${attack.id} ${attack.title}`, async () => {
      const result = await runAttack(attack, OPTIONS);
      assert.ok(asExpected(result), JSON.stringify(result, null, 1));
    });

    if (attack.shippedOnly === true) continue;

    test(`${attack.id} composed in the lab, with every check on, is stopped as the shipped program stops it`, async () => {
      const { outcome, caughtBy, asked } = await runWithout(attack, [], OPTIONS);
      assert.ok(!outcome.succeeded);
      assert.equal(caughtBy[0]?.check, attack.stoppedBy);
      assert.ok(asked.length > 0);
    });
  }
}

/** What still catches each, or that nothing does. */
export function testAblations(attacks: readonly Attack[], ablations: readonly Ablation[]): void {
  for (const [id, without, wanted] of ablations) {
    test(`${id} without ${without.join(' and ')}: ${wanted === 'none' ? 'succeeds' : `caught by ${wanted}`}`, async () => {
      const attack = attacks.find((one) => one.id === id);
      assert.ok(attack !== undefined);
      const { outcome, caughtBy } = await runWithout(attack, without, OPTIONS);
      assert.equal(outcome.succeeded ? 'none' : caughtBy.map(({ check }) => check).join(' '), wanted);
    });
  }
}
