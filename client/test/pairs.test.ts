import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import { Pairs } from '../src/messenger/pairs.ts';
import { bob, bytes, NOW } from './fixtures/homes.ts';
import { memoryHome } from './fixtures/messengers.ts';

function pairs(): Pairs {
  const home = memoryHome('alice');
  const observe = (): void => undefined;
  return new Pairs({ home, store: home.store, p: nodePrimitives, relay: bytes(32, 1), now: () => NOW, observe });
}

suite('pairs of devices', () => {
  test('two first contacts at once get one object', async () => {
    const all = pairs();
    const [one, other, third] = await Promise.all([
      all.ofBundle(bob.bundle),
      all.ofBundle(bob.bundle),
      all.ofBundle(bob.bundle),
    ]);
    assert.equal(one, other);
    assert.equal(one, third);
    assert.equal(await all.of(one.key), one);
  });

  test('what was never on disk goes back to its beginning, for whoever waits with it too', async () => {
    const all = pairs();
    const pair = await all.ofBundle(bob.bundle);
    const { state, notes } = pair;
    pair.become({ ...state, sent: { seq: 7, hash: bytes(32, 7) } });
    pair.notes = { ...notes, owed: 3 };
    pair.revert();
    assert.deepEqual([pair.state, pair.notes], [state, notes]);
    assert.equal(await all.ofBundle(bob.bundle), pair);
  });
});
