import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { WaxwingError } from '../src/errors.ts';
import { Chores } from '../src/messenger/chores.ts';
import type { Place } from '../src/messenger/place.ts';
import { cutFailure } from '../src/relay/relay-failure.ts';

const full = (): never => {
  throw new WaxwingError('disk-full', 'The disk is full.', 'Free some space.');
};

/** Chores whose pauses are over when the test says so. */
function chores(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const told: string[] = [];
  const faults: unknown[] = [];
  const place = { observe: ({ kind }: { kind: string }) => told.push(kind) } as unknown as Place;
  const all = new Chores({ place, onFault: (error) => faults.push(error) });
  const done: string[] = [];
  const pass = async (): Promise<void> => {
    t.mock.timers.tick(60_000);
    await settle();
  };
  return { all, told, faults, done, pass };
}

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

suite('chores', () => {
  test('are done one after the other, and of a name that waits once', async (t) => {
    const { all, done, faults } = chores(t);
    const first = Promise.withResolvers<undefined>();
    all.add('first', async () => {
      await first.promise;
      done.push('first');
    });
    for (const name of ['second', 'second', 'first']) all.add(name, async () => void done.push(name));
    for (let one = 0; one < 2; one++) all.addEach(async () => void done.push('each'));
    await settle();
    assert.deepEqual(done, []);
    first.resolve(undefined);
    await all.settled();
    assert.deepEqual(done, ['first', 'second', 'first', 'each', 'each']);
    assert.deepEqual(faults, []);
  });

  test('wait while the disk fails, which is told once; what fails alone keeps nothing else', async (t) => {
    const { all, told, done, pass } = chores(t);
    let works = false;
    all.add('stubborn', async () => {
      if (!works) full();
      done.push('stubborn');
    });
    all.add('other', async () => void done.push('other'));
    await settle();
    assert.deepEqual([told, done], [['storage'], []]);
    await pass();
    await pass();
    assert.deepEqual([told, done], [['storage'], ['other']]);
    works = true;
    await pass();
    await all.settled();
    assert.deepEqual(done, ['other', 'stubborn']);
    works = false;
    all.add('stubborn', async () => full());
    await settle();
    assert.deepEqual(told, ['storage', 'storage'], 'another failure is told again');
    all.end();
    await all.settled();
  });

  test('are bounded, and so is the wait for them at the end', async (t) => {
    const { all, done, faults } = chores(t);
    all.add('fails', async () => full());
    await settle();
    for (let one = 0; one < 2_000; one++) all.addEach(async () => void done.push('each'));
    all.end();
    await all.settled();
    assert.deepEqual([done.length, faults], [1_023, []]);
  });

  test('leave to the relay what it kept from being done, and a fault to whoever is to hear of it', async (t) => {
    const { all, told, done, faults } = chores(t);
    const damaged = new WaxwingError('home-damaged', 'It is damaged.', 'Restore a backup.');
    all.add('cut', async () => {
      throw cutFailure('gone');
    });
    all.add('next', async () => void done.push('next'));
    all.add('damaged', async () => {
      throw damaged;
    });
    await all.settled();
    assert.deepEqual([told, done, faults], [[], ['next'], [damaged]]);
  });
});
