/** The outbox in SQLite: queued → sent → delivered, and back to queued where a channel was cut. */
import { randomBytes } from 'node:crypto';
import { type Bytes, MAX_BODY, MAX_ITEMS, MAX_MEDIA_TYPE } from '@waxwing/protocol';
import { WaxwingError } from '../../errors.ts';
import type { ChainKey, Chains } from '../chain.ts';
import type { ConversationKey, FlightRecord, Outbox, QueuedMessage, SeqRange } from '../message.ts';
import { optionalNumber, toBytes } from './columns.ts';
import { conversationFilter, idOf, type SqliteConversations } from './conversations.ts';
import type { Database, Statement } from './database.ts';
import type { SqliteFlights } from './flights.ts';
import { QUEUED } from './message-row.ts';
import { RowInsert } from './sized-statement.ts';

type NewItem = Parameters<Outbox['enqueue']>[1][number];

interface Numbered {
  readonly number: number;
}

interface QueuedRow extends Numbered {
  readonly opening: Uint8Array;
  readonly type: string;
  readonly body: Uint8Array;
  readonly expires_at: number | null;
}

interface Parts {
  readonly database: Database;
  readonly chains: Chains;
  readonly conversations: SqliteConversations;
  readonly flights: SqliteFlights;
  readonly now: () => number;
}

const OPENING_SIZE = 32;
/** The messages of a flight are found between its first and its last number: few others may lie between. */
const MAX_SPAN = 1_000;

export class SqliteOutbox implements Outbox {
  readonly #database: Database;
  readonly #chains: Chains;
  readonly #conversations: SqliteConversations;
  readonly #flights: SqliteFlights;
  readonly #now: () => number;
  readonly #add: RowInsert;
  readonly #adopt: Statement<Numbered>;
  readonly #queued: Statement<QueuedRow>;
  readonly #markRangeSent: Statement<never>;
  readonly #setAcknowledged: Statement<never>;
  readonly #queueAgain: Statement<never>;
  readonly #resend: Statement<{ readonly flight: number }>;

