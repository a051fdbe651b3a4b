/** The history in SQLite: receive, list, search, prove, and really delete. */
import { type Bytes, concat } from '@waxwing/protocol';
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
import { conversationFilter, type SqliteConversations } from './conversations.ts';
import type { Database, SqlValue, Statement } from './database.ts';
import type { FlightRow, SqliteFlights } from './flights.ts';
import { authorOf, messageOf, type MessageRow, SELECT_MESSAGES } from './message-row.ts';
import { unknownMessage } from './outbox.ts';
import { RowInsert } from './sized-statement.ts';
import { SqliteReceivedIds } from './received-ids.ts';
import { searchFilter } from './search.ts';

const DEFAULT_LIMIT = 50;

interface Parts {
  readonly database: Database;
  readonly conversations: SqliteConversations;
  readonly flights: SqliteFlights;
  readonly now: () => number;
}

export class SqliteHistory implements History {
  readonly #database: Database;
  readonly #conversations: SqliteConversations;
  readonly #flights: SqliteFlights;
  readonly #ids: SqliteReceivedIds;
  readonly #now: () => number;
  readonly #get: Statement<MessageRow>;
  readonly #add: RowInsert;
  readonly #newest: Statement<{ readonly number: number }>;
  readonly #indexText: Statement<never>;
  readonly #setIndexed: Statement<never>;
  readonly #delete: Statement<never>;
  readonly #purge: Statement<never>;

  constructor({ database, conversations, flights, now }: Parts) {
    this.#database = database;
    this.#conversations = conversations;
    this.#flights = flights;
    this.#ids = new SqliteReceivedIds(database);
    this.#now = now;
    this.#get = database.prepare(`${SELECT_MESSAGES} WHERE messages.number = ?`);
    this.#add = new RowInsert(
      database,
      'messages (conversation, direction, flight, id, opening, type, body, created_at, expires_at)',
      "(?, 'in', ?, ?, ?, ?, ?, ?, ?)",
    );
    this.#newest = database.prepare('SELECT coalesce(max(number), 0) AS number FROM messages');
    this.#indexText = database.prepare(`INSERT INTO messages_text (rowid, text) SELECT number, CAST(body AS TEXT)
      FROM messages WHERE type = 'text/plain' AND number > (SELECT up_to FROM search_index) ORDER BY number`);
    this.#setIndexed = database.prepare(
      'UPDATE search_index SET up_to = (SELECT coalesce(max(number), 0) FROM messages)',
    );
    this.#delete = database.prepare('DELETE FROM messages WHERE number = ?');
    this.#purge = database.prepare(`DELETE FROM messages WHERE flight > 0 AND (created_at < ? OR expires_at < ?)
      AND flight NOT IN (SELECT flight FROM flights INDEXED BY flights_open
        WHERE direction = 'out' AND outcome IS NOT 'accepted' AND outcome IS NULL)`);
  }

  receive(flight: ReceivedFlight, items: readonly ReceivedItem[]): readonly (number | undefined)[] {
    const { author } = flight;
    const { account } = flight.chain;
    const from = author && concat(author.account, author.device);
    return this.#database.transaction(() => {
      const row = this.#flights.addReceived(flight);
      if (items.length === 0) return [];
      const conversation = this.#conversations.findOrAdd(author === undefined ? { account } : { room: account });
      const at = this.#now();
      // Shown once, whatever the peer sends again (§5.1).
      const known = this.#ids.known(
        { account, conversation, author: from },
        items.map(({ id }) => id),
      );
      const added = items.filter((_, place) => !known.has(place));
      const rowids = this.#add.run(
        added.map(({ id, opening, type, body, expiresAt }) => [
          ...[conversation, row, id, opening, type, body, at],
          expiresAt ?? null,
        ]),
      );
      this.#ids.add(added.map(({ id }, index) => ({ id, number: rowids[index] as number })));
      const [first] = rowids;
      const last = rowids.at(-1);
      if (first !== undefined && last !== undefined) this.#flights.setSpan(row, { first, last, kept: rowids.length });
      this.#ids.settle();
      let next = 0;
      return items.map((_, place) => (known.has(place) ? undefined : rowids[next++]));
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
      .prepare<MessageRow>(`${SELECT_MESSAGES} WHERE ${where} ORDER BY messages.number DESC LIMIT ?`)
      .all(...values, query.limit ?? DEFAULT_LIMIT);
    return rows.reverse().map(messageOf);
  }

  proof(number: number): StoredProof {
    const row = this.#mustGet(number);
    const flight = this.#flights.get(row.flight);
    return {
      message: messageOf(row),
      flight: flight && { ...recordOf(flight), numbers: this.#flights.numbersOf(flight) },
    };
  }

  evidenceOf(number: number): EvidenceInputs {
    const row = this.#mustGet(number);
    const flight = this.#flights.get(row.flight);
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
      if (row.account !== null && row.id !== null) this.#ids.rememberDeleted(row.account, row.id);
      this.#flights.deleteIfEmpty(row.flight);
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

  markRead(conversation: ConversationKey, upToNumber: number): number {
    return this.#database.transactionUnflushed(() => {
      const number = this.#conversations.find(conversation);
      if (number === undefined) return 0;
      // What comes later is unread whatever was asked for.
      const newest = this.#newest.get()?.number ?? 0;
      return this.#conversations.markRead(number, Math.min(upToNumber, newest));
    });
  }

  counts(conversation?: ConversationKey): { readonly messages: number; readonly unread: number } {
    const { sql, values } = conversationFilter(conversation);
    const count = (from: string): number =>
      this.#database.prepare<{ readonly n: number }>(`SELECT count(*) AS n FROM ${from} AND ${sql}`).get(...values)
        ?.n ?? 0;
    return {
      messages: count('messages WHERE TRUE'),
      unread: count(
        `conversations CROSS JOIN messages USING (conversation) WHERE direction = 'in' AND number > read_up_to`,
      ),
    };
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
  const author = authorOf(row.author);
  return {
    direction: row.direction,
    chain: {
      ownDevice: toBytes(row.own_device),
      account: author?.account ?? toBytes(row.account),
      peerDevice: author?.device ?? toBytes(row.peer_device),
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
