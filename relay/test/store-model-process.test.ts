import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Bytes, concat, entryLeaves } from '@waxwing/protocol/wire';
import { nodePrimitives as p } from '../../protocol/src/primitives/node.ts';
import type { Change } from '../src/store/change.ts';
import { openSqlite } from '../src/store/sql/sqlite.ts';
import { MemoryStore } from './fixtures/memory-store.ts';

const bytes = (size: number, fill: number): Bytes => new Uint8Array(size).fill(fill);
const keys = Array.from({ length: 100 }, (_, n) => ({ opk: bytes(32, n), ek: bytes(1184, n) }));
const leaves = concat(...entryLeaves(p, keys));

const who = fc.nat(2);
const account = (n: number): Bytes => bytes(32, n);
const mailbox = (n: number, device: number): Bytes => bytes(32, 10 * n + device + 100);
const ids = fc.uniqueArray(fc.nat(8), { minLength: 1, maxLength: 4 });
const today = fc.integer({ min: 10, max: 14 });

const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ n: who, device: fc.nat(1), open: fc.boolean(), token: fc.option(fc.nat(2)), today }).map(
      ({ n, device, open, token, today: day }): Change => ({
        kind: 'join',
        account: account(n),
        device: bytes(16, device),
        mailbox: mailbox(n, device),
        bundle: bytes(9, n),
        tokenHash: token === null ? undefined : bytes(32, token),
        open,
        today: day,
      }),
    ),
  },
  fc
    .record({ n: who, as: fc.constantFrom('a', 'b') })
    .map(({ n, as }): Change => ({ kind: 'claim', account: account(n), name: as })),
  fc.record({ n: who, today }).map(({ n, today: day }): Change => ({ kind: 'leave', account: account(n), today: day })),
  fc.record({ token: fc.nat(2), uses: fc.integer({ min: 1, max: 2 }), ends: today, today, owner: fc.option(who) }).map(
    ({ token, owner, today: day, ...terms }): Change => ({
      kind: 'invite',
      tokenHash: bytes(32, token),
      account: owner === null ? undefined : account(owner),
      limit: owner === null ? undefined : 1,
      today: day,
      ...terms,
    }),
  ),
  fc
    .record({ token: fc.nat(2), n: who })
    .map(({ token, n }): Change => ({ kind: 'withdraw', tokenHash: bytes(32, token), account: account(n) })),
  fc.record({ n: who, device: fc.nat(1), counter: fc.integer({ min: 1, max: 3 }) }).map(
    ({ n, device, counter }): Change => ({
      kind: 'prekeys',
      mailbox: mailbox(n, device),
      counter,
      statement: bytes(9, counter),
      signature: bytes(256, counter),
      leaves,
      keys,
    }),
  ),
  fc
    .record({ n: who, want: fc.constantFrom('bare', 'last-resort', 'entry') })
    .map(({ n, want }): Change => ({ kind: 'fetch', account: account(n), want })),
  {
    weight: 4,
    arbitrary: fc.record({ n: who, device: fc.nat(1), of: ids, size: fc.constantFrom(1104, 2128), goes: today }).map(
      ({ n, device, of, size, goes }): Change => ({
        kind: 'put',
        envelopes: of.map((id) => ({ mailbox: mailbox(n, device), id: bytes(16, id), outer: bytes(size, id) })),
        goes,
        quota: { envelopes: 3, bytes: 5_000 },
      }),
    ),
  },
  fc
    .record({ n: who, device: fc.nat(1), of: ids, opens: fc.boolean(), goes: fc.option(today, { nil: undefined }) })
    .map(({ n, device, of, opens, goes }): Change => {
      const what = { mailbox: mailbox(n, device), ids: of.map((id) => bytes(16, id)) };
      return opens ? { kind: 'confirm', ...what } : { kind: 'unopenable', goes, ...what };
    }),
  today.map((day): Change => ({ kind: 'expire', today: day })),
);

/** The order in which a set of ids is given says nothing. */
function comparable(outcome: unknown): unknown {
  if (Array.isArray(outcome))
    return outcome.map((one: unknown) => (one instanceof Uint8Array ? one.join() : one)).sort();
  if (typeof outcome !== 'object' || outcome === null) return outcome;
  return Object.fromEntries(
    Object.entries(outcome).map(([name, value]: [string, unknown]) => [
      name,
      typeof value === 'object' && value !== null && 'ids' in value
        ? { ...value, ids: comparable(value.ids) }
        : name === 'ids'
          ? comparable(value)
          : value,
    ]),
  );
}

test('two stores that are told the same say the same, whatever they are told', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(change, { minLength: 1, maxLength: 4 }), { maxLength: 12 }), async (groups) => {
      const [sql, memory] = [openSqlite(':memory:', p).store, new MemoryStore(p)];
      try {
        for (const group of groups) {
          const [one, other] = [await sql.commit(group), await memory.commit(group)];
          for (const [at, { kind }] of group.entries()) {
            // Codes of a put stand in the order of its envelopes.
            const same = kind === 'put' ? (value: unknown) => value : comparable;
            assert.deepEqual(same(one[at]), same(other[at]), kind);
          }
        }
        for (let n = 0; n <= 2; n++) {
          assert.deepEqual(await sql.member(account(n)), await memory.member(account(n)));
          for (const device of [0, 1]) {
            const query = { mailbox: mailbox(n, device), after: 0, count: 9, bytes: 3_000 };
            const [one, other] = [await sql.waiting(query), await memory.waiting(query)];
            assert.deepEqual(
              one.map(({ id }) => id),
              other.map(({ id }) => id),
            );
          }
        }
        const all = Array.from({ length: 9 }, (_, id) => bytes(16, id));
        assert.deepEqual(await sql.states(all), await memory.states(all));
        assert.deepEqual(await sql.totals(12), await memory.totals(12));
      } finally {
        await sql.close();
      }
    }),
    { numRuns: 40 },
  );
});
