/** Envelopes on their way: put, kept in order, confirmed, expired. */
import {
  type Bytes,
  ENVELOPE_STATE,
  equalBytes,
  type PutEnvelope,
  REFUSAL,
  type RefusalCode,
} from '@waxwing/protocol/wire';
import type { Kysely } from 'kysely';
import type { Change, OutcomeOf } from '../change.ts';
import type { WaitingEnvelope, WaitingQuery } from '../store.ts';
import { byteKey } from '../../byte-key.ts';
import { toBytes } from './blob.ts';
import { type Fill, Fills } from './fills.ts';
import { inPowers, SizedQuery } from './sized-query.ts';
import type { RelayTables, Tx } from './tables.ts';

/** Stands in a query's text for a value that comes when it runs. */
const BLANK = new Uint8Array(0);
const blanks = (size: number): Uint8Array[] => Array.from({ length: size }, () => BLANK);

interface EnvelopeRow {
  readonly id: Bytes;
  readonly mailbox: Bytes;
  readonly number: number;
  readonly sealed: Bytes;
  readonly goes: number;
}

type Confirmed = Pick<Change<'confirm'>, 'mailbox' | 'ids'>;

interface StoredEnvelope {
  readonly mailbox: Uint8Array;
  readonly sealed: Uint8Array;
}

/**
 * The one writer of the tables `envelopes` and `notices`. What it remembers of mailboxes saves reading: call `settle`
 * after a transaction that is on the disk, `forget` after one that failed.
 */
export class Mailboxes {
  readonly #fills = new Fills();
  readonly #select = new SizedQuery((db, size) =>
    db.selectFrom('envelopes').select(['id', 'mailbox', 'sealed']).where('id', 'in', blanks(size)),
  );
  readonly #insert = new SizedQuery((db, size) =>
    db
      .insertInto('envelopes')
      .values(blanks(size).map((blank) => ({ id: blank, mailbox: blank, number: 0, sealed: blank, goes: 0 }))),
  );
  /** Not RETURNING from the deletion: for that SQLite reads and copies every envelope, which costs more than deleting it. */
  readonly #sizes = new SizedQuery((db, size) =>
    db
      .selectFrom('envelopes')
      .select((row) => ['id', 'mailbox', row.fn<number>('length', ['sealed']).as('size')])
      .where('id', 'in', blanks(size)),
  );
  readonly #delete = new SizedQuery((db, size) => db.deleteFrom('envelopes').where('id', 'in', blanks(size)));
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
    this.#fills.forget();
  }

  /** A mailbox that was removed: the next put must not find it. */
  forgetOne(mailbox: Uint8Array): void {
    this.#fills.forgetOne(byteKey(mailbox));
  }

  /** What was put is on the disk: from now on it may be delivered. */
  settle(): void {
    this.#fills.settle();
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
      for (const envelope of envelopes) {
        const { mailbox, id, outer } = envelope;
        const key = byteKey(id);
        const same = known.get(key);
        if (same !== undefined) {
          const equal = equalBytes(same.mailbox, mailbox) && equalBytes(same.sealed, outer);
          codes.push(equal ? 0 : REFUSAL.idTaken);
          continue;
        }
        const place = await this.#takePlace(tx, { ...envelope, key, quota });
        codes.push(place.code);
        if (place.code !== 0) continue;
        rows.push({ id, mailbox, number: place.number, sealed: outer, goes });
        known.set(key, { mailbox, sealed: outer });
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

  async #takePlace(
    tx: Tx,
    { mailbox, id, outer, key, quota }: PutEnvelope & { readonly key: string } & Pick<Change<'put'>, 'quota'>,
  ): Promise<{ readonly code: 0; readonly number: number } | { readonly code: RefusalCode }> {
    const to = byteKey(mailbox);
    const fill = this.#fills.get(to) ?? (await this.#readFill(tx, mailbox));
    if (fill === undefined) return { code: REFUSAL.mailboxUnknown };
    if (fill.envelopes >= quota.envelopes || fill.bytes + outer.length > quota.bytes) {
      return { code: REFUSAL.mailboxFull };
    }
    return { code: 0, number: this.#fills.put(fill, { key, id, outer }) };
  }

  async #readFill(tx: Tx, mailbox: Uint8Array): Promise<Fill | undefined> {
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
    return this.#fills.remember({
      mailbox: byteKey(mailbox),
      envelopes: row.envelopes,
      bytes: row.bytes ?? 0,
      next: ((row.last as number | null) ?? 0) + 1,
    });
  }

  /** Several at once, as if one after the other. For each the ids that were waiting in its mailbox. */
  async confirm(tx: Tx, confirms: readonly Confirmed[]): Promise<(readonly Bytes[])[]> {
    const asked = confirms.map(({ mailbox, ids }) => ({
      mailbox,
      fill: this.#fills.get(byteKey(mailbox)),
      ids: ids.map((id) => ({ id, key: byteKey(id) })),
    }));
    const unknown = asked.flatMap(({ fill, ids }) => ids.filter(({ key }) => fill?.lately.has(key) !== true));
    const sizes = new Map<string, { readonly mailbox: Uint8Array; readonly size: number }>();
    for (const some of inPowers(unknown.map(({ id }) => id))) {
      const rows = await this.#sizes.run(tx, some, some.length);
      for (const { id, mailbox, size } of rows) sizes.set(byteKey(id), { mailbox, size });
    }
    const gone = asked.map(({ mailbox, fill, ids }) => {
      const here = ids.filter(({ key }) => {
        const read = sizes.get(key);
        const size =
          fill?.lately.get(key)?.outer.length ??
          (read !== undefined && equalBytes(read.mailbox, mailbox) ? read.size : undefined);
        if (size === undefined) return false;
        sizes.delete(key); // an id that is named twice is gone once
        if (fill !== undefined) this.#fills.confirm(fill, { key, size });
        return true;
      });
      return here.map(({ id }) => id);
    });
    for (const some of inPowers(gone.flat())) await this.#delete.run(tx, some, some.length);
    return gone;
  }

  /** In the order in which they were put. */
  async waiting(db: Kysely<RelayTables>, query: WaitingQuery): Promise<readonly WaitingEnvelope[]> {
    const { mailbox, after, count, bytes } = query;
    const lately = this.#fills.waiting(byteKey(mailbox), { after, count });
    const rows =
      lately ??
      (await this.#waiting.run(db, [mailbox, after, count])).map(({ number, id, sealed }) => ({
        number,
        id: toBytes(id),
        outer: toBytes(sealed),
      }));
    let size = 0;
    const fitting = rows.findIndex(({ outer }, at) => (size += outer.length) > bytes && at > 0);
    return fitting === -1 ? rows : rows.slice(0, fitting);
  }

  async unopenable(tx: Tx, change: Change<'unopenable'>): Promise<OutcomeOf<Change<'unopenable'>>> {
    const { goes } = change;
    const [gone = []] = await this.confirm(tx, [change]);
    if (gone.length > 0 && goes !== undefined) {
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
