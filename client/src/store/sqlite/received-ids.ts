/** Which messages were received: an id is shown once, whatever a peer sends again (protocol §5.1). */
import { type Bytes, toHex } from '@waxwing/protocol';
import type { Database, Statement } from './database.ts';
import { inPowers, RowInsert, SizedStatement } from './sized-statement.ts';

/** So many gather in the small index before they move to the large one: its pages are then encrypted once for many ids. */
const GATHERED = 32_768;
/** Bytes of an id that stand in an index. */
const START = 6;

export interface IdOwner {
  readonly account: Bytes;
  readonly conversation: number;
  readonly author: Bytes | undefined;
}

export class SqliteReceivedIds {
  readonly #find: Statement<unknown>;
  readonly #suspects: SizedStatement<{ readonly id: Uint8Array }>;
  readonly #add: RowInsert;
  readonly #count: Statement<{ readonly n: number }>;
  readonly #move: Statement<never>;
  readonly #clear: Statement<never>;
  readonly #rememberDeleted: Statement<never>;
  /** How many have gathered: a guess after an undone transaction, which only moves them earlier. */
  #gathered: number | undefined;
  readonly #most: number;

  constructor(database: Database, most = GATHERED) {
    this.#most = most;
    // CROSS: the index of ids first, or else every message of the conversation is looked at.
    const known = (index: string): string =>
      `SELECT 1 FROM ${index} CROSS JOIN messages USING (number) WHERE start = ? AND conversation = ? AND id = ?
        AND (SELECT author FROM flights WHERE flights.flight = messages.flight) IS ?`;
    this.#find = database.prepare(`${known('recent_ids')} UNION ALL ${known('received_ids')}
      UNION ALL SELECT 1 FROM deleted_ids WHERE account = ? AND id = ? LIMIT 1`);
    this.#suspects = new SizedStatement(
      database,
      (size) => `WITH asked (id) AS (VALUES ${Array(size).fill('(?)').join(', ')}) SELECT id FROM asked
        WHERE EXISTS (SELECT 1 FROM recent_ids WHERE start = substr(asked.id, 1, ${START}))
          OR EXISTS (SELECT 1 FROM received_ids WHERE start = substr(asked.id, 1, ${START}))
          OR EXISTS (SELECT 1 FROM deleted_ids WHERE account = ? AND deleted_ids.id = asked.id)`,
    );
    this.#add = new RowInsert(database, 'recent_ids (start, number)', '(?, ?)');
    this.#count = database.prepare('SELECT count(*) AS n FROM recent_ids');
    this.#move = database.prepare(
      'INSERT INTO received_ids SELECT start, number FROM recent_ids ORDER BY start, number',
    );
    this.#clear = database.prepare('DELETE FROM recent_ids');
    this.#rememberDeleted = database.prepare(
      'INSERT INTO deleted_ids (account, id) VALUES (?, ?) ON CONFLICT DO NOTHING',
    );
  }

  /**
   * Which of these ids, by their places, a message of this account has that is here or was deleted by the user; `author`
   * (48) in a room, where one member's ids are no concern of another's. An id that is twice among them is known the
   * second time.
   */
  known(owner: IdOwner, ids: readonly Bytes[]): ReadonlySet<number> {
    const suspects = new Set<string>();
    for (const some of inPowers(ids)) {
      for (const { id } of this.#suspects.of(some.length).all(...some, owner.account)) suspects.add(toHex(id));
    }
    const known = new Set<number>();
    const seen = new Set<string>();
    for (const [place, id] of ids.entries()) {
      const key = toHex(id);
      if (seen.has(key) || (suspects.has(key) && this.#has(owner, id))) known.add(place);
      seen.add(key);
    }
    return known;
  }

  #has({ account, conversation, author }: IdOwner, id: Bytes): boolean {
    const start = id.subarray(0, START);
    const own = [start, conversation, id, author ?? null];
    return this.#find.get(...own, ...own, account, id) !== undefined;
  }

  add(added: readonly { readonly id: Bytes; readonly number: number }[]): void {
    this.#gathered ??= this.#count.get()?.n ?? 0;
    this.#add.run(added.map(({ id, number }) => [id.subarray(0, START), number]));
    this.#gathered += added.length;
  }

  /** Moves what has gathered, where that is enough. Call in the transaction that added. */
  settle(): void {
    if (this.#gathered === undefined || this.#gathered < this.#most) return;
    this.#move.run();
    this.#clear.run();
    this.#gathered = 0;
  }

  /** A late resend of a deleted message must not show it again. */
  rememberDeleted(account: Uint8Array, id: Uint8Array): void {
    this.#rememberDeleted.run(account, id);
  }
}
