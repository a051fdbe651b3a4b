import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aliceAndBob, type TestMessenger } from './fixtures/messengers.ts';

/** Small numbers that are the same in every run (a linear congruential generator). */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * sides);
  };
}

const heard = (of: TestMessenger): (string | undefined)[] =>
  of.home.store.history
    .list({ limit: 1_000 })
    .filter(({ direction }) => direction === 'in')
    .map(({ body }) => new TextDecoder().decode(body));

const SEEDS =
  process.env['KILLS'] === undefined
    ? [1, 2]
    : Array.from({ length: Number(process.env['KILLS']) }, (_, seed) => seed + 3);

for (const seed of SEEDS) {
  test(`whatever is killed when, each message arrives once and in order (${String(seed)})`, async (t) => {
    const { relay, alice, bob } = await aliceAndBob(t);
    const roll = dice(seed);
    const said = { alice: [] as string[], bob: [] as string[] };
    const up = new Set([alice, bob]);
    for (let step = 0; step < 60; step++) {
      const [from, to, name] = roll(2) === 0 ? ([alice, bob, 'alice'] as const) : ([bob, alice, 'bob'] as const);
      switch (roll(6)) {
        case 0:
          await from.kill();
          up.delete(from);
          break;
        case 1:
          if (up.delete(from)) from.line.down();
          break;
        case 2:
          if (!up.has(from)) from.line.up();
          up.add(from);
          break;
        case 3:
          relay.losesAnswers = roll(3) === 0;
          break;
        default: {
          const text = `${name} ${String(said[name].length)}`;
          said[name].push(text);
          from.say(to, text);
        }
      }
      for (let turns = roll(12); turns > 0; turns--) await new Promise(setImmediate);
    }
    relay.losesAnswers = false;
    for (const one of [alice, bob]) {
      if (up.has(one)) one.line.down();
      await one.connect();
    }
    assert.ok((await alice.delivered(bob)) && (await bob.delivered(alice)));
    assert.deepEqual(heard(bob), said.alice);
    assert.deepEqual(heard(alice), said.bob);
    for (const one of [alice, bob]) {
      assert.deepEqual(
        one.events.filter(({ kind }) => ['unopenable', 'quarantined', 'storage'].includes(kind)),
        [],
      );
    }
  });
}
