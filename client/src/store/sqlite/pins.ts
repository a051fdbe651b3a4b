/** Pins in SQLite: trust on first use, and CHANGED. */
import { type Bytes, encodeFingerprint, equalBytes } from '@waxwing/protocol';
import { WaxwingError } from '../../errors.ts';
import type { Events, Pin, Pins, Verdict } from '../peer.ts';
import { toBytes } from './columns.ts';
import type { Database, Statement } from './database.ts';

interface Row {
  readonly name: string;
  readonly account: Uint8Array;
  readonly since: number;
  readonly last_seen: number;
}

interface Trust {
  readonly verified_at: number | null;
  readonly blocked_at: number | null;
}

function pinOf(row: Row): Pin {
  const account = toBytes(row.account);
  return {
    name: row.name,
    account,
    fingerprint: encodeFingerprint(account),
    since: row.since,
    lastSeen: row.last_seen,
  };
}

export class SqlitePins implements Pins {
  readonly #database: Database;
  readonly #events: Events;
  readonly #now: () => number;
  readonly #get: Statement<Row>;
  readonly #list: Statement<Row>;
  readonly #set: Statement<never>;
  readonly #touch: Statement<never>;
  readonly #remove: Statement<never>;
  readonly #trust: Statement<Trust>;
  readonly #remember: Statement<never>;

  constructor(database: Database, events: Events, now: () => number) {
    this.#database = database;
    this.#events = events;
    this.#now = now;
    this.#get = database.prepare('SELECT * FROM pins WHERE name = ?');
    this.#list = database.prepare('SELECT * FROM pins ORDER BY name');
    this.#set = database.prepare(`INSERT INTO pins (name, account, since, last_seen) VALUES (?, ?, ?, ?)
      ON CONFLICT (name) DO UPDATE SET account = excluded.account, since = excluded.since,
      last_seen = excluded.last_seen`);
    this.#touch = database.prepare('UPDATE pins SET last_seen = ? WHERE name = ?');
    this.#remove = database.prepare('DELETE FROM pins WHERE name = ?');
    this.#trust = database.prepare('SELECT verified_at, blocked_at FROM peers WHERE account = ?');
    this.#remember = database.prepare(`INSERT INTO peers (account, fingerprint, first_seen, last_seen)
      VALUES (?, ?, ?, ?) ON CONFLICT (account) DO NOTHING`);
  }

  verdict(name: string | undefined, account: Bytes): Verdict {
    const pinned = name === undefined ? undefined : this.get(name);
    const peer = this.#trust.get(account);
    const blocked = peer !== undefined && peer.blocked_at !== null;
    if (pinned !== undefined && !equalBytes(pinned.account, account)) {
      // Verified elsewhere or not: it is not the one this name stood for.
      return { state: 'changed', firstContact: false, blocked, pinned };
    }
    const verified = peer !== undefined && peer.verified_at !== null;
    const known = name === undefined ? peer !== undefined : pinned !== undefined;
    return { state: verified ? 'verified' : 'first seen', firstContact: !verified && !known, blocked, pinned };
  }

  pin(name: string, account: Bytes): void {
    this.#database.transaction(() => {
      const pinned = this.get(name);
      if (pinned === undefined) {
        this.#bind(name, account);
        this.#events.add('pinned', { account, name });
        return;
      }
      if (!equalBytes(pinned.account, account)) throw changed(pinned, account);
      this.#touch.run(this.#now(), name);
    });
  }

  noteChanged(name: string, presented: Bytes): void {
    this.#events.add('changed', { account: presented, name, before: this.get(name)?.account });
  }

  accept(name: string, account: Bytes): Pin {
    return this.#database.transaction(() => {
      const before = this.get(name);
      if (before === undefined || !equalBytes(before.account, account)) {
        this.#bind(name, account);
        this.#events.add('accepted', { account, name, before: before?.account });
      }
      return pinOf(this.#get.get(name) as Row);
    });
  }

  get(name: string): Pin | undefined {
    const row = this.#get.get(name);
    return row && pinOf(row);
  }

  list(): readonly Pin[] {
    return this.#list.all().map(pinOf);
  }

  remove(name: string): void {
    this.#remove.run(name);
  }

  #bind(name: string, account: Bytes): void {
    const now = this.#now();
    this.#remember.run(account, encodeFingerprint(account), now, now);
    this.#set.run(name, account, now, now);
  }
}

function changed(pinned: Pin, presented: Bytes): WaxwingError {
  const fingerprint = encodeFingerprint(presented);
  return new WaxwingError(
    'peer-changed',
    `${pinned.name} is ${fingerprint} now; it was ${pinned.fingerprint}, last seen ${new Date(pinned.lastSeen).toISOString()}.`,
    `Compare the fingerprint another way; only then: waxwing peers accept ${pinned.name} ${fingerprint}.`,
  );
}
