/** Contacts at relays in SQLite. */
import type { Bytes } from '@waxwing/protocol';
import type { Contact, Contacts } from '../relay.ts';
import { cleanNick } from '../petname.ts';
import { optionalBytes, optionalText, toBytes } from './columns.ts';
import type { Database, Statement } from './database.ts';

interface Row {
  readonly account: Uint8Array;
  readonly device: Uint8Array | null;
  readonly standing: Contact['standing'];
  readonly nick: string | null;
  readonly link_proof: Uint8Array | null;
  readonly since: number;
}

export class SqliteContacts implements Contacts {
  readonly #database: Database;
  readonly #now: () => number;
  readonly #get: Statement<Row>;
  readonly #list: Statement<Row>;
  readonly #requests: Statement<{ readonly n: number }>;
  readonly #add: Statement<never>;
  readonly #setDevice: Statement<never>;
  readonly #setNick: Statement<never>;
  readonly #setLinkProof: Statement<never>;
  readonly #remove: Statement<never>;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
    this.#get = database.prepare('SELECT * FROM contacts WHERE relay = ? AND account = ?');
    this.#list = database.prepare('SELECT * FROM contacts WHERE relay = ? ORDER BY since, account');
    this.#requests = database.prepare(`SELECT count(*) AS n FROM contacts WHERE relay = ? AND standing = 'request'
      AND account NOT IN (SELECT account FROM peers WHERE blocked_at IS NOT NULL)`);
    this.#add = database.prepare(`INSERT INTO contacts (relay, account, standing, since) VALUES (?, ?, ?, ?)
      ON CONFLICT (relay, account) DO UPDATE SET standing = excluded.standing`);
    this.#setDevice = database.prepare('UPDATE contacts SET device = ? WHERE relay = ? AND account = ?');
    this.#setNick = database.prepare('UPDATE contacts SET nick = ? WHERE relay = ? AND account = ?');
    this.#setLinkProof = database.prepare('UPDATE contacts SET link_proof = ? WHERE relay = ? AND account = ?');
    this.#remove = database.prepare('DELETE FROM contacts WHERE relay = ? AND account = ?');
  }

  get(relay: Bytes, account: Bytes): Contact | undefined {
    const row = this.#get.get(relay, account);
    return row && contactOf(row);
  }

  list(relay: Bytes): readonly Contact[] {
    return this.#list.all(relay).map(contactOf);
  }

  countRequests(relay: Bytes): number {
    return this.#requests.get(relay)?.n ?? 0;
  }

  add(relay: Bytes, account: Bytes, standing: Contact['standing']): Contact {
    return this.#database.transaction(() => {
      this.#add.run(relay, account, standing, this.#now());
      return contactOf(this.#get.get(relay, account) as Row);
    });
  }

  setDevice(relay: Bytes, account: Bytes, device: Bytes): void {
    this.#setDevice.run(device, relay, account);
  }

  claimNick(relay: Bytes, account: Bytes, nick: string): void {
    const clean = cleanNick(nick);
    this.#setNick.run(clean === '' ? null : clean, relay, account);
  }

  setLinkProof(relay: Bytes, account: Bytes, proof: Bytes | undefined): void {
    this.#setLinkProof.run(proof ?? null, relay, account);
  }

  remove(relay: Bytes, account: Bytes): void {
    this.#remove.run(relay, account);
  }
}

function contactOf(row: Row): Contact {
  return {
    account: toBytes(row.account),
    device: optionalBytes(row.device),
    standing: row.standing,
    nick: optionalText(row.nick),
    linkProof: optionalBytes(row.link_proof),
    since: row.since,
  };
}
