/** Messages that go through mailboxes, in SQLite: each flight is decided for itself. */
import type { Bytes } from '@waxwing/protocol';
import type { ChainKey } from '../chain.ts';
import type { KeptFlight, Mail } from '../mail.ts';
import type { SeqRange } from '../message.ts';
import { toBytes } from './columns.ts';
import type { Database, SqlValue, Statement } from './database.ts';
import type { FlightSpan, SqliteFlights } from './flights.ts';
import { QUEUED } from './message-row.ts';

const CHAIN = 'own_device = ? AND account = ? AND peer_device = ?';
const SPAN = 'flight, first_number, last_number';
const NONE: ReadonlySet<number> = new Set();

interface SignedRow extends FlightSpan {
  readonly seq: number;
  readonly statement: Uint8Array;
  readonly signature: Uint8Array;
  readonly commitments: Uint8Array;
  readonly bundle_bytes: Uint8Array;
}

interface ItemRow {
  readonly type: string;
  readonly body: Uint8Array;
  readonly opening: Uint8Array;
}

interface SeenRow {
  readonly own_device: Uint8Array;
  readonly peer_device: Uint8Array;
  readonly seq: number;
}

export class SqliteMail implements Mail {
  readonly #database: Database;
  readonly #flights: SqliteFlights;
  readonly #now: () => number;
  readonly #deliver: Statement<FlightSpan>;
  readonly #ofSeq: Statement<FlightSpan>;
  readonly #underWay: Statement<FlightSpan>;
  readonly #others: Statement<FlightSpan>;
  readonly #undecided: Statement<{ readonly seq: number }>;
  readonly #queueAgain: Statement<never>;
  readonly #try: Statement<{ readonly tries: number }>;
  readonly #forgetTries: Statement<never>;
  readonly #giveUp: Statement<never>;
  readonly #flightOf: Statement<{ readonly flight: number }>;
  readonly #between: Statement<FlightSpan>;
  readonly #lastAt: Statement<{ readonly at: number }>;
  readonly #seen: Statement<SeenRow>;
  readonly #givenUp: Statement<{ readonly number: number }>;
  readonly #signed: Statement<SignedRow>;
  readonly #items: Statement<ItemRow>;

