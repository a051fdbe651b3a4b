/** Envelopes on their way: put, kept in order, confirmed, expired. */
import { type Bytes, ENVELOPE_STATE, equalBytes, type PutEnvelope, REFUSAL, toHex } from '@waxwing/protocol/wire';
import type { Change, OutcomeOf } from '../change.ts';
import { toBytes } from './blob.ts';
import type { Tx } from './tables.ts';

/** What is in a mailbox, and the next place in it. */
interface Fill {
  envelopes: number;
  bytes: number;
  next: number;
}

/** Mailboxes whose fill is remembered; above this all of it is read anew. */
const REMEMBERED = 10_000;

/**
 * The one writer of the tables `envelopes` and `notices`. It remembers how full mailboxes are, so that a put reads
 * nothing of a mailbox; `forget` after a transaction that failed.
 */
export class Mailboxes {
  readonly #fills = new Map<string, Fill>();

  forget(): void {
    this.#fills.clear();
  }

  /** A mailbox that was removed: the next put must not find it. */
  forgetOne(mailbox: Uint8Array): void {
    this.#fills.delete(toHex(mailbox));
  }

  async put(tx: Tx, { envelopes, goes, quota }: Change<'put'>): Promise<readonly number[]> {
    const known = await this.#stored(tx, envelopes);
    const codes: number[] = [];
    const rows: { id: Bytes; mailbox: Bytes; number: number; sealed: Bytes; goes: number }[] = [];
    for (const { mailbox, id, outer } of envelopes) {
      const code = await this.#judge(tx, { mailbox, id, outer }, { known, quota });
      codes.push(code.answer);
      if (code.place === undefined) continue;
      rows.push({ id, mailbox, number: code.place, sealed: outer, goes });
      known.set(toHex(id), { mailbox, sealed: outer });
    }
    if (rows.length > 0) await tx.insertInto('envelopes').values(rows).execute();
    return codes;
  }

  /** Of these ids, what is stored under them. */
  async #stored(
    tx: Tx,
    envelopes: readonly PutEnvelope[],
  ): Promise<Map<string, { readonly mailbox: Uint8Array; readonly sealed: Uint8Array }>> {
    const rows = await tx
      .selectFrom('envelopes')
      .select(['id', 'mailbox', 'sealed'])
      .where(
        'id',
        'in',
        envelopes.map(({ id }) => id),
      )
      .execute();
    return new Map(rows.map(({ id, mailbox, sealed }) => [toHex(id), { mailbox, sealed }]));
  }

  async #judge(
    tx: Tx,
    { mailbox, id, outer }: PutEnvelope,
    {
      known,
      quota,
    }: { known: ReadonlyMap<string, { mailbox: Uint8Array; sealed: Uint8Array }> } & Pick<Change<'put'>, 'quota'>,
  ): Promise<{ readonly answer: number; readonly place?: number }> {
    const same = known.get(toHex(id));
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
    const key = toHex(mailbox);
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
    const gone = await tx
      .deleteFrom('envelopes')
      .where('id', 'in', ids)
      .where('mailbox', '=', mailbox)
      .returning((row) => ['id', row.fn<number>('length', ['sealed']).as('size')])
      .execute();
    const fill = this.#fills.get(toHex(mailbox));
    if (fill !== undefined) {
      fill.envelopes -= gone.length;
      for (const { size } of gone) fill.bytes -= size;
    }
    return gone.map(({ id }) => toBytes(id));
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
