/** Contact links in SQLite. */
import type { Bytes } from '@waxwing/protocol';
import type { ContactLink, ContactLinks } from '../contact-link.ts';
import { optionalBytes, optionalNumber, toBytes } from './columns.ts';
import type { Database, Statement } from './database.ts';

interface Row {
  readonly proof: Uint8Array;
  readonly secret: Uint8Array;
  readonly relay: Uint8Array;
  readonly made: number;
  readonly ends: number;
  readonly used_by: Uint8Array | null;
  readonly used_at: number | null;
}

export class SqliteContactLinks implements ContactLinks {
  readonly #database: Database;
  readonly #now: () => number;
  readonly #add: Statement<never>;
  readonly #get: Statement<Row>;
  readonly #list: Statement<Row>;
  readonly #use: Statement<never>;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
    this.#add = database.prepare('INSERT INTO contact_links (proof, secret, relay, made, ends) VALUES (?, ?, ?, ?, ?)');
    this.#get = database.prepare('SELECT * FROM contact_links WHERE proof = ?');
    this.#list = database.prepare('SELECT * FROM contact_links ORDER BY made DESC');
    this.#use = database.prepare(
      'UPDATE contact_links SET used_by = ?, used_at = ? WHERE proof = ? AND used_by IS NULL',
    );
  }

  add({ proof, secret, relay, made, ends }: Omit<ContactLink, 'usedBy' | 'usedAt'>): void {
    this.#add.run(proof, secret, relay, made, ends);
  }

  use(proof: Bytes, account: Bytes): ContactLink | undefined {
    return this.#database.transaction(() => {
      const link = this.get(proof);
      if (link !== undefined) this.#use.run(account, this.#now(), proof);
      return link;
    });
  }

  get(proof: Bytes): ContactLink | undefined {
    const row = this.#get.get(proof);
    return row && linkOf(row);
  }

  list(): readonly ContactLink[] {
    return this.#list.all().map(linkOf);
  }
}

function linkOf(row: Row): ContactLink {
  return {
    proof: toBytes(row.proof),
    secret: toBytes(row.secret),
    relay: toBytes(row.relay),
    made: row.made,
    ends: row.ends,
    usedBy: optionalBytes(row.used_by),
    usedAt: optionalNumber(row.used_at),
  };
}