  constructor(database: Database, flights: SqliteFlights, now: () => number) {
    this.#database = database;
    this.#flights = flights;
    this.#now = now;
    this.#deliver = database.prepare(`UPDATE flights SET outcome = 'accepted', decided_at = ? WHERE direction = 'out'
      AND ${CHAIN} AND seq = ? AND outcome IS NOT 'accepted' RETURNING ${SPAN}`);
    this.#ofSeq = database.prepare(`SELECT ${SPAN} FROM flights WHERE direction = 'out' AND ${CHAIN} AND seq = ?`);
    this.#underWay = database.prepare(`SELECT ${SPAN} FROM flights WHERE direction = 'out' AND ${CHAIN} AND seq = ?
      AND outcome IS NOT 'too-old'`);
    this.#others = database.prepare(`SELECT ${SPAN} FROM flights INDEXED BY flights_open WHERE direction = 'out'
      AND outcome IS NOT 'accepted' AND outcome IS NULL AND account = ? AND (own_device <> ? OR peer_device <> ?)`);
    this.#undecided = database.prepare(`SELECT seq FROM flights INDEXED BY flights_open WHERE direction = 'out'
      AND outcome IS NOT 'accepted' AND outcome IS NULL AND ${CHAIN} AND seq BETWEEN ? AND ? ORDER BY seq`);
    this.#queueAgain = database.prepare(`UPDATE messages SET flight = ${QUEUED} WHERE number BETWEEN ? AND ?
      AND flight = ?`);
    this.#try = database.prepare(`INSERT INTO retries (number, tries) VALUES (?, 1)
      ON CONFLICT (number) DO UPDATE SET tries = tries + 1 RETURNING tries`);
    this.#forgetTries = database.prepare('DELETE FROM retries WHERE number BETWEEN ? AND ?');
    this.#giveUp = database.prepare(`UPDATE flights SET outcome = 'too-old', decided_at = ? WHERE flight = ?`);
    this.#flightOf = database.prepare('SELECT flight FROM messages WHERE number = ? AND flight > 0');
    this.#between = database.prepare(`SELECT ${SPAN} FROM flights WHERE direction = 'out' AND ${CHAIN}
      AND seq > ? AND seq <= ? AND outcome = 'accepted' ORDER BY seq`);
    this.#lastAt = database.prepare(`SELECT created_at AS at FROM messages WHERE conversation = (SELECT conversation
      FROM conversations WHERE account = ?) ORDER BY number DESC LIMIT 1`);
    this.#seen = database.prepare(`SELECT own_device, peer_device, max(seq) AS seq FROM flights
      WHERE flight IN (SELECT flight FROM messages WHERE direction = 'in' AND number <= ? AND number > ? AND conversation =
        (SELECT conversation FROM conversations WHERE account = ?))
      GROUP BY own_device, peer_device`);
    this.#signed =
      database.prepare(`SELECT ${SPAN}, seq, statement, signature, commitments, bundles.bytes AS bundle_bytes
      FROM flights JOIN bundles ON bundles.bundle = flights.bundle WHERE direction = 'out' AND ${CHAIN}
      AND seq BETWEEN ? AND ? ORDER BY seq LIMIT ?`);
    this.#items = database.prepare(`SELECT type, body, opening FROM messages WHERE number BETWEEN ? AND ? AND flight = ?
      ORDER BY number`);
    this.#givenUp = database.prepare(`SELECT number FROM retries WHERE number = ?`);
  }

  deliver(chain: ChainKey, seqs: readonly number[]): readonly number[] {
    return this.#database.transaction(() => {
      const spans = seqs.flatMap((seq) => this.#deliver.all(this.#now(), ...of(chain), seq));
      for (const span of spans) this.#forgetTries.run(span.first_number, span.last_number);
      return this.#numbers(spans);
    });
  }

  requeue(chain: ChainKey, seqs: readonly number[], but: ReadonlySet<number> = NONE): readonly number[] {
    return this.#database.transaction(() => {
      const spans = seqs.flatMap((seq) => this.#underWay.all(...of(chain), seq));
      return but.size === 0 ? this.#queue(spans) : this.#queueSome(spans, but);
    });
  }

  requeueOthers({ ownDevice, account, peerDevice }: ChainKey): readonly number[] {
    return this.#database.transaction(() => this.#queue(this.#others.all(account, ownDevice, peerDevice)));
  }

  signedFlights(chain: ChainKey, [from, to]: SeqRange, limit: number): readonly KeptFlight[] {
    return this.#signed.all(...of(chain), from, to, limit).map((row) => ({
      seq: row.seq,
      bundle: toBytes(row.bundle_bytes),
      statement: toBytes(row.statement),
      signature: toBytes(row.signature),
      commitments: toBytes(row.commitments),
      items: this.#items.all(row.first_number, row.last_number, row.flight).map(({ type, body, opening }) => ({
        type,
        body: toBytes(body),
        opening: toBytes(opening),
      })),
    }));
  }

  undecided(chain: ChainKey, [from, to]: SeqRange): readonly number[] {
    return this.#undecided.all(...of(chain), from, to).map(({ seq }) => seq);
  }

  numbersOf(chain: ChainKey, seqs: readonly number[]): readonly number[] {
    return this.#numbers(seqs.flatMap((seq) => this.#ofSeq.all(...of(chain), seq)));
  }

  countTries(numbers: readonly number[], limit: number): readonly number[] {
    return this.#database.transaction(() => numbers.filter((number) => (this.#try.get(number)?.tries ?? 0) > limit));
  }

  giveUp(numbers: readonly number[]): void {
    this.#database.transaction(() => {
      const flights = new Set(numbers.flatMap((number) => this.#flightOf.all(number).map(({ flight }) => flight)));
      for (const flight of flights) this.#giveUp.run(this.#now(), flight);
    });
  }

  wasGivenUp(number: number): boolean {
    return this.#givenUp.get(number) !== undefined;
  }

  deliveredBetween(chain: ChainKey, above: number, upTo: number): readonly number[] {
    return this.#numbers(this.#between.all(...of(chain), above, upTo));
  }

  lastAt(account: Bytes): number {
    return this.#lastAt.get(account)?.at ?? 0;
  }

  seenUpTo(
    account: Bytes,
    { above, number }: { readonly above: number; readonly number: number },
  ): readonly (ChainKey & {
    readonly seq: number;
  })[] {
    return this.#seen.all(number, above, account).map((row) => ({
      ownDevice: toBytes(row.own_device),
      account,
      peerDevice: toBytes(row.peer_device),
      seq: row.seq,
    }));
  }

  #queue(spans: readonly FlightSpan[]): readonly number[] {
    const numbers = this.#numbers(spans);
    for (const { flight, first_number: first, last_number: last } of spans) {
      this.#queueAgain.run(first, last, flight);
      this.#flights.delete(flight);
    }
    return numbers;
  }

  #queueSome(spans: readonly FlightSpan[], but: ReadonlySet<number>): readonly number[] {
    return spans.flatMap((span) => {
      const numbers = this.#flights.numbersOf(span).filter((number) => !but.has(number));
      for (const number of numbers) {
        this.#queueAgain.run(number, number, span.flight);
        this.#flights.release(span.flight);
      }
      return numbers;
    });
  }

  #numbers(spans: readonly FlightSpan[]): readonly number[] {
    return spans.flatMap((span) => this.#flights.numbersOf(span)).sort((a, b) => a - b);
  }
}

function of({ ownDevice, account, peerDevice }: ChainKey): SqlValue[] {
  return [ownDevice, account, peerDevice];
}
