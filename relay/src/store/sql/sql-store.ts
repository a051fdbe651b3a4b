/** The store on a SQL database through kysely: the queries are of the kind that SQLite and PostgreSQL both understand. */
import { type Bytes, ENVELOPE_STATE, type Primitives, type StoredRow, toHex } from '@waxwing/protocol/wire';
import type { Kysely } from 'kysely';
import type { Change, OutcomeOf } from '../change.ts';
import type { Day, Member, RelayStore, StoredIdentity, Totals, WaitingEnvelope, WaitingQuery } from '../store.ts';
import { claim, join, leave, renew } from './accounts.ts';
import { toBytes } from './blob.ts';
import { invite, withdraw } from './invites.ts';
import { Mailboxes } from './mailboxes.ts';
import { fetchPrekeys, uploadPrekeys } from './prekeys.ts';
import { SizedQuery } from './sized-query.ts';
import { subjectRows } from './subject-rows.ts';
import type { RelayTables, Tx } from './tables.ts';

export class SqlStore implements RelayStore {
  readonly #db: Kysely<RelayTables>;
  readonly #primitives: Pick<Primitives, 'sha256'>;
  readonly #mailboxes = new Mailboxes();
  readonly #release: () => void;
  /** Asked at every handshake. */
  readonly #member = new SizedQuery((db) => selectMembers(db).where('accounts.account', '=', new Uint8Array(0)));

  /** `release` closes what kysely has not opened yet. */
  constructor(db: Kysely<RelayTables>, primitives: Pick<Primitives, 'sha256'>, release: () => void) {
    this.#db = db;
    this.#release = release;
    this.#primitives = primitives;
  }

  async commit<const Changes extends readonly Change[]>(
    changes: Changes,
  ): Promise<{ -readonly [At in keyof Changes]: OutcomeOf<Changes[At]> }> {
    try {
      const outcomes = await this.#db.transaction().execute((tx) => this.#makeAll(tx, changes));
      this.#mailboxes.settle();
      return outcomes as { -readonly [At in keyof Changes]: OutcomeOf<Changes[At]> };
    } catch (error) {
      this.#mailboxes.forget();
      throw error;
    }
  }

