/** Flights in SQLite: what the evidence and the proof line of their messages need. Shared by outbox and history. */
import type { Bytes } from '@waxwing/protocol';
import type { FlightRecord, ReceivedFlight } from '../message.ts';
import type { Database, Statement } from './database.ts';

export interface FlightRow {
  readonly flight: number;
  readonly direction: 'in' | 'out';
  readonly own_device: Uint8Array;
  readonly account: Uint8Array;
  readonly peer_device: Uint8Array;
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
}

export class SqliteFlights {
  readonly #now: () => number;
  readonly #bundle: Statement<{ readonly bundle: number }>;
  readonly #addBundle: Statement<never>;
  readonly #add: Statement<never>;
  readonly #get: Statement<FlightRow>;
  readonly #numbers: Statement<{ readonly number: number }>;
  readonly #setOutcome: Statement<never>;
  readonly #tooOld: Statement<{ readonly seq: number }>;
  readonly #deleteIfEmpty: Statement<never>;
  readonly #deleteOld: Statement<never>;
  readonly #deleteBundles: Statement<never>;

  constructor(database: Database, now: () => number) {
    this.#now = now;
    this.#bundle = database.prepare('SELECT bundle FROM bundles WHERE bytes = ?');
    this.#addBundle = database.prepare('INSERT INTO bundles (bytes) VALUES (?)');
    this.#add = database.prepare(`INSERT INTO flights (direction, own_device, account, peer_device, seq, statement,
      signature, commitments, bundle, sent, at, outcome, age, gap, proof)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#get = database.prepare(`SELECT flights.*, bundles.bytes AS bundle_bytes FROM flights
      JOIN bundles ON bundles.bundle = flights.bundle WHERE flight = ?`);
    this.#numbers = database.prepare('SELECT number FROM messages WHERE flight = ? ORDER BY number');
    this.#setOutcome = database.prepare(`UPDATE flights SET outcome = ? WHERE direction = 'out'
      AND own_device = ? AND account = ? AND peer_device = ? AND seq = ? AND outcome IS NOT ?`);
    this.#tooOld = database.prepare(`SELECT seq FROM flights WHERE direction = 'in' AND outcome = 'too-old'
      AND own_device = ? AND account = ? AND peer_device = ? ORDER BY seq DESC LIMIT 64`);
    this.#deleteIfEmpty = database.prepare(`DELETE FROM flights WHERE flight = ?
      AND NOT EXISTS (SELECT 1 FROM messages WHERE messages.flight = flights.flight)`);
    this.#deleteOld = database.prepare(`DELETE FROM flights WHERE at < ?
      AND NOT EXISTS (SELECT 1 FROM messages WHERE messages.flight = flights.flight)`);
    this.#deleteBundles = database.prepare(`DELETE FROM bundles
      WHERE NOT EXISTS (SELECT 1 FROM flights WHERE flights.bundle = bundles.bundle)`);
  }

  addSent(flight: FlightRecord): number {
    return this.#insert('out', flight, { outcome: null, age: null, gap: 0 });
  }

  addReceived(flight: ReceivedFlight): number {
    return this.#insert('in', flight, flight);
  }

  get(flight: number): FlightRow | undefined {
    return this.#get.get(flight);
  }

  numbersOf(flight: number): readonly number[] {
    return this.#numbers.all(flight).map(({ number }) => number);
  }

  /** What became of an outgoing flight. */
  setOutcome(chain: FlightRecord['chain'], seq: number, outcome: 'accepted' | 'too-old'): void {
    this.#setOutcome.run(outcome, chain.ownDevice, chain.account, chain.peerDevice, seq, outcome);
  }

  tooOldSeqs(chain: FlightRecord['chain']): readonly number[] {
    return this.#tooOld.all(chain.ownDevice, chain.account, chain.peerDevice).map(({ seq }) => seq);
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
}
