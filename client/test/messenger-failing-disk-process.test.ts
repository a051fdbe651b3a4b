/** A disk that fails at any moment, again and again: no messenger ends, and everything arrives once. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { encodeFingerprint } from '@waxwing/protocol';
import { isDiskFailure, WaxwingError } from '../src/errors.ts';
import { Database, Statement } from '../src/store/sqlite/database.ts';
import { aliceAndBob, type TestMessenger } from './fixtures/messengers.ts';

const LINES = 40;

/** Numbers from 0 to 1, the same for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1_103_515_245 + 12_345) & 0x7fffffff) / 0x7fffffff;
}

/** Every statement of every home in this process, and every commit, fails with this probability. */
const disk = { rate: 0, failures: 0, random: randomOf(0) };

function maybeFail(): void {
  if (disk.rate === 0 || disk.random() >= disk.rate) return;
  disk.failures += 1;
  throw new WaxwingError('home-io', 'The disk failed.', 'Check it.');
}

const statements = Statement.prototype as unknown as Record<string, (this: unknown, ...values: unknown[]) => unknown>;
for (const name of ['run', 'get', 'all']) {
  const was = statements[name];
  statements[name] = function (...values) {
    maybeFail();
    return was?.apply(this, values);
  };
}
const { transaction } = Database.prototype as { transaction: (this: Database, run: () => unknown) => unknown };
Database.prototype.transaction = function <T>(this: Database, run: () => T): T {
  return transaction.call(this, () => {
    const value = run();
    maybeFail(); // the commit
    return value;
  }) as T;
};

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

/** What a user does is told to him where the disk does not let it: he does it again. */
async function again(work: () => unknown): Promise<void> {
  for (;;) {
    try {
      await work();
      return;
    } catch (error) {
      if (!isDiskFailure(error)) throw error;
      await soon();
    }
  }
}

async function reconnect(one: TestMessenger): Promise<void> {
  one.line.down();
  await soon();
  one.line.up();
}

function received(of: TestMessenger, where: 'in private' | 'in a room'): string[] {
  const messages = of.home.store.history.list({ limit: 1_000 });
  return messages
    .filter(({ direction, room }) => direction === 'in' && (room !== undefined) === (where === 'in a room'))
    .map(({ body }) => Buffer.from(body).toString());
}

suite('a disk that fails at any moment', { timeout: 200_000 }, () => {
  for (const [seed, rate] of [
    [1, 0.03],
    [2, 0.12],
  ] as const) {
    test(`${String(rate * 100)} of 100 times: all arrives once, in private and in a room`, async (t) => {
      disk.random = randomOf(seed);
      const { alice, bob } = await aliceAndBob(t);
      const ended: unknown[] = [];
      for (const { messenger } of [alice, bob]) void messenger.ended.then((end) => ended.push(end));
      const { key } = (await alice.messenger.createRoom('team')).view;
      assert.ok('room' in key);
      await alice.messenger.invite(key.room, encodeFingerprint(bob.account));
      await bob.until('room');

      disk.rate = rate;
      const said = { 'in private': [] as string[], 'in a room': [] as string[], back: [] as string[] };
      for (let line = 0; line < LINES; line++) {
        const text = `line ${String(line)}`;
        await again(() => alice.say(bob, text));
        said['in private'].push(text);
        if (line % 3 === 0) {
          await again(() => alice.messenger.conversationOf(key).post([text]));
          said['in a room'].push(text);
        }
        if (line % 5 === 0) {
          await again(() => bob.say(alice, text));
          said.back.push(text);
        }
        if (line % 9 === 0)
          await again(() => bob.messenger.conversationOf({ account: alice.account }).markRead(line + 1));
        if (line % 10 === 5) await reconnect(alice);
        if (line % 13 === 5) await reconnect(bob);
        await soon();
      }
      disk.rate = 0;
      assert.ok(disk.failures > 10, `${String(disk.failures)} failures`);

      for (const one of [alice, bob]) await reconnect(one);
      const arrived = (): boolean =>
        received(bob, 'in private').length >= said['in private'].length &&
        received(bob, 'in a room').length >= said['in a room'].length &&
        received(alice, 'in private').length >= said.back.length;
      while (ended.length === 0 && !arrived()) await soon();
      assert.deepEqual(ended, []);
      for (const where of ['in private', 'in a room'] as const) {
        assert.deepEqual(received(bob, where).sort(), said[where].sort(), where);
      }
      assert.deepEqual(received(alice, 'in private').sort(), said.back.sort());

      // What came in a room is told once a minute.
      for (const one of [alice, bob]) {
        one.clock.time += 61_000;
        await reconnect(one);
      }
      const views = [
        alice.messenger.conversationOf(key),
        alice.messenger.conversationOf({ account: bob.account }),
        bob.messenger.conversationOf({ account: alice.account }),
      ];
      while (ended.length === 0 && views.some(({ pending }) => pending > 0)) await soon();
      assert.deepEqual(ended, []);
    });
  }
});
