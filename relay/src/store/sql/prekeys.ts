/** Prekeys (§9.1): a statement takes the place of the old one whole; an entry is given away once. */
import {
  auditPath,
  encodePrekeyEntry,
  HASH_SIZE,
  type PrekeySet,
  type Primitives,
  REFUSAL,
} from '@waxwing/protocol/wire';
import type { Change, OutcomeOf } from '../change.ts';
import { toBytes } from './blob.ts';
import type { Tx } from './tables.ts';

/** Rows of one insert: PostgreSQL and SQLite both bound how many values a statement may carry. */
const ROWS_AT_ONCE = 50;
const EMPTY = new Uint8Array(0);

export async function uploadPrekeys(tx: Tx, change: Change<'prekeys'>): Promise<OutcomeOf<Change<'prekeys'>>> {
  const { mailbox, counter, statement, signature, leaves } = change;
  const owner = await tx.selectFrom('accounts').select('mailbox').where('mailbox', '=', mailbox).executeTakeFirst();
  if (owner === undefined) return { refusal: REFUSAL.noMember };
  const before = await tx.selectFrom('prekeys').select('counter').where('mailbox', '=', mailbox).executeTakeFirst();
  if (before !== undefined && counter <= before.counter) return { refusal: REFUSAL.prekeysRefused };
  await tx.deleteFrom('prekeys').where('mailbox', '=', mailbox).execute();
  await tx.deleteFrom('entries').where('mailbox', '=', mailbox).execute();
  await tx.insertInto('prekeys').values({ mailbox, counter, statement, signature, leaves }).execute();
  const rows = change.keys.map(({ opk, ek }, number) => ({ mailbox, number, opk, ek }));
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    await tx
      .insertInto('entries')
      .values(rows.slice(at, at + ROWS_AT_ONCE))
      .execute();
  }
  return undefined;
}

export async function fetchPrekeys(
  tx: Tx,
  p: Pick<Primitives, 'sha256'>,
  { account, want }: Change<'fetch'>,
): Promise<OutcomeOf<Change<'fetch'>>> {
  const owner = await tx
    .selectFrom('accounts')
    .leftJoin('prekeys', 'prekeys.mailbox', 'accounts.mailbox')
    .select(['accounts.mailbox', 'accounts.bundle', 'prekeys.statement', 'prekeys.signature', 'prekeys.leaves'])
    .where('account', '=', account)
    .executeTakeFirst();
  if (owner === undefined) return { refusal: REFUSAL.accountUnknown };
  const { statement, signature, leaves } = owner;
  if (statement === null && want !== 'bare') return { refusal: REFUSAL.noPrekeys };
  const mailbox = toBytes(owner.mailbox);
  const entry = want === 'entry' && leaves !== null ? await takeEntry(tx, mailbox) : undefined;
  const set: PrekeySet = {
    bundle: toBytes(owner.bundle),
    statement: statement === null ? EMPTY : toBytes(statement),
    signature: signature === null ? EMPTY : toBytes(signature),
    entry: entry === undefined ? EMPTY : encodePrekeyEntry(entry),
    path: entry === undefined || leaves === null ? [] : auditPath(p, splitLeaves(leaves), entry.index),
  };
  return { set, mailbox, left: await countEntries(tx, mailbox) };
}

async function takeEntry(tx: Tx, mailbox: Uint8Array): Promise<Parameters<typeof encodePrekeyEntry>[0] | undefined> {
  const row = await tx
    .selectFrom('entries')
    .selectAll()
    .where('mailbox', '=', mailbox)
    .orderBy('number')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  await tx.deleteFrom('entries').where('mailbox', '=', mailbox).where('number', '=', row.number).execute();
  return { index: row.number, opk: toBytes(row.opk), ek: toBytes(row.ek) };
}

async function countEntries(tx: Tx, mailbox: Uint8Array): Promise<number> {
  const { left } = await tx
    .selectFrom('entries')
    .select((row) => row.fn.countAll<number>().as('left'))
    .where('mailbox', '=', mailbox)
    .executeTakeFirstOrThrow();
  return left;
}

function splitLeaves(joined: Uint8Array): Uint8Array[] {
  return Array.from({ length: joined.length / HASH_SIZE }, (_, at) =>
    joined.subarray(at * HASH_SIZE, (at + 1) * HASH_SIZE),
  );
}
