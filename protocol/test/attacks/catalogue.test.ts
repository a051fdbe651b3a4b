/**
 * The attack catalogue as a table: A01-A32 are attacks on the original design, each of which the lab runs against the
 * textbook and against waxwing; M1-M28 are failures of other systems, tried in the lab or by a test whose title names
 * the number; R1 … are the lies of a relay, each tried in the lab. What has neither stands below with the reason; a reason
 * that has become untrue fails, too.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { loadAttacks } from '../../../lab/src/index.ts';

const ROOT = join(import.meta.dirname, '../../..');
const TITLE = /\b(?:test|it)(?:\.\w+)?\(\s*(['"`])((?:\\.|(?!\1).)*)\1/gs;
/** Lessons that the unit tests show finely, and of which running them in the lab would tell no more. */
const LESSONS_IN_UNIT_TESTS = [
  'M5',
  'M7',
  'M9',
  'M10',
  'M12',
  'M14',
  'M15',
  'M16',
  'M17',
  'M18',
  'M19',
  'M20',
  'M23',
  'M27',
];

/** What a relay can be told to do, by the attack that has it do so. */
const LIES: Readonly<Record<string, string>> = {
  R1: 'drop',
  R2: 'truncate: take, and throw away',
  R3: 'delay',
  R4: 'reorder',
  R5: 'duplicate and replay',
  R6: 'swap prekeys',
  R7: 'hand out stale bundles and statements',
  R8: 'deplete prekeys',
  R9: 'give two initiators one entry',
  R10: 'alter blobs, and deliver those of others',
  R11: 'answer with another account under a name',
  R12: 'answer with huge and malformed frames',
  R13: 'forge `unopenable` and the words of status',
  R14: 'withhold answers and confirmations',
  R15: 'lie about the counter in `welcome`',
  R16: 'roll back its store to an old copy',
  R17: 'lie about when to come again',
  R18: 'deliver noise without end',
  R19: 'another relay at the address',
  R20: 'forge membership, add a silent member',
  R21: 'split a room’s view',
  R22: 'hold back one member’s messages',
  R23: 'refuse what could be stored',
};

const FAILURES_ELSEWHERE: Readonly<Record<string, string>> = {
  M1: 'needs several devices of an account: device lists are a later part (for members of a room see M7)',
  M2: 'there is no key forwarding to attack; history on a second device is a later part',
  M6: 'no run can show it: primitives/ only calls node:crypto, WebCrypto and noble (test/architecture.test.ts), bytes.ts compares',
  M25: 'key transparency is a later part',
  M26: 'a relay gives a last resort to who takes many (relay/test/relay-process.test.ts); that a client says “weaker start” is R8',
};

function titles(): string[] {
  const files = globSync('{protocol,client,cli,test}/**/*.test.ts', {
    cwd: ROOT,
    exclude: (name) => name === 'node_modules',
  });
  return files.flatMap((file) =>
    Array.from(readFileSync(join(ROOT, file), 'utf8').matchAll(TITLE), ([, , title]) => title ?? ''),
  );
}

/** The numbers that the titles name. */
function named(among: readonly string[]): Set<string> {
  return new Set(among.flatMap((title) => title.match(/\b(?:A\d\d|M\d{1,2})\b/g) ?? []));
}

function numbers(prefix: string, count: number, width: number): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${String(i + 1).padStart(width, '0')}`);
}

/** Every id has a test or a reason, and none has both. */
function assertTable(
  ids: readonly string[],
  covered: ReadonlySet<string>,
  elsewhere: Readonly<Record<string, string>>,
) {
  const reasoned = Object.keys(elsewhere);
  assert.deepEqual(
    ids.filter((id) => !covered.has(id)),
    reasoned,
    'without a test and without a reason, or with a reason and no longer without a test',
  );
}

suite('attack catalogue', async () => {
  const all = titles();
  const attacks = numbers('A', 32, 2);
  const lab = await loadAttacks();
  const inLab = lab.map(({ id }) => id);
  const fallsInLab = lab.filter(({ textbook }) => textbook !== undefined).map(({ id }) => id);

  test('every attack falls on the textbook, in the lab', () => {
    assert.deepEqual(
      fallsInLab.filter((id) => id.startsWith('A')),
      attacks,
    );
  });

  test('every attack is tried on waxwing', () => {
    assertTable(attacks, new Set(inLab), {});
  });

  test('every lie of a relay is tried on waxwing', () => {
    assert.deepEqual(
      inLab.filter((id) => id.startsWith('R')),
      Object.keys(LIES),
    );
  });

  test('every known failure of other systems is tried on waxwing', () => {
    const here = named(all);
    const lessons = numbers('M', 28, 1);
    assertTable(lessons, new Set([...inLab, ...here]), FAILURES_ELSEWHERE);
    assert.deepEqual(
      lessons.filter((id) => here.has(id) && !inLab.includes(id)),
      LESSONS_IN_UNIT_TESTS,
    );
  });
});
