/** Envelopes on their way: put, kept in order, confirmed, expired. */
import { type Bytes, ENVELOPE_STATE, equalBytes, type PutEnvelope, REFUSAL } from '@waxwing/protocol/wire';
import type { Kysely } from 'kysely';
import type { Change, OutcomeOf } from '../change.ts';
import type { WaitingEnvelope, WaitingQuery } from '../store.ts';
import { byteKey } from '../../byte-key.ts';
import { toBytes } from './blob.ts';
import { inPowers, SizedQuery } from './sized-query.ts';
import type { RelayTables, Tx } from './tables.ts';

/** Stands in a query's text for a value that comes when it runs. */
const BLANK = new Uint8Array(0);
const blanks = (size: number): Uint8Array[] => Array.from({ length: size }, () => BLANK);

/** What is in a mailbox, and the next place in it. */
interface Fill {
  envelopes: number;
  bytes: number;
  next: number;
}

interface EnvelopeRow {
  readonly id: Bytes;
  readonly mailbox: Bytes;
  readonly number: number;
  readonly sealed: Bytes;
  readonly goes: number;
}

interface StoredEnvelope {
  readonly mailbox: Uint8Array;
  readonly sealed: Uint8Array;
}

/** Mailboxes whose fill is remembered; above this all of it is read anew. */
const REMEMBERED = 10_000;

/**
 * The one writer of the tables `envelopes` and `notices`. It remembers how full mailboxes are, so that a put reads
 * nothing of a mailbox; `forget` after a transaction that failed.
 */
