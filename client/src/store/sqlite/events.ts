/** The log of what changed about peers, in SQLite. */
import type { Events, PeerEvent, PeerEventKind } from '../peer.ts';
import { optionalBytes, optionalText } from './columns.ts';
import type { Database, Statement } from './database.ts';

interface Row {
  readonly at: number;
  readonly kind: PeerEventKind;
  readonly account: Uint8Array | null;
  readonly name: string | null;
  readonly before: Uint8Array | null;
  readonly detail: string | null;
}

export class SqliteEvents implements Events {
  readonly #now: () => number;
  readonly #add: Statement<never>;
  readonly #list: Statement<Row>;

  constructor(database: Database, now: () => number) {
    this.#now = now;
    this.#add = database.prepare(
      'INSERT INTO events (at, kind, account, name, before, detail) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#list = database.prepare(`SELECT at, kind, account, name, before, detail FROM events
      WHERE (? IS NULL OR account = ? OR before = ?) AND (? IS NULL OR name = ?)
      ORDER BY event DESC LIMIT ?`);
  }

  add(kind: PeerEventKind, what: Partial<Omit<PeerEvent, 'at' | 'kind'>>): void {
    const { account, name, before, detail } = what;
    this.#add.run(this.#now(), kind, account ?? null, name ?? null, before ?? null, detail ?? null);
  }

  list(options: Parameters<Events['list']>[0] = {}): readonly PeerEvent[] {
    const account = options.account ?? null;
    const name = options.name ?? null;
    return this.#list.all(account, account, account, name, name, options.limit ?? -1).map((row) => ({
      at: row.at,
      kind: row.kind,
      account: optionalBytes(row.account),
      name: optionalText(row.name),
      before: optionalBytes(row.before),
      detail: optionalText(row.detail),
    }));
  }
}
