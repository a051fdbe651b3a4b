/** The doctor and quotes (§9.6) with the real command, at a real relay that loses what it had on disk. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, suite, test } from 'node:test';
import { ChatHomes } from './fixtures/chat-homes.ts';
import { RelayProgram } from './fixtures/relay-program.ts';
import { type Outcome, records, waxwing } from './fixtures/two-homes.ts';

interface Report {
  readonly connected: boolean;
  readonly clockOffset: number | null;
  readonly prekeys: { readonly left: number; readonly today: number };
  readonly findings: readonly {
    readonly cause: string;
    readonly repaired: string | null;
    readonly next: string | null;
  }[];
}

suite('waxwing doctor', () => {
  const homes = new ChatHomes();
  before(() => homes.make('alice', 'bob'));
  after(() => {
    homes.remove();
  });

  async function run(home: string, ...args: string[]): Promise<Outcome> {
    const outcome = await waxwing(args, { home });
    assert.equal(outcome.code, 0, `${args.join(' ')}: ${outcome.err}`);
    return outcome;
  }

  async function doctor(home: string): Promise<{ readonly code: number; readonly report: Report }> {
    const outcome = await waxwing(['doctor', '--json'], { home });
    const [report] = records(outcome);
    return { code: outcome.code, report: report as unknown as Report };
  }

  test('tells what a relay lost, has it given again as it was signed, and says when there is no relay', async (t) => {
    const relay = new RelayProgram();
    t.after(() => relay.remove());
    await relay.start();
    const [alice, bob] = [homes.of('alice'), homes.of('bob')];

    /** The relay forgets every envelope it has on disk. */
    const forget = async (): Promise<void> => {
      await relay.stop();
      const database = new DatabaseSync(join(relay.data, 'relay.db'));
      const { changes } = database.prepare('DELETE FROM envelopes').run();
      database.close();
      assert.ok(Number(changes) > 0);
      await relay.start();
    };

    assert.equal((await waxwing(['doctor'], { home: alice })).code, 8, 'no relay was joined');
    await run(alice, 'join', relay.invite, '--name', 'alice');
    await run(bob, 'join', relay.invite, '--name', 'bob');
    await run(alice, 'send', '@bob', 'one');
    await run(bob, 'send', '@alice', 'hello'); // whoever writes to somebody accepts him
    await run(bob, 'receive');
    await run(alice, 'receive');
    const well = await run(alice, 'doctor');
    assert.match(well.out, /^Everything that came was opened, and nothing is missing\.$/mu);
    assert.match(well.out, /^One-time keys at the relay: \d+ of 100, made /mu);

    await run(alice, 'send', '@bob', 'lost');
    await forget();
    await run(alice, 'send', '@bob', 'last');
    assert.match((await run(bob, 'receive')).out, /last/u);
    await forget(); // bob's word of what is missing
    const missing = await doctor(bob);
    assert.equal(missing.code, 1, 'something is left to the user');
    const [found] = missing.report.findings;
    assert.equal(found?.cause, 'missing');
    assert.match(found.repaired ?? '', /^\d+ deliver(?:y|ies) asked for just now/u);
    assert.equal(typeof missing.report.clockOffset, 'number');

    await run(alice, 'receive'); // she is there, and gives it again
    const quoted = records(await run(bob, 'receive', '--json'));
    assert.deepEqual(
      quoted.map(({ text, late }) => [text, late]),
      [['lost', 'quoted']],
    );
    const mended = await doctor(bob);
    assert.deepEqual([mended.code, mended.report.connected, mended.report.findings], [0, true, []]);

    await relay.stop();
    const alone = await waxwing(['doctor'], { home: bob });
    assert.equal(alone.code, 4, alone.err);
    assert.match(alone.out, /The relay is not connected.*\[not-connected\]/u);
  });
});
