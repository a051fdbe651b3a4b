/** The outbox in SQLite: queued → sent → delivered, and back to queued where a channel was cut. */
import { randomBytes } from 'node:crypto';
import { type Bytes, concat, MAX_BODY, MAX_ITEMS, MAX_MEDIA_TYPE, utf8 } from '@waxwing/protocol';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import { WaxwingError } from '../../errors.ts';
import type { ChainKey, Chains } from '../chain.ts';
import type { ConversationKey, FlightRecord, Outbox, SeqRange, StoredMessage } from '../message.ts';
import type { Database, Statement } from './database.ts';
import type { SqliteFlights } from './flights.ts';
import { conversationFilter, messageOf, type MessageRow } from './message-row.ts';

type NewItem = Parameters<Outbox['enqueue']>[1][number];

interface Numbered {
  readonly number: number;
}

interface Parts {
  readonly database: Database;
  readonly chains: Chains;
  readonly flights: SqliteFlights;
  readonly now: () => number;
}

const OPENING_SIZE = 32;

export class SqliteOutbox implements Outbox {
  readonly #database: Database;
  readonly #chains: Chains;
  readonly #flights: SqliteFlights;
  readonly #now: () => number;
  readonly #add: Statement<never>;
  readonly #adopt: Statement<Numbered>;
  readonly #queuedToAccount: Statement<MessageRow>;
  readonly #queuedToAddress: Statement<MessageRow>;
  readonly #markSent: Statement<never>;
  readonly #deliver: Statement<Numbered & { readonly seq: number }>;
  readonly #setAcknowledged: Statement<never>;
  readonly #underWay: Statement<Numbered & { readonly flight: number }>;
  readonly #queueAgain: Statement<never>;
  readonly #tooOld: Statement<Numbered>;
  readonly #resend: Statement<{ readonly flight: number | null }>;

