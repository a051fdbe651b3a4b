/** Flights in SQLite: what the evidence and the proof line of their messages need. Shared by outbox and history. */
import { type Bytes, concat } from '@waxwing/protocol';
import type { ChainKey } from '../chain.ts';
import type { FlightRecord, ReceivedFlight } from '../message.ts';
import type { Database, Statement } from './database.ts';

export interface FlightRow {
  readonly flight: number;
  readonly direction: 'in' | 'out';
  readonly own_device: Uint8Array;
  readonly account: Uint8Array;
  readonly peer_device: Uint8Array;
  readonly author: Uint8Array | null;
  readonly seq: number;
  readonly statement: Uint8Array;
  readonly signature: Uint8Array;
  readonly commitments: Uint8Array;
  readonly bundle_bytes: Uint8Array;
  readonly sent: number;
  readonly outcome: 'accepted' | 'too-old' | null;
  readonly age: number | null;
  readonly gap: number;
  readonly proof: string | null;
  readonly first_number: number;
  readonly last_number: number;
}

/** A flight and the two numbers between which its messages are. */
export interface FlightSpan {
  readonly flight: number;
  readonly first_number: number;
  readonly last_number: number;
}

/** Outgoing flights that are not accepted, an index of their own: under way where the outcome is null, or too old. */
const OPEN = `flights INDEXED BY flights_open`;
const IS_OPEN = `direction = 'out' AND outcome IS NOT 'accepted'`;

export class SqliteFlights {
  readonly #now: () => number;
  readonly #bundle: Statement<{ readonly bundle: number }>;
  readonly #addBundle: Statement<never>;
  readonly #add: Statement<never>;
  readonly #get: Statement<FlightRow>;
  readonly #numbers: Statement<{ readonly number: number }>;
  readonly #setSpan: Statement<never>;
  readonly #accept: Statement<FlightSpan>;
  readonly #refuse: Statement<FlightSpan>;
  readonly #underWay: Statement<FlightSpan>;
  readonly #count: Statement<{ readonly sent: number; readonly tooOld: number }>;
  readonly #countAll: Statement<{ readonly sent: number; readonly tooOld: number }>;
  readonly #removeOne: Statement<never>;
  readonly #delete: Statement<never>;
  readonly #tooOld: Statement<{ readonly seq: number }>;
  readonly #deleteIfEmpty: Statement<never>;
  readonly #deleteOld: Statement<never>;
  readonly #deleteBundles: Statement<never>;

