/** Relays in SQLite. */
import type { Bytes, KnownSerial } from '@waxwing/protocol';
import type { Relays, StoredRelay } from '../relay.ts';
import { optionalText, toBytes } from './columns.ts';
import type { Database, Statement } from './database.ts';

interface Row {
  readonly account: Uint8Array;
  readonly host: string;
  readonly port: number;
  readonly name: string | null;
  readonly joined_at: number;
}

export class SqliteRelays implements Relays {
  readonly #database: Database;
  readonly #now: () => number;
  readonly #get: Statement<Row>;
  readonly #list: Statement<Row>;
  readonly #join: Statement<never>;
  readonly #setName: Statement<never>;
  readonly #leave: readonly Statement<never>[];
  readonly #serial: Statement<{ readonly serial: number; readonly certificate_hash: Uint8Array }>;
  readonly #noteSerial: Statement<never>;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
    this.#get = database.prepare('SELECT * FROM relays WHERE account = ?');
    this.#list = database.prepare('SELECT * FROM relays ORDER BY used_at DESC, joined_at DESC');
    this.#join = database.prepare(`INSERT INTO relays (account, host, port, joined_at, used_at) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (account) DO UPDATE SET host = excluded.host, port = excluded.port, used_at = excluded.used_at`);
    this.#setName = database.prepare('UPDATE relays SET name = ? WHERE account = ?');
    this.#serial = database.prepare(
      'SELECT serial, certificate_hash FROM relay_certificates WHERE relay = ? AND device = ?',
    );
    this.#noteSerial = database.prepare(`INSERT INTO relay_certificates VALUES (?, ?, ?, ?) ON CONFLICT (relay, device)
      DO UPDATE SET serial = excluded.serial, certificate_hash = excluded.certificate_hash`);
    this.#leave = ['DELETE FROM contacts WHERE relay = ?', 'DELETE FROM relays WHERE account = ?'].map((sql) =>
      database.prepare<never>(sql),
    );
  }

  join({ account, host, port }: Pick<StoredRelay, 'account' | 'host' | 'port'>): StoredRelay {
    return this.#database.transaction(() => {
      this.#join.run(account, host, port, this.#now(), this.#now());
      return relayOf(this.#get.get(account) as Row);
    });
  }

  get(account: Bytes): StoredRelay | undefined {
    const row = this.#get.get(account);
    return row && relayOf(row);
  }

  list(): readonly StoredRelay[] {
    return this.#list.all().map(relayOf);
  }

  setName(account: Bytes, name: string | undefined): void {
    this.#setName.run(name ?? null, account);
  }

  knownSerial(account: Bytes, device: Bytes): KnownSerial | undefined {
    const row = this.#serial.get(account, device);
    return row && { serial: row.serial, certificateHash: toBytes(row.certificate_hash) };
  }

  noteSerial(account: Bytes, device: Bytes, { serial, certificateHash }: KnownSerial): void {
    this.#noteSerial.run(account, device, serial, certificateHash);
  }

  leave(account: Bytes): void {
    this.#database.transaction(() => {
      for (const statement of this.#leave) statement.run(account);
    });
  }
}

function relayOf(row: Row): StoredRelay {
  const { host, port, joined_at: joinedAt } = row;
  return { account: toBytes(row.account), host, port, name: optionalText(row.name), joinedAt };
}