  constructor({ database, chains, flights, now }: Parts) {
    this.#database = database;
    this.#chains = chains;
    this.#flights = flights;
    this.#now = now;
    this.#add = database.prepare(`INSERT INTO messages (direction, state, account, address, id, opening, type, body,
      created_at, expires_at) VALUES ('out', 'queued', ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#adopt = database.prepare(
      'UPDATE messages SET account = ? WHERE account IS NULL AND address = ? RETURNING number',
    );
    this.#queuedToAccount = database.prepare(`SELECT * FROM messages WHERE account = ? AND state = 'queued'
      AND number > ? ORDER BY number LIMIT ${MAX_ITEMS}`);
    this.#queuedToAddress = database.prepare(`SELECT * FROM messages WHERE account IS NULL AND address = ?
      AND state = 'queued' AND number > ? ORDER BY number LIMIT ${MAX_ITEMS}`);
    this.#markSent = database.prepare(`UPDATE messages SET state = 'sent', own_device = ?, peer_device = ?, seq = ?,
      flight = ?, sent_at = ? WHERE number = ? AND state = 'queued' AND account = ?`);
    this.#deliver = database.prepare(`UPDATE messages SET state = 'delivered', delivered_at = ? WHERE state = 'sent'
      AND account = ? AND seq <= ? AND own_device = ? AND peer_device = ? RETURNING number, seq`);
    this.#setAcknowledged = database.prepare(`UPDATE chains SET acknowledged_seq = max(acknowledged_seq, ?)
      WHERE own_device = ? AND account = ? AND peer_device = ?`);
    this.#underWay = database.prepare(`SELECT number, flight FROM messages WHERE account = ? AND state = 'sent'
      AND direction = 'out' ORDER BY number`);
    this.#queueAgain = database.prepare(`UPDATE messages SET state = 'queued', own_device = NULL, peer_device = NULL,
      seq = NULL, flight = NULL, sent_at = NULL WHERE number = ?`);
    this.#tooOld = database.prepare(`UPDATE messages SET state = 'too-old' WHERE state IN ('sent', 'delivered')
      AND account = ? AND seq = ? AND own_device = ? AND peer_device = ? RETURNING number`);
    this.#resend = database.prepare(
      `SELECT flight FROM messages WHERE number = ? AND direction = 'out' AND state = 'too-old'`,
    );
  }

  enqueue(to: ConversationKey, items: readonly NewItem[]): readonly StoredMessage[] {
    for (const item of items) checkSize(item);
    const account = 'account' in to ? to.account : undefined;
    const address = 'address' in to ? to.address : undefined;
    const openings = randomBytes(OPENING_SIZE * items.length);
    return this.#database.transaction(() =>
      items.map((item, index): StoredMessage => {
        const opening = new Uint8Array(openings.subarray(index * OPENING_SIZE, (index + 1) * OPENING_SIZE));
        const id = idOf(opening, item);
        const createdAt = this.#now();
        const { rowid } = this.#add.run(
          account ?? null,
          address ?? null,
          id,
          opening,
          item.type,
          item.body,
          createdAt,
          item.expiresAt ?? null,
        );
        return {
          number: rowid,
          direction: 'out',
          state: 'queued',
          account,
          address,
          ownDevice: undefined,
          peerDevice: undefined,
          id,
          opening,
          type: item.type,
          body: item.body,
          createdAt,
          sentAt: undefined,
          receivedAt: undefined,
          deliveredAt: undefined,
          seq: undefined,
          unread: false,
          expiresAt: item.expiresAt,
        };
      }),
    );
  }

  adopt(address: string, account: Bytes): readonly number[] {
    return numbers(this.#database.transaction(() => this.#adopt.all(account, address)));
  }

  nextBatch(to: ConversationKey, after = 0): readonly StoredMessage[] {
    const rows =
      'account' in to ? this.#queuedToAccount.all(to.account, after) : this.#queuedToAddress.all(to.address, after);
    let size = 0;
    const over = rows.findIndex((row) => (size += row.body.length) > MAX_BODY);
    return (over === -1 ? rows : rows.slice(0, over)).map(messageOf);
  }

  markSent(numbers: readonly number[], flight: FlightRecord): void {
    const { ownDevice, account, peerDevice } = flight.chain;
    this.#database.transaction(() => {
      const row = this.#flights.addSent(flight);
      const at = this.#now();
      for (const number of numbers) {
        // A message deleted while its flight was being sealed is gone here all the same.
        this.#markSent.run(ownDevice, peerDevice, flight.seq, row, at, number, account);
      }
    });
  }

  acknowledge(chain: ChainKey, upToSeq: number): readonly number[] {
    const { ownDevice, account, peerDevice } = chain;
    return this.#database.transaction(() => {
      if (upToSeq > this.#chains.get(chain).sent.seq) throw restoredCopy();
      const rows = this.#deliver.all(this.#now(), account, upToSeq, ownDevice, peerDevice);
      this.#setAcknowledged.run(upToSeq, ownDevice, account, peerDevice);
      for (const seq of new Set(rows.map((row) => row.seq))) this.#flights.setOutcome(chain, seq, 'accepted');
      return numbers(rows);
    });
  }

  requeue(chain: ChainKey): { readonly numbers: readonly number[]; readonly voids: readonly SeqRange[] } {
    return this.#database.transaction(() => {
      const rows = this.#underWay.all(chain.account);
      for (const { number } of rows) this.#queueAgain.run(number);
      for (const flight of new Set(rows.map((row) => row.flight))) this.#flights.deleteIfEmpty(flight);
      const { acknowledged, sent } = this.#chains.get(chain);
      return { numbers: numbers(rows), voids: acknowledged < sent.seq ? [[acknowledged + 1, sent.seq]] : [] };
    });
  }

  markTooOld(chain: ChainKey, seq: number): readonly number[] {
    const { ownDevice, account, peerDevice } = chain;
    return this.#database.transaction(() => {
      const rows = this.#tooOld.all(account, seq, ownDevice, peerDevice);
      this.#flights.setOutcome(chain, seq, 'too-old');
      return numbers(rows);
    });
  }

  resend(wanted: readonly number[]): readonly number[] {
    return this.#database.transaction(() =>
      wanted.filter((number) => {
        const row = this.#resend.get(number);
        if (row === undefined) return false;
        this.#queueAgain.run(number);
        if (row.flight !== null) this.#flights.deleteIfEmpty(row.flight);
        return true;
      }),
    );
  }

  counts(to?: ConversationKey): { readonly queued: number; readonly sent: number; readonly tooOld: number } {
    const { sql, values } = conversationFilter(to);
    const row = this.#database
      .prepare<{ readonly queued: number; readonly sent: number; readonly tooOld: number }>(
        // Three small counts, each from its own partial index: the history may be long.
        `SELECT (SELECT count(*) FROM messages WHERE state = 'queued' AND ${sql}) AS queued,
          (SELECT count(*) FROM messages WHERE state = 'sent' AND ${sql}) AS sent,
          (SELECT count(*) FROM messages WHERE state = 'too-old' AND ${sql}) AS tooOld`,
      )
      .get(...values, ...values, ...values);
    return row ?? { queued: 0, sent: 0, tooOld: 0 };
  }
}

function numbers(rows: readonly Numbered[]): number[] {
  return rows.map(({ number }) => number).sort((a, b) => a - b);
}

/** c_i = H(r_i ‖ type ‖ "\n" ‖ body_i) (§5.1): the message's id through every resend. */
function idOf(opening: Bytes, item: NewItem): Bytes {
  return nodePrimitives.sha256(concat(opening, utf8(`${item.type}\n`), item.body));
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