  /** In order, but that puts and confirms wait for each other: nobody can tell, where they concern other envelopes. */
  async #makeAll(tx: Tx, changes: readonly Change[]): Promise<unknown[]> {
    const made = changes.map((): unknown => undefined);
    const puts: { readonly at: number; readonly change: Change<'put'> }[] = [];
    const confirms: Change<'confirm'>[] = [];
    /** Beginnings of the ids of `puts`: two that are alike only cost a little. */
    const ids = new Set<number>();
    const makeWaiting = async (): Promise<void> => {
      if (confirms.length > 0) await this.#mailboxes.confirm(tx, confirms);
      confirms.length = 0;
      if (puts.length === 0) return;
      const outcomes = await this.#mailboxes.put(
        tx,
        puts.map(({ change }) => change),
      );
      for (const [index, { at }] of puts.entries()) made[at] = outcomes[index];
      puts.length = 0;
      ids.clear();
    };
    for (const [at, change] of changes.entries()) {
      if (change.kind === 'put') {
        puts.push({ at, change });
        for (const { id } of change.envelopes) ids.add(beginningOf(id));
      } else if (change.kind === 'confirm') {
        if (change.ids.some((id) => ids.has(beginningOf(id)))) await makeWaiting();
        confirms.push(change);
      } else {
        await makeWaiting();
        made[at] = await this.#make(tx, change);
      }
    }
    await makeWaiting();
    return made;
  }

  async #make(tx: Tx, change: Change): Promise<unknown> {
    switch (change.kind) {
      case 'identity':
        await saveIdentity(tx, change);
        return undefined;
      case 'join': {
        const outcome = await join(tx, change);
        if ('replaced' in outcome && outcome.replaced !== undefined)
          this.#mailboxes.forgetOne(outcome.replaced.mailbox);
        return outcome;
      }
      case 'renew':
        await renew(tx, change);
        return undefined;
      case 'claim':
        return await claim(tx, change);
      case 'leave': {
        const outcome = await leave(tx, change);
        if (outcome !== undefined) this.#mailboxes.forgetOne(outcome.mailbox);
        return outcome;
      }
      case 'invite':
        return await invite(tx, change);
      case 'withdraw':
        await withdraw(tx, change);
        return undefined;
      case 'prekeys':
        return await uploadPrekeys(tx, change);
      case 'fetch':
        return await fetchPrekeys(tx, this.#primitives, change);
      case 'put':
        return (await this.#mailboxes.put(tx, [change]))[0];
      case 'confirm':
        await this.#mailboxes.confirm(tx, [change]);
        return undefined;
      case 'unopenable':
        return await this.#mailboxes.unopenable(tx, change);
      case 'expire':
        return await this.#mailboxes.expire(tx, change);
    }
  }

  async identity(): Promise<StoredIdentity | undefined> {
    const row = await this.#db.selectFrom('relay').selectAll().executeTakeFirst();
    if (row === undefined) return undefined;
    return {
      accountPublic: toBytes(row.account_public),
      accountPrivate: toBytes(row.account_private),
      device: toBytes(row.device),
    };
  }

  async member(account: Bytes): Promise<Member | undefined> {
    const [row] = await this.#member.run(this.#db, [account]);
    return row === undefined ? undefined : toMember(row);
  }

  async memberNamed(name: string): Promise<Bytes | undefined> {
    const row = await this.#db.selectFrom('accounts').select('account').where('name', '=', name).executeTakeFirst();
    return row === undefined ? undefined : toBytes(row.account);
  }

  async members(): Promise<readonly Member[]> {
    return (await selectMembers(this.#db).execute()).map(toMember);
  }

  async waiting(query: WaitingQuery): Promise<readonly WaitingEnvelope[]> {
    return await this.#mailboxes.waiting(this.#db, query);
  }

  async states(ids: readonly Bytes[]): Promise<readonly number[]> {
    const noticed = await this.#db.selectFrom('notices').select(['id', 'state']).where('id', 'in', ids).execute();
    const waiting = await this.#db.selectFrom('envelopes').select('id').where('id', 'in', ids).execute();
    const states = new Map(noticed.map(({ id, state }) => [toHex(id), state]));
    for (const { id } of waiting) states.set(toHex(id), ENVELOPE_STATE.waiting);
    return ids.map((id) => states.get(toHex(id)) ?? ENVELOPE_STATE.unknown);
  }

  async rows(account: Bytes, query: { readonly from: number; readonly count: number }): Promise<readonly StoredRow[]> {
    const member = await this.#db
      .selectFrom('accounts')
      .select(['account', 'mailbox'])
      .where('account', '=', account)
      .executeTakeFirst();
    return member === undefined ? [] : await subjectRows(this.#db, member, query);
  }

  async totals(today: Day): Promise<Totals> {
    const { users } = await this.#db
      .selectFrom('accounts')
      .select((row) => row.fn.countAll<number>().as('users'))
      .executeTakeFirstOrThrow();
    const { envelopes, bytes } = await this.#db
      .selectFrom('envelopes')
      .select((row) => [
        row.fn.countAll<number>().as('envelopes'),
        row.fn.sum<number | null>(row.fn<number>('length', ['sealed'])).as('bytes'),
      ])
      .executeTakeFirstOrThrow();
    const { invites } = await this.#db
      .selectFrom('invites')
      .select((row) => row.fn.countAll<number>().as('invites'))
      .where('uses', '>', 0)
      .where('ends', '>=', today)
      .executeTakeFirstOrThrow();
    return {
      users,
      envelopes,
      bytes: bytes ?? 0,
      invites,
    };
  }

  async close(): Promise<void> {
    await this.#db.destroy();
    this.#release();
  }
}

function beginningOf(id: Bytes): number {
  return ((id[0] ?? 0) << 24) | ((id[1] ?? 0) << 16) | ((id[2] ?? 0) << 8) | (id[3] ?? 0);
}

/** Accounts with their prekeys' counter, and the numbers of their entries and envelopes. */
function selectMembers(db: Kysely<RelayTables>) {
  return db
    .selectFrom('accounts')
    .leftJoin('prekeys', 'prekeys.mailbox', 'accounts.mailbox')
    .selectAll('accounts')
    .select((of) => [
      'prekeys.counter',
      of
        .selectFrom('entries')
        .select((row) => row.fn.countAll<number>().as('entries'))
        .whereRef('entries.mailbox', '=', 'accounts.mailbox')
        .as('entries'),
      of
        .selectFrom('envelopes')
        .select((row) => row.fn.countAll<number>().as('waiting'))
        .whereRef('envelopes.mailbox', '=', 'accounts.mailbox')
        .as('waiting'),
    ])
    .orderBy('accounts.account');
}

type MemberRow = Awaited<ReturnType<ReturnType<typeof selectMembers>['execute']>>[number];

function toMember(row: MemberRow): Member {
  return {
    account: toBytes(row.account),
    device: toBytes(row.device),
    mailbox: toBytes(row.mailbox),
    name: row.name ?? undefined,
    bundle: toBytes(row.bundle),
    joined: row.joined,
    prekeyCounter: row.counter ?? 0,
    entriesLeft: row.entries ?? 0,
    waiting: row.waiting ?? 0,
  };
}

async function saveIdentity(tx: Tx, identity: Change<'identity'>): Promise<void> {
  const keys = {
    account_public: identity.accountPublic,
    account_private: identity.accountPrivate,
    device: identity.device,
  };
  await tx
    .insertInto('relay')
    .values({ one: 1, ...keys })
    .onConflict((conflict) => conflict.column('one').doUpdateSet(keys))
    .execute();
}
