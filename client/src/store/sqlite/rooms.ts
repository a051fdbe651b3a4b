/** Rooms in SQLite. */
import type { Bytes, Party, StoredRoom } from '@waxwing/protocol';
import type { RoomRowsChange, Rooms, UnconfirmedCopy } from '../room.ts';
import { toBytes } from './columns.ts';
import type { Database, Statement } from './database.ts';

/** Kinds of rows, by the names they have in a StoredRoom. */
const KINDS = ['epochs', 'authors', 'skipped', 'held'] as const;

interface BytesRow {
  readonly bytes: Uint8Array;
}

interface CopyRow {
  readonly account: Uint8Array;
  readonly device: Uint8Array;
  readonly seq: number;
}

export class SqliteRooms implements Rooms {
  readonly #list: Statement<{ readonly room: Uint8Array }>;
  readonly #room: Statement<BytesRow>;
  readonly #rows: Statement<BytesRow>;
  readonly #save: Statement<never>;
  readonly #addRow: Statement<never>;
  readonly #removeRow: Statement<never>;
  readonly #expect: Statement<never>;
  readonly #unconfirmed: Statement<CopyRow>;
  readonly #unconfirmedBy: Statement<CopyRow>;
  readonly #confirm: Statement<never>;
  readonly #left: Statement<unknown>;
  readonly #untold: Statement<unknown>;
  readonly #addBundle: Statement<never>;
  readonly #dropBundles: Statement<never>;
  readonly #bundles: Statement<BytesRow>;

  constructor(database: Database) {
    this.#list = database.prepare('SELECT room FROM rooms WHERE relay = ?');
    this.#room = database.prepare('SELECT bytes FROM rooms WHERE room = ?');
    this.#rows = database.prepare('SELECT bytes FROM room_rows WHERE room = ? AND kind = ? ORDER BY place');
    this.#save = database.prepare(`INSERT INTO rooms (room, relay, bytes) VALUES (?, ?, ?)
      ON CONFLICT (room) DO UPDATE SET bytes = excluded.bytes`);
    this.#addRow = database.prepare('INSERT INTO room_rows (room, kind, bytes) VALUES (?, ?, ?)');
    this.#removeRow = database.prepare('DELETE FROM room_rows WHERE room = ? AND kind = ? AND bytes = ?');
    this.#expect = database.prepare('INSERT INTO room_unconfirmed (room, account, device, seq) VALUES (?, ?, ?, ?)');
    this.#unconfirmed = database.prepare('SELECT account, device, seq FROM room_unconfirmed WHERE room = ?');
    this.#unconfirmedBy = database.prepare(`SELECT account, device, seq FROM room_unconfirmed WHERE room = ?
      AND account = ? AND device = ?`);
    this.#confirm = database.prepare(`DELETE FROM room_unconfirmed WHERE room = ? AND account = ? AND device = ?
      AND seq = ?`);
    this.#left = database.prepare('SELECT 1 FROM room_unconfirmed WHERE room = ? AND seq = ? LIMIT 1');
    this.#untold = database.prepare('SELECT 1 FROM errands WHERE state = ? LIMIT 1');
    this.#addBundle = database.prepare(`INSERT INTO room_bundles (account, device, serial, bytes) VALUES (?, ?, ?, ?)
      ON CONFLICT DO NOTHING`);
    this.#dropBundles = database.prepare(`DELETE FROM room_bundles WHERE account = ? AND device = ? AND serial NOT IN
      (SELECT serial FROM room_bundles WHERE account = ? AND device = ? ORDER BY serial DESC LIMIT 3)`);
    this.#bundles = database.prepare(`SELECT bytes FROM room_bundles WHERE account = ? AND device = ?
      ORDER BY serial DESC`);
  }

  list(relay: Bytes): readonly Bytes[] {
    return this.#list.all(relay).map(({ room }) => toBytes(room));
  }

  load(room: Bytes): StoredRoom | undefined {
    const row = this.#room.get(room);
    if (row === undefined) return undefined;
    const of = (kind: (typeof KINDS)[number]): Bytes[] => this.#rows.all(room, kind).map(({ bytes }) => toBytes(bytes));
    return {
      room: toBytes(row.bytes),
      epochs: of('epochs'),
      authors: of('authors'),
      skipped: of('skipped'),
      held: of('held'),
    };
  }

  save({ relay, room }: { readonly relay: Bytes; readonly room: Bytes }, { added, removed }: RoomRowsChange): void {
    this.#save.run(room, relay, added.room);
    for (const kind of KINDS) {
      for (const bytes of removed[kind]) this.#removeRow.run(room, kind, bytes);
      for (const bytes of added[kind]) this.#addRow.run(room, kind, bytes);
    }
  }

  expect(room: Bytes, seq: number, members: readonly Party[]): void {
    for (const { account, device } of members) this.#expect.run(room, account, device, seq);
  }

  unconfirmed(room: Bytes, member?: Party): readonly UnconfirmedCopy[] {
    const rows =
      member === undefined ? this.#unconfirmed.all(room) : this.#unconfirmedBy.all(room, member.account, member.device);
    return rows.map(({ account, device, seq }) => ({ account: toBytes(account), device: toBytes(device), seq }));
  }

  confirm(room: Bytes, copies: readonly UnconfirmedCopy[]): readonly number[] {
    for (const { account, device, seq } of copies) this.#confirm.run(room, account, device, seq);
    return [...new Set(copies.map(({ seq }) => seq))]
      .filter((seq) => this.#left.get(room, seq) === undefined)
      .sort((a, b) => a - b);
  }

  isTold(state: Bytes): boolean {
    return this.#untold.get(state) === undefined;
  }

  addBundle({ account, device, serial, bytes }: Parameters<Rooms['addBundle']>[0]): void {
    this.#addBundle.run(account, device, serial, bytes);
    this.#dropBundles.run(account, device, account, device);
  }

  bundles({ account, device }: Party): readonly Bytes[] {
    return this.#bundles.all(account, device).map(({ bytes }) => toBytes(bytes));
  }
}
