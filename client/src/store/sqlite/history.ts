/** The history in SQLite: receive, list, search, prove, and really delete. */
import type { Bytes } from '@waxwing/protocol';
import { WaxwingError } from '../../errors.ts';
import type { ChainKey } from '../chain.ts';
import type {
  ConversationKey,
  EvidenceInputs,
  History,
  HistoryQuery,
  ReceivedFlight,
  ReceivedItem,
  StoredMessage,
  StoredProof,
} from '../message.ts';
import { optionalNumber, optionalText, toBytes } from './columns.ts';
import type { Database, SqlValue, Statement } from './database.ts';
import type { FlightRow, SqliteFlights } from './flights.ts';
import { conversationFilter, messageOf, type MessageRow } from './message-row.ts';
import { unknownMessage } from './outbox.ts';
import { searchFilter } from './search.ts';

const DEFAULT_LIMIT = 50;

export class SqliteHistory implements History {
  readonly #database: Database;
  readonly #flights: SqliteFlights;
  readonly #now: () => number;
  readonly #get: Statement<MessageRow>;
  readonly #add: Statement<never>;
  readonly #isKnown: Statement<unknown>;
  readonly #indexText: Statement<never>;
  readonly #setIndexed: Statement<never>;
  readonly #delete: Statement<never>;
  readonly #rememberDeleted: Statement<never>;
  readonly #purge: Statement<never>;

