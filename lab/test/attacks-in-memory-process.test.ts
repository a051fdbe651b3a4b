/**
 * Every attack in memory: the textbook falls, waxwing holds, and by the check that the catalogue names. They take seconds,
 * and so a process of their own.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { loadAttacks, runRow } from '../src/index.ts';
import { type Ablation, testAblations, testAttacks } from './attack-tests.ts';
import { OPTIONS } from './lab-view.ts';

const attacks = (await loadAttacks()).filter(({ processes }) => !processes);

suite('attacks in memory', () => {
  testAttacks(attacks);
});

const ABLATIONS: readonly Ablation[] = [
  ['A01', ['hmac'], 'signature'],
  ['A01', ['signature'], 'hmac'],
  ['A01', ['hmac', 'signature'], 'none'],
  ['A02', ['hmac'], 'freshness'],
  ['A02', ['hmac', 'freshness'], 'signature'],
  ['A02', ['hmac', 'freshness', 'signature'], 'none'],
  ['A03', ['hmac'], 'signature'],
  ['A03', ['hmac', 'signature'], 'none'],
  ['A04', ['hmac'], 'commitment'],
  ['A04', ['hmac', 'commitment'], 'decrypt'],
  ['A05', ['hmac'], 'commitment signature'],
  ['A05', ['signature'], 'none'],
  ['A06', ['hmac'], 'commitment signature'],
  ['A06', ['signature'], 'none'],
  ['A10', ['structure'], 'counter hmac'],
  ['A10', ['hmac'], 'none'], // what is forged burns the key of the message that it came before
  ['A12', ['freshness'], 'none'],
  ['A12', ['signature'], `freshness${' decrypt'.repeat(7)}`],
  ['A13', ['hmac'], 'signature'],
  ['A13', ['signature'], 'none'],
  ['A14', ['opening'], 'sealed'],
  ['A14', ['sealed'], 'opening'],
  ['A14', ['sealed', 'opening'], 'none'],
  ['A15', ['hmac'], 'decrypt'],
  ['A16', ['hmac'], 'commitment'],
  ['A16', ['hmac', 'unwrap', 'one-answer'], 'unwrap'], // told once; then the key is burnt
  ['A17', ['hmac'], 'commitment commitment'],
  ['A17', ['hmac', 'commitment'], 'decrypt decrypt'],
  ['A17', ['unwrap'], 'hmac unwrap'],
  ['A28', ['padding'], 'none'],
  ['A29', ['ratchet'], 'none'],
  ['A30', ['ratchet'], 'none'],
  ['A31', ['signature'], 'none'],
  ['M4', ['structure'], 'hmac'],
  ['M8', ['peer-signature'], 'signature'],
  ['M8', ['peer-signature', 'signature'], 'none'],
  ['M11', ['structure'], 'hmac'],
  ['M11', ['structure', 'hmac'], 'commitment'],
  ['M13', ['counter'], 'chain'],
  ['M13', ['counter', 'chain'], 'none'],
  ['M21', ['signature'], 'none'],
  ['M22', ['signature'], 'none'],
  ['M28', ['commit'], 'none'],
  ['R1', ['chain'], 'none'],
  ['R2', ['receipt'], 'none'],
  ['R3', ['freshness'], 'none'],
  ['R4', ['chain'], 'none'],
  ['R6', ['prekeys'], 'none'],
  ['R7', ['prekeys'], 'none'],
  ['R8', ['start'], 'none'],
  ['R9', ['start'], 'none'],
  ['R11', ['pin'], 'none'],
  ['R13', ['repair'], 'none'],
  ['R16', ['start'], 'none'],
];

suite('attacks without checks', () => {
  testAblations(attacks, ABLATIONS);

  test('a row has a cell for each check that was met, and none for others', async () => {
    const attack = attacks.find(({ id }) => id === 'A01');
    assert.ok(attack !== undefined);
    const { stoppedBy, cells } = await runRow(attack, OPTIONS);
    assert.deepEqual(
      stoppedBy.map(({ check }) => check),
      ['hmac'],
    );
    assert.deepEqual([...cells.keys()], ['structure', 'counter', 'hmac', 'one-answer']);
    assert.equal(cells.get('hmac')?.caughtBy[0]?.check, 'signature');
  });

  test('the shipped code cannot be run without a check', async () => {
    const { Lab } = await import('../src/lab.ts');
    assert.throws(() => new Lab({ ...OPTIONS, victim: 'shipped', without: ['hmac'] }), /shipped/);
  });
});
