/** The lab command: what people and scripts read, and how it ends. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { records, waxwing, waxwingInTerminal } from './fixtures/two-homes.ts';

describe('waxwing lab', { concurrency: 2 }, () => {
  test('list names the attacks and the checks', async () => {
    const { code, out } = await waxwing(['lab']);
    assert.equal(code, 0);
    assert.match(out, /^A08 +man in the middle of the key exchange +stopped by pin$/m);
    assert.match(out, /^hmac +nothing of the envelope was changed/m);
    const [first] = records(await waxwing(['lab', 'list', '--json']));
    assert.equal(first?.['id'], 'A01');
    assert.equal(first['stoppedBy'], 'hmac');
  });

  test('show tells one, in small letters too', async () => {
    const { code, out } = await waxwing(['lab', 'show', 'a01']);
    assert.equal(code, 0);
    assert.match(out, /^A01 IV flip.*\nThe attacker has: .*\n {2}1\. /);
    assert.match(out, /^Waxwing: {2}stopped by hmac/m);
  });

  test('run tells what was wanted and what was obtained', async () => {
    const { code, out } = await waxwing(['lab', 'run', 'A03']);
    assert.equal(code, 0);
    assert.match(out, /textbook falls\n {2}wanted {4}pay eob 5\n {2}obtained {2}pay eob 5\n/);
    assert.match(
      out,
      /waxwing holds: hmac\n {2}wanted {4}9000 for bob\n {2}obtained {2}nothing\n {2}stopped {3}by hmac \[envelope-1\]/,
    );
  });

  test('run --without tells what caught it, or that nothing did', async () => {
    const caught = await waxwing(['lab', 'run', 'A03', '--without', 'hmac']);
    assert.equal(caught.code, 0);
    assert.match(caught.out, /Caught all the same, by signature\.$/m);
    const fell = await waxwing(['lab', 'run', 'A03', '--without', 'hmac', '--without', 'signature', '--json']);
    const [record] = records(fell);
    assert.equal(record?.['succeeded'], true);
    assert.deepEqual(record['without'], ['hmac', 'signature']);
    const unmet = await waxwing(['lab', 'run', 'A03', '--without', 'pin']);
    assert.match(unmet.out, /^pin was never reached/m);
  });

  test('run --all runs every attack, and shows its progress in a terminal', async () => {
    const terminal = waxwingInTerminal(['lab', 'run', '--all']);
    await terminal.until('progress', (rows) => rows.some((row) => /^\d+ of \d+/.test(row)));
    const { exitCode } = await terminal.exited;
    const screen = terminal.everything();
    terminal[Symbol.dispose]();
    assert.equal(exitCode, 0, screen);
    assert.match(screen, /A11 +replay within a minute +textbook falls waxwing holds: record/);
    assert.match(screen, /The textbook fell to (\d+) of \1 attacks; waxwing held against (\d+) of \2\./);
  });

  test('table is a matrix whose rows have what each check did', async () => {
    const told = await waxwing(['lab', 'table', '--json']);
    assert.equal(told.code, 0, told.err);
    const rows = records(told);
    const row = rows.find(({ id }) => id === 'A13') as { without: { without: string[]; succeeded: boolean }[] };
    assert.deepEqual(
      row.without.filter(({ succeeded }) => succeeded).map(({ without }) => without),
      [['signature']],
    );
  });

  test('what is not there is said', async () => {
    for (const [args, error] of [
      [['show', 'A99'], 'attack-unknown'],
      [['run'], 'attack-unknown'],
      [['run', 'A01', '--all'], 'attack-unknown'],
      [['run', '--all', '--without', 'hmac'], 'option-misplaced'],
      [['run', 'A01', '--without', 'decrypt'], 'check-unknown'],
    ] as const) {
      const { code, err } = await waxwing(['lab', ...args]);
      assert.equal(code, 2, args.join(' '));
      assert.match(err, new RegExp(`\\n\\[${error}\\]\\n$`));
    }
  });
});
