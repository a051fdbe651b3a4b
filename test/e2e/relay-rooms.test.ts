/** A room from the command line: processes that come and go, at a real relay. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { ChatHomes } from './fixtures/chat-homes.ts';
import { RelayProgram } from './fixtures/relay-program.ts';
import { type Outcome, waxwing } from './fixtures/two-homes.ts';

suite('rooms of the command', () => {
  const homes = new ChatHomes();
  before(() => homes.make('alice', 'bob', 'carol'));
  after(() => {
    homes.remove();
  });

  async function run(home: string, ...args: string[]): Promise<Outcome> {
    const outcome = await waxwing(args, { home });
    assert.equal(outcome.code, 0, `${args.join(' ')}: ${outcome.err}`);
    return outcome;
  }

  test('made, joined, said in, and who was taken out reads no more', async (t) => {
    const relay = new RelayProgram();
    t.after(() => relay.remove());
    await relay.start();
    const [alice, bob, carol] = [homes.of('alice'), homes.of('bob'), homes.of('carol')];
    await run(alice, 'join', relay.invite, '--name', 'alice');
    await run(bob, 'join', relay.invite, '--name', 'bob');
    await run(carol, 'join', relay.invite, '--name', 'carol');
    // Whom one writes to is no stranger: his invitation is taken without a question.
    await run(bob, 'send', '@alice', 'hello');
    await run(carol, 'send', '@alice', 'hello');
    await run(alice, 'room', 'create', 'tea');
    await run(alice, 'room', 'invite', 'tea', '@bob', '@carol');
    assert.match((await run(bob, 'room', 'list')).out, /#tea/);
    await run(alice, 'send', '#tea', 'one for all');
    assert.match((await run(bob, 'receive')).out, /one for all/);
    assert.match((await run(carol, 'receive')).out, /one for all/);
    await run(bob, 'send', '#tea', 'and back');
    assert.match((await run(alice, 'receive')).out, /and back/);
    await run(alice, 'room', 'remove', 'tea', '@carol');
    await run(alice, 'send', '#tea', 'without her');
    assert.match((await run(bob, 'receive')).out, /without her/);
    assert.doesNotMatch((await run(carol, 'receive')).out, /without her/);
    assert.match((await run(carol, 'room', 'list')).out, /removed/);
    const left = await waxwing(['room', 'leave', 'tea'], { home: alice });
    assert.equal(left.code, 5, left.err);
    assert.match((await run(bob, 'room', 'settle', 'tea')).out, /nothing to decide/);
    await run(bob, 'room', 'leave', 'tea');
    assert.match((await run(alice, 'history')).out, /and back/);
  });
});