  constructor({ database, chains, conversations, flights, now }: Parts) {
    this.#database = database;
    this.#chains = chains;
    this.#conversations = conversations;
    this.#flights = flights;
    this.#now = now;
    this.#add = new RowInsert(
      database,
      'messages (conversation, direction, flight, opening, type, body, created_at, expires_at, address)',
      `(?, 'out', ${QUEUED}, ?, ?, ?, ?, ?, ?)`,
    );
    this.#adopt = database.prepare('UPDATE messages SET conversation = ? WHERE conversation = ? RETURNING number');
    this.#queued = database.prepare(`SELECT number, opening, type, body, expires_at FROM messages WHERE conversation = ?
      AND flight < 0 AND number > ? ORDER BY number LIMIT ${MAX_ITEMS}`);
    this.#markRangeSent = database.prepare(`UPDATE messages SET flight = ? WHERE number BETWEEN ? AND ?
      AND conversation = ? AND flight < 0`);
    this.#setAcknowledged = database.prepare(`UPDATE chains SET acknowledged_seq = max(acknowledged_seq, ?)
      WHERE own_device = ? AND account = ? AND peer_device = ?`);
    this.#queueAgain = database.prepare(`UPDATE messages SET flight = ${QUEUED} WHERE number BETWEEN ? AND ?
      AND flight = ?`);
    this.#resend = database.prepare(`SELECT messages.flight FROM messages JOIN flights USING (flight)
      WHERE number = ? AND flights.direction = 'out' AND outcome = 'too-old'`);
  }

  enqueue(
    to: ConversationKey,
    items: readonly NewItem[],
    options: Parameters<Outbox['enqueue']>[2] = {},
  ): readonly QueuedMessage[] {
    for (const item of items) checkSize(item);
    const address = 'address' in to ? to.address : null;
    const drawn = randomBytes(OPENING_SIZE * items.length);
    const openings = items.map(
      (_, index) => new Uint8Array(drawn.subarray(index * OPENING_SIZE, (index + 1) * OPENING_SIZE)),
    );
    const add = (): readonly QueuedMessage[] => {
      const conversation = this.#conversations.findOrAdd(to);
      const createdAt = this.#now();
      const numbers = this.#add.run(
        items.map(({ type, body, expiresAt }, index) => [
          conversation,
          openings[index] as Bytes,
          type,
          body,
          createdAt,
          expiresAt ?? null,
          address,
        ]),
      );
      return items.map(({ type, body, expiresAt }, index) => ({
        number: numbers[index] as number,
        opening: openings[index] as Bytes,
        type,
        body,
        expiresAt,
      }));
    };
    return options.leavesAtOnce === true ? this.#database.transactionUnflushed(add) : this.#database.transaction(add);
  }

  adopt(address: string, account: Bytes): readonly number[] {
    return this.#database.transaction(() => {
      const from = this.#conversations.find({ address });
      if (from === undefined) return [];
      const rows = this.#adopt.all(this.#conversations.findOrAdd({ account }), from);
      this.#conversations.forget(address);
      return sorted(rows.map(({ number }) => number));
    });
  }

  nextBatch(to: ConversationKey, after = 0): readonly QueuedMessage[] {
    const conversation = this.#conversations.find(to);
    if (conversation === undefined) return [];
    const rows = this.#queued.all(conversation, after);
    const first = rows[0]?.number ?? 0;
    let size = 0;
    const over = rows.findIndex((row) => (size += row.body.length) > MAX_BODY || row.number - first > MAX_SPAN);
    return (over === -1 ? rows : rows.slice(0, over)).map(queuedOf);
  }

  markSent(numbers: readonly number[], flight: FlightRecord): void {
    const { account } = flight.chain;
    this.#database.transaction(() => {
      const conversation = this.#conversations.findOrAdd({ account });
      const ascending = sorted(numbers);
      const first = ascending[0] ?? 0;
      const last = ascending.at(-1) ?? 0;
      const row = this.#flights.addSent(flight, ascending);
      const ranges =
        last - first + 1 === ascending.length ? [[first, last] as const] : ascending.map((n) => [n, n] as const);
      let kept = 0;
      for (const [from, to] of ranges) kept += this.#markRangeSent.run(row, from, to, conversation).changes;
      // A message deleted while its flight was being sealed is gone here all the same.
      if (kept !== ascending.length) this.#flights.setSpan(row, { first, last, kept });
    });
  }

  acknowledge(chain: ChainKey, upToSeq: number): readonly number[] {
    const { ownDevice, account, peerDevice } = chain;
    return this.#database.transactionUnflushed(() => {
      if (upToSeq > this.#chains.get(chain).sent.seq) throw restoredCopy();
      const accepted = this.#flights.acceptUpTo(chain, upToSeq);
      this.#setAcknowledged.run(upToSeq, ownDevice, account, peerDevice);
      return sorted(accepted.flatMap((flight) => this.#flights.numbersOf(flight)));
    });
  }

  requeue(chain: ChainKey): { readonly numbers: readonly number[]; readonly voids: readonly SeqRange[] } {
    return this.#database.transaction(() => {
      const numbers = this.#flights.underWay(chain.account).flatMap((span) => {
        const carried = this.#flights.numbersOf(span);
        this.#queueAgain.run(span.first_number, span.last_number, span.flight);
        this.#flights.delete(span.flight);
        return carried;
      });
      const { acknowledged, sent } = this.#chains.get(chain);
      return { numbers: sorted(numbers), voids: acknowledged < sent.seq ? [[acknowledged + 1, sent.seq]] : [] };
    });
  }

  markTooOld(chain: ChainKey, seq: number): readonly number[] {
    return this.#database.transaction(() => {
      const refused = this.#flights.refuse(chain, seq);
      return refused === undefined ? [] : this.#flights.numbersOf(refused);
    });
  }

  resend(wanted: readonly number[]): readonly number[] {
    return this.#database.transaction(() =>
      wanted.filter((number) => {
        const row = this.#resend.get(number);
        if (row === undefined) return false;
        this.#queueAgain.run(number, number, row.flight);
        this.#flights.release(row.flight);
        return true;
      }),
    );
  }

  counts(to?: ConversationKey): { readonly queued: number; readonly sent: number; readonly tooOld: number } {
    const { sql, values } = conversationFilter(to);
    const row = this.#database
      .prepare<{ readonly queued: number }>(`SELECT count(*) AS queued FROM messages WHERE flight < 0 AND ${sql}`)
      .get(...values);
    const queued = row?.queued ?? 0;
    // An address has no flights: nobody has answered there.
    if (to !== undefined && 'address' in to) return { queued, sent: 0, tooOld: 0 };
    return { queued, ...this.#flights.counts(to && idOf(to)) };
  }
}

function queuedOf(row: QueuedRow): QueuedMessage {
  return {
    number: row.number,
    opening: toBytes(row.opening),
    type: row.type,
    body: toBytes(row.body),
    expiresAt: optionalNumber(row.expires_at),
  };
}

function sorted(numbers: readonly number[]): number[] {
  return [...numbers].sort((a, b) => a - b);
}

function checkSize({ type, body }: NewItem): void {
  if (body.length > MAX_BODY) {
    throw new WaxwingError(
      'too-large',
      `The message has ${body.length} bytes; at most ${MAX_BODY} fit.`,
      'Send it in parts. The text is kept.',
    );
  }
  if (type.length < 1 || type.length > MAX_MEDIA_TYPE) {
    throw new WaxwingError('too-large', `A media type has 1 to ${MAX_MEDIA_TYPE} characters.`, 'Use a shorter one.');
  }
}

export function unknownMessage(number: number): WaxwingError {
  return new WaxwingError('message-unknown', `There is no message #${number} here.`, 'See waxwing history.');
}

function restoredCopy(): WaxwingError {
  return new WaxwingError(
    'restored-copy',
    'The peer has accepted more messages than this home ever sent: this home is an older copy.',
    'Give it a device of its own: waxwing id rotate --device.',
  );
}
