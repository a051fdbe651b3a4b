/** Prekeys in SQLite. */
import {
  type Bytes,
  decodeHeldPrekeys,
  encodeHeldPrekeys,
  type HeldPrekeys,
  type KnownPrekeys,
  type KnownSerial,
} from '@waxwing/protocol';
import type { OwnPrekeys, Prekeys } from '../prekeys.ts';
import { toBytes } from './columns.ts';
import type { Database, Statement } from './database.ts';

interface Row {
  readonly relay: Uint8Array;
  readonly serial: number;
  readonly held: Uint8Array;
}

export class SqlitePrekeys implements Prekeys {
  readonly #add: Statement<never>;
  readonly #held: Statement<Row>;
  readonly #last: Statement<{ readonly counter: number }>;
  readonly #replace: Statement<never>;
  readonly #drop: Statement<never>;
  readonly #addBundle: Statement<never>;
  readonly #dropBundles: Statement<never>;
  readonly #bundles: Statement<{ readonly bytes: Uint8Array }>;
  readonly #known: Statement<{ readonly counter: number; readonly statement_hash: Uint8Array }>;
  readonly #note: Statement<never>;
  readonly #serial: Statement<{ readonly serial: number; readonly certificate_hash: Uint8Array }>;
  readonly #now: () => number;

  constructor(database: Database, now: () => number) {
    this.#now = now;
    this.#add = database.prepare(
      'INSERT INTO own_prekeys (device, counter, relay, serial, made, held) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#held = database.prepare(`SELECT relay, serial, held FROM own_prekeys WHERE device = ? AND held IS NOT NULL
      ORDER BY counter DESC`);
    this.#last = database.prepare('SELECT coalesce(max(counter), 0) AS counter FROM own_prekeys WHERE device = ?');
    this.#replace = database.prepare('UPDATE own_prekeys SET held = ? WHERE device = ? AND counter = ?');
    this.#drop = database.prepare('UPDATE own_prekeys SET held = NULL WHERE made < ?');
    this.#addBundle = database.prepare(
      'INSERT INTO own_bundles (device, serial, bytes, since) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#dropBundles = database.prepare(`DELETE FROM own_bundles WHERE EXISTS (SELECT 1 FROM own_bundles AS newer
      WHERE newer.device = own_bundles.device AND newer.serial > own_bundles.serial AND newer.since < ?)`);
    this.#bundles = database.prepare('SELECT bytes FROM own_bundles WHERE device = ? ORDER BY serial DESC');
    this.#known = database.prepare('SELECT counter, statement_hash FROM peer_prekeys WHERE account = ? AND device = ?');
    this.#note = database.prepare(`INSERT INTO peer_prekeys (account, device, counter, statement_hash)
      VALUES (?, ?, ?, ?) ON CONFLICT (account, device) DO UPDATE SET counter = excluded.counter,
      statement_hash = excluded.statement_hash WHERE excluded.counter > counter`);
    this.#serial = database.prepare('SELECT serial, certificate_hash FROM devices WHERE account = ? AND device = ?');
  }

  add(device: Bytes, { held, relay, serial }: OwnPrekeys): void {
    this.#add.run(device, held.counter, relay, serial, held.made, encodeHeldPrekeys(held));
  }

  held(device: Bytes): readonly OwnPrekeys[] {
    return this.#held.all(device).map(({ relay, serial, held }) => ({
      held: decodeHeldPrekeys(toBytes(held)),
      relay: toBytes(relay),
      serial,
    }));
  }

  lastCounter(device: Bytes): number {
    return this.#last.get(device)?.counter ?? 0;
  }

  replace(device: Bytes, held: HeldPrekeys): void {
    this.#replace.run(encodeHeldPrekeys(held), device, held.counter);
  }

  dropBefore(time: number): void {
    this.#drop.run(time);
  }

  noteBundle(bundle: { readonly device: Bytes; readonly serial: number; readonly bytes: Bytes }, time: number): void {
    this.#addBundle.run(bundle.device, bundle.serial, bundle.bytes, this.#now());
    this.#dropBundles.run(time);
  }

  ownBundles(device: Bytes): readonly Bytes[] {
    return this.#bundles.all(device).map(({ bytes }) => toBytes(bytes));
  }

  known(account: Bytes, device: Bytes): KnownPrekeys | undefined {
    const row = this.#known.get(account, device);
    return row && { counter: row.counter, statementHash: toBytes(row.statement_hash) };
  }

  note(account: Bytes, device: Bytes, { counter, statementHash }: KnownPrekeys): void {
    this.#note.run(account, device, counter, statementHash);
  }

  knownSerial(account: Bytes, device: Bytes): KnownSerial | undefined {
    const row = this.#serial.get(account, device);
    return row && { serial: row.serial, certificateHash: toBytes(row.certificate_hash) };
  }
}
