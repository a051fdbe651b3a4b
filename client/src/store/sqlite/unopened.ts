/** Envelopes that did not open, in SQLite. */
import type { UnopenedEnvelope, UnopenedEnvelopes } from '../unopenable.ts';
import { optionalBytes, toBytes } from './columns.ts';
import type { Database, Statement } from './database.ts';

/** A relay may deliver noise without end. */
const MAX_UNOPENED = 1_000;

interface Row {
  readonly id: Uint8Array;
  readonly at: number;
  readonly account: Uint8Array | null;
  readonly code: UnopenedEnvelope['code'];
  readonly check_name: string;
}

export class SqliteUnopened implements UnopenedEnvelopes {
  readonly #add: Statement<never>;
  readonly #list: Statement<Row>;
  readonly #drop: Statement<never>;
  readonly #trim: Statement<never>;

  constructor(database: Database) {
    this.#add = database.prepare(
      'INSERT INTO unopenable (id, at, account, code, check_name) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#list = database.prepare('SELECT * FROM unopenable ORDER BY at DESC');
    this.#trim = database.prepare(
      'DELETE FROM unopenable WHERE id IN (SELECT id FROM unopenable ORDER BY at DESC LIMIT -1 OFFSET ?)',
    );
    this.#drop = database.prepare('DELETE FROM unopenable WHERE at < ?');
  }

  add({ id, at, account, code, check }: UnopenedEnvelope): void {
    this.#add.run(id, at, account ?? null, code, check);
    this.#trim.run(MAX_UNOPENED);
  }

  list(): readonly UnopenedEnvelope[] {
    return this.#list.all().map((row) => ({
      id: toBytes(row.id),
      at: row.at,
      account: optionalBytes(row.account),
      code: row.code,
      check: row.check_name,
    }));
  }

  dropBefore(time: number): void {
    this.#drop.run(time);
  }
}