export class Mailboxes {
  readonly #fills = new Map<string, Fill>();
  readonly #select = new SizedQuery((db, size) =>
    db.selectFrom('envelopes').select(['id', 'mailbox', 'sealed']).where('id', 'in', blanks(size)),
  );
  readonly #insert = new SizedQuery((db, size) =>
    db
      .insertInto('envelopes')
      .values(blanks(size).map((blank) => ({ id: blank, mailbox: blank, number: 0, sealed: blank, goes: 0 }))),
  );
  readonly #delete = new SizedQuery((db, size) =>
    db
      .deleteFrom('envelopes')
      .where('id', 'in', blanks(size))
      .where('mailbox', '=', BLANK)
      .returning((row) => ['id', row.fn<number>('length', ['sealed']).as('size')]),
  );
  readonly #waiting = new SizedQuery((db) =>
    db
      .selectFrom('envelopes')
      .select(['number', 'id', 'sealed'])
      .where('mailbox', '=', BLANK)
      .where('number', '>', 0)
      .orderBy('number')
      .limit(1),
  );

  forget(): void {
    this.#fills.clear();
  }

  /** A mailbox that was removed: the next put must not find it. */
  forgetOne(mailbox: Uint8Array): void {
    this.#fills.delete(byteKey(mailbox));
  }

  /** Several puts at once, as if one after the other: what they write is written together. Outcomes in order. */
  async put(tx: Tx, puts: readonly Change<'put'>[]): Promise<(readonly number[])[]> {
    const known = await this.#stored(
      tx,
      puts.flatMap(({ envelopes }) => envelopes.map(({ id }) => id)),
    );
    const rows: EnvelopeRow[] = [];
    const outcomes: number[][] = [];
    for (const { envelopes, goes, quota } of puts) {
      const codes: number[] = [];
      for (const { mailbox, id, outer } of envelopes) {
        const code = await this.#judge(tx, { mailbox, id, outer }, { known, quota });
        codes.push(code.answer);
        if (code.place === undefined) continue;
        rows.push({ id, mailbox, number: code.place, sealed: outer, goes });
        known.set(byteKey(id), { mailbox, sealed: outer });
      }
      outcomes.push(codes);
    }
    for (const some of inPowers(rows)) {
      const values = some.flatMap(({ id, mailbox, number, sealed, goes }) => [id, mailbox, number, sealed, goes]);
      await this.#insert.run(tx, values, some.length);
    }
    return outcomes;
  }

  /** Of these ids, what is stored under them. */
  async #stored(tx: Tx, ids: readonly Bytes[]): Promise<Map<string, StoredEnvelope>> {
    const known = new Map<string, StoredEnvelope>();
    for (const some of inPowers(ids)) {
      const rows = await this.#select.run(tx, some, some.length);
      for (const { id, mailbox, sealed } of rows) known.set(byteKey(id), { mailbox, sealed });
    }
    return known;
  }

  async #judge(
    tx: Tx,
    { mailbox, id, outer }: PutEnvelope,
    { known, quota }: { known: ReadonlyMap<string, StoredEnvelope> } & Pick<Change<'put'>, 'quota'>,
  ): Promise<{ readonly answer: number; readonly place?: number }> {
    const same = known.get(byteKey(id));
    if (same !== undefined) {
      const equal = equalBytes(same.mailbox, mailbox) && equalBytes(same.sealed, outer);
      return { answer: equal ? 0 : REFUSAL.idTaken };
    }
    const fill = await this.#fill(tx, mailbox);
    if (fill === undefined) return { answer: REFUSAL.mailboxUnknown };
    if (fill.envelopes >= quota.envelopes || fill.bytes + outer.length > quota.bytes) {
      return { answer: REFUSAL.mailboxFull };
    }
    fill.envelopes += 1;
    fill.bytes += outer.length;
    return { answer: 0, place: fill.next++ };
  }

  async #fill(tx: Tx, mailbox: Uint8Array): Promise<Fill | undefined> {
    const key = byteKey(mailbox);
    const remembered = this.#fills.get(key);
    if (remembered !== undefined) return remembered;
    const owner = await tx.selectFrom('accounts').select('mailbox').where('mailbox', '=', mailbox).executeTakeFirst();
    if (owner === undefined) return undefined;
    const row = await tx
      .selectFrom('envelopes')
      .select((of) => [
        of.fn.countAll<number>().as('envelopes'),
        of.fn.sum<number | null>(of.fn<number>('length', ['sealed'])).as('bytes'),
        of.fn.max('number').as('last'),
      ])
      .where('mailbox', '=', mailbox)
      .executeTakeFirstOrThrow();
    const fill = {
      envelopes: row.envelopes,
      bytes: row.bytes ?? 0,
      next: ((row.last as number | null) ?? 0) + 1,
    };
    if (this.#fills.size >= REMEMBERED) this.#fills.clear();
    this.#fills.set(key, fill);
    return fill;
  }

  async confirm(tx: Tx, { mailbox, ids }: Omit<Change<'confirm'>, 'kind'>): Promise<readonly Bytes[]> {
    const gone: { readonly id: Uint8Array; readonly size: number }[] = [];
    for (const some of inPowers(ids)) gone.push(...(await this.#delete.run(tx, [...some, mailbox], some.length)));
    const fill = this.#fills.get(byteKey(mailbox));
    if (fill !== undefined) {
      fill.envelopes -= gone.length;
      for (const { size } of gone) fill.bytes -= size;
    }
    return gone.map(({ id }) => toBytes(id));
  }

  /** In the order in which they were put. */
  async waiting(db: Kysely<RelayTables>, query: WaitingQuery): Promise<readonly WaitingEnvelope[]> {
    const { mailbox, after, count, bytes } = query;
    const rows = await this.#waiting.run(db, [mailbox, after, count]);
    let size = 0;
    const fitting = rows.findIndex(({ sealed }, at) => (size += sealed.length) > bytes && at > 0);
    return rows
      .slice(0, fitting === -1 ? rows.length : fitting)
      .map(({ number, id, sealed }) => ({ number, id: toBytes(id), outer: toBytes(sealed) }));
  }

  async unopenable(tx: Tx, change: Change<'unopenable'>): Promise<OutcomeOf<Change<'unopenable'>>> {
    const { goes } = change;
    const gone = await this.confirm(tx, change);
    if (gone.length > 0) {
      await tx
        .insertInto('notices')
        .values(gone.map((id) => ({ id, state: ENVELOPE_STATE.unopenable, goes })))
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ state: ENVELOPE_STATE.unopenable, goes }))
        .execute();
    }
    return gone;
  }

  async expire(tx: Tx, { today }: Change<'expire'>): Promise<OutcomeOf<Change<'expire'>>> {
    const { numDeletedRows } = await tx.deleteFrom('envelopes').where('goes', '<', today).executeTakeFirst();
    await tx.deleteFrom('notices').where('goes', '<', today).execute();
    await tx
      .deleteFrom('invites')
      .where('ends', '<', today - 30)
      .execute();
    if (numDeletedRows > 0n) this.forget();
    return { envelopes: Number(numDeletedRows) };
  }
}