  constructor(database: Database, flights: SqliteFlights, now: () => number) {
    this.#database = database;
    this.#flights = flights;
    this.#now = now;
    this.#get = database.prepare('SELECT * FROM messages WHERE number = ?');
    this.#add = database.prepare(`INSERT INTO messages (direction, state, account, own_device, peer_device, id, opening,
      type, body, created_at, received_at, seq, flight, unread, expires_at)
      VALUES ('in', 'shown', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?)`);
    this.#isKnown = database.prepare(`SELECT 1 FROM messages WHERE direction = 'in' AND substr(id, 1, 6) = ? AND id = ?
      AND account = ? UNION ALL SELECT 1 FROM deleted_ids WHERE account = ? AND id = ?`);
    this.#indexText = database.prepare(`INSERT INTO messages_text (rowid, text) SELECT number, CAST(body AS TEXT)
      FROM messages WHERE type = 'text/plain' AND number > (SELECT up_to FROM search_index) ORDER BY number`);
    this.#setIndexed = database.prepare(
      'UPDATE search_index SET up_to = (SELECT coalesce(max(number), 0) FROM messages)',
    );
    this.#delete = database.prepare('DELETE FROM messages WHERE number = ?');
    this.#rememberDeleted = database.prepare(
      'INSERT INTO deleted_ids (account, id) VALUES (?, ?) ON CONFLICT DO NOTHING',
    );
    this.#purge = database.prepare(`DELETE FROM messages WHERE state NOT IN ('queued', 'sent')
      AND (coalesce(received_at, created_at) < ? OR expires_at < ?)`);
  }

  receive(flight: ReceivedFlight, items: readonly ReceivedItem[]): readonly (number | undefined)[] {
    const { ownDevice, account, peerDevice } = flight.chain;
    return this.#database.transaction(() => {
      const row = this.#flights.addReceived(flight);
      const at = this.#now();
      return items.map((item) => {
        // Shown once, whatever the peer sends again (§5.1).
        const known = this.#isKnown.get(item.id.subarray(0, 6), item.id, account, account, item.id);
        if (known !== undefined) return undefined;
        return this.#add.run(
          account,
          ownDevice,
          peerDevice,
          item.id,
          item.opening,
          item.type,
          item.body,
          at,
          at,
          flight.seq,
          row,
          item.expiresAt ?? null,
        ).rowid;
      });
    });
  }

  tooOldSeqs(chain: ChainKey): readonly number[] {
    return this.#flights.tooOldSeqs(chain);
  }

  get(number: number): StoredMessage {
    return messageOf(this.#mustGet(number));
  }

  list(query: HistoryQuery = {}): readonly StoredMessage[] {
    const conversation = conversationFilter(query.conversation);
    const search = searchFilter(query.search);
    if (search.usesIndex) this.#catchUp();
    const values: SqlValue[] = [...conversation.values, ...search.values];
    let where = `${conversation.sql} AND ${search.sql}`;
    if (query.before !== undefined) {
      where += ' AND messages.number < ?';
      values.push(query.before);
    }
    const rows = this.#database
      .prepare<MessageRow>(`SELECT messages.* FROM messages WHERE ${where} ORDER BY messages.number DESC LIMIT ?`)
      .all(...values, query.limit ?? DEFAULT_LIMIT);
    return rows.reverse().map(messageOf);
  }

  proof(number: number): StoredProof {
    const row = this.#mustGet(number);
    const flight = row.flight === null ? undefined : this.#flights.get(row.flight);
    return {
      message: messageOf(row),
      flight: flight && { ...recordOf(flight), numbers: this.#flights.numbersOf(flight.flight) },
    };
  }

  evidenceOf(number: number): EvidenceInputs {
    const row = this.#mustGet(number);
    const flight = row.flight === null ? undefined : this.#flights.get(row.flight);
    if (flight === undefined) {
      throw new WaxwingError(
        'no-evidence',
        `Message #${number} was not sent yet: nobody has signed it.`,
        'Wait until it is sent, then export it.',
      );
    }
    const { bundle, statement, signature, commitments } = recordOf(flight);
    const { opening, type, body } = messageOf(row);
    return { bundle, statement, signature, commitments, opening, type, body };
  }

  delete(number: number): void {
    this.#database.transaction(() => {
      const row = this.#mustGet(number);
      this.#delete.run(number);
      if (row.direction === 'in' && row.account !== null) this.#rememberDeleted.run(row.account, row.id);
      if (row.flight !== null) this.#flights.deleteIfEmpty(row.flight);
      this.#flights.deleteUnusedBundles();
    });
    this.#database.truncateLog();
  }

  purge(keepMs: number): number {
    const before = this.#now() - keepMs;
    const gone = this.#database.transaction(() => {
      const { changes } = this.#purge.run(before, this.#now());
      this.#flights.deleteOld(before);
      this.#flights.deleteUnusedBundles();
      return changes;
    });
    if (gone > 0) this.#database.truncateLog();
    return gone;
  }

  markRead(conversation: ConversationKey, upToNumber: number): void {
    const { sql, values } = conversationFilter(conversation);
    this.#database
      .prepare(`UPDATE messages SET unread = 0 WHERE ${sql} AND unread = 1 AND number <= ?`)
      .run(...values, upToNumber);
  }

  counts(conversation?: ConversationKey): { readonly messages: number; readonly unread: number } {
    const { sql, values } = conversationFilter(conversation);
    const row = this.#database
      .prepare<{ readonly messages: number; readonly unread: number }>(
        `SELECT count(*) AS messages, count(*) FILTER (WHERE unread = 1) AS unread FROM messages WHERE ${sql}`,
      )
      .get(...values);
    return row ?? { messages: 0, unread: 0 };
  }

  #catchUp(): void {
    this.#database.transaction(() => {
      this.#indexText.run();
      this.#setIndexed.run();
    });
  }

  #mustGet(number: number): MessageRow {
    const row = this.#get.get(number);
    if (row === undefined) throw unknownMessage(number);
    return row;
  }
}

function recordOf(row: FlightRow): Omit<NonNullable<StoredProof['flight']>, 'numbers'> & { readonly bundle: Bytes } {
  return {
    direction: row.direction,
    chain: {
      ownDevice: toBytes(row.own_device),
      account: toBytes(row.account),
      peerDevice: toBytes(row.peer_device),
    },
    seq: row.seq,
    statement: toBytes(row.statement),
    signature: toBytes(row.signature),
    commitments: toBytes(row.commitments),
    bundle: toBytes(row.bundle_bytes),
    sent: row.sent,
    outcome: row.outcome ?? undefined,
    age: optionalNumber(row.age),
    gap: row.gap,
    proof: optionalText(row.proof),
  };
}