  constructor(database: Database, now: () => number) {
    this.#now = now;
    this.#bundle = database.prepare('SELECT bundle FROM bundles WHERE bytes = ?');
    this.#addBundle = database.prepare('INSERT INTO bundles (bytes) VALUES (?)');
    this.#add = database.prepare(`INSERT INTO flights (direction, own_device, account, peer_device, seq, statement,
      signature, commitments, bundle, sent, at, outcome, age, gap, proof, first_number, last_number, kept, author)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#get = database.prepare(`SELECT flights.*, bundles.bytes AS bundle_bytes FROM flights
      JOIN bundles ON bundles.bundle = flights.bundle WHERE flight = ?`);
    this.#numbers = database.prepare('SELECT number FROM messages WHERE number BETWEEN ? AND ? AND flight = ?');
    this.#setSpan = database.prepare('UPDATE flights SET first_number = ?, last_number = ?, kept = ? WHERE flight = ?');
    this.#accept = database.prepare(`UPDATE ${OPEN} SET outcome = 'accepted', decided_at = ? WHERE ${IS_OPEN}
      AND outcome IS NULL AND own_device = ? AND account = ? AND peer_device = ? AND seq <= ?
      RETURNING flight, first_number, last_number`);
    this.#refuse = database.prepare(`UPDATE flights SET outcome = 'too-old', decided_at = ? WHERE direction = 'out'
      AND own_device = ? AND account = ? AND peer_device = ? AND seq = ? AND outcome IS NOT 'too-old'
      RETURNING flight, first_number, last_number`);
    this.#underWay = database.prepare(`SELECT flight, first_number, last_number FROM ${OPEN} WHERE ${IS_OPEN}
      AND outcome IS NULL AND account = ? ORDER BY flight`);
    const counts = `SELECT coalesce(sum(kept) FILTER (WHERE outcome IS NULL), 0) AS sent,
      coalesce(sum(kept) FILTER (WHERE outcome = 'too-old'), 0) AS tooOld FROM ${OPEN} WHERE ${IS_OPEN}`;
    this.#count = database.prepare(`${counts} AND account = ?`);
    this.#countAll = database.prepare(counts);
    this.#removeOne = database.prepare('UPDATE flights SET kept = kept - 1 WHERE flight = ?');
    this.#delete = database.prepare('DELETE FROM flights WHERE flight = ?');
    this.#tooOld = database.prepare(`SELECT seq FROM flights WHERE direction = 'in' AND outcome = 'too-old'
      AND own_device = ? AND account = ? AND peer_device = ? ORDER BY seq DESC LIMIT 64`);
    this.#deleteIfEmpty = database.prepare('DELETE FROM flights WHERE flight = ? AND kept = 0');
    this.#deleteOld = database.prepare('DELETE FROM flights WHERE at < ? AND kept = 0');
    this.#deleteBundles = database.prepare(`DELETE FROM bundles
      WHERE NOT EXISTS (SELECT 1 FROM flights WHERE flights.bundle = bundles.bundle)`);
  }

  /** `numbers`: of the messages it carries, ascending. */
  addSent(flight: FlightRecord, numbers: readonly number[]): number {
    return this.#insert('out', flight, { outcome: null, age: null, gap: 0, numbers });
  }

  addReceived(flight: ReceivedFlight): number {
    const { outcome, age, gap, author } = flight;
    const from = author && concat(author.account, author.device);
    return this.#insert('in', flight, { outcome, age, gap, numbers: [], author: from });
  }

  /** The messages of a flight: `kept` of those between two numbers. */
  setSpan(flight: number, span: { readonly first: number; readonly last: number; readonly kept: number }): void {
    this.#setSpan.run(span.first, span.last, span.kept, flight);
  }

  get(flight: number): FlightRow | undefined {
    return this.#get.get(flight);
  }

  numbersOf({ flight, first_number, last_number }: FlightSpan): readonly number[] {
    return this.#numbers.all(first_number, last_number, flight).map(({ number }) => number);
  }

  /** All under way on this chain up to and including a seq are accepted; those that were not before. */
  acceptUpTo({ ownDevice, account, peerDevice }: ChainKey, seq: number): readonly FlightSpan[] {
    return this.#accept.all(this.#now(), ownDevice, account, peerDevice, seq);
  }

  /** The peer refused an outgoing flight for its age; the flight, unless that was known. */
  refuse({ ownDevice, account, peerDevice }: ChainKey, seq: number): FlightSpan | undefined {
    return this.#refuse.all(this.#now(), ownDevice, account, peerDevice, seq)[0];
  }

  /** Unacknowledged flights to an account, from any own device, oldest first. */
  underWay(account: Bytes): readonly FlightSpan[] {
    return this.#underWay.all(account);
  }

  /** How many messages are in flights under way and in refused ones, to an account or to all. */
  counts(account?: Bytes): { readonly sent: number; readonly tooOld: number } {
    const row = account === undefined ? this.#countAll.get() : this.#count.get(account);
    return row ?? { sent: 0, tooOld: 0 };
  }

  tooOldSeqs(chain: ChainKey): readonly number[] {
    return this.#tooOld.all(chain.ownDevice, chain.account, chain.peerDevice).map(({ seq }) => seq);
  }

  /** One of its messages has left it. */
  release(flight: number): void {
    this.#removeOne.run(flight);
    this.deleteIfEmpty(flight);
  }

  /** With whatever it carried. */
  delete(flight: number): void {
    this.#delete.run(flight);
  }

  deleteIfEmpty(flight: number): void {
    this.#deleteIfEmpty.run(flight);
  }

  /** Flights of before `time` that carry no message any more. */
  deleteOld(time: number): void {
    this.#deleteOld.run(time);
  }

  deleteUnusedBundles(): void {
    this.#deleteBundles.run();
  }

  #insert(direction: 'in' | 'out', flight: FlightRecord, fate: Fate): number {
    const { chain } = flight;
    return this.#add.run(
      direction,
      chain.ownDevice,
      chain.account,
      chain.peerDevice,
      flight.seq,
      flight.statement,
      flight.signature,
      flight.commitments,
      this.#rowOfBundle(flight.bundle),
      flight.sent,
      this.#now(),
      fate.outcome,
      fate.age,
      fate.gap,
      flight.proof ?? null,
      fate.numbers[0] ?? 0,
      fate.numbers.at(-1) ?? 0,
      fate.numbers.length,
      fate.author ?? null,
    ).rowid;
  }

  #rowOfBundle(bytes: Bytes): number {
    const known = this.#bundle.get(bytes);
    return known === undefined ? this.#addBundle.run(bytes).rowid : known.bundle;
  }
}

interface Fate {
  readonly outcome: 'accepted' | 'too-old' | null;
  readonly age: number | null;
  readonly gap: number;
  readonly numbers: readonly number[];
  readonly author?: Bytes | undefined;
}
