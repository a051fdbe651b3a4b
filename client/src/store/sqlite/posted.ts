/** Envelopes on their way in SQLite. */
import { type Bytes, MAX_IDS, toHex } from '@waxwing/protocol';
import type { ChainKey } from '../chain.ts';
import type { PlacedLine, Posted, PostedEnvelope, PostedLine } from '../posted.ts';
import { optionalBytes, toBytes } from './columns.ts';
import type { Database, Statement } from './database.ts';

interface Row {
  readonly place: number;
  readonly id: Uint8Array;
  readonly relay: Uint8Array;
  readonly target: Uint8Array;
  readonly own_device: Uint8Array;
  readonly account: Uint8Array;
  readonly peer_device: Uint8Array;
  readonly room: Uint8Array | null;
  readonly seq: number;
  readonly sid: Uint8Array;
  readonly at: number;
  readonly lost: number;
  readonly kept: number;
}

const COLUMNS =
  'place, id, relay, target, own_device, account, peer_device, room, seq, sid, at, lost, bytes IS NOT NULL AS kept';
const CHAIN = 'own_device = ? AND account = ? AND peer_device = ?';

export class SqlitePosted implements Posted {
  readonly #now: () => number;
  readonly #add: Statement<never>;
  readonly #toPut: Statement<Row & { readonly bytes: Uint8Array }>;
  readonly #stored: Statement<never>;
  readonly #get: Statement<Row & { readonly bytes: Uint8Array | null }>;
  readonly #ofChain: Statement<Row>;
  readonly #waiting: Statement<{ readonly count: number }>;
  readonly #atRelay: Statement<Row>;
  readonly #markLost: Statement<never>;
  readonly #remove: Statement<never>;
  readonly #removeOthers: Statement<never>;

  constructor(database: Database, now: () => number) {
    this.#now = now;
    this.#add =
      database.prepare(`INSERT INTO posted (id, relay, target, own_device, account, peer_device, room, seq, sid,
      bytes, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#toPut = database.prepare(`SELECT ${COLUMNS}, bytes FROM posted WHERE relay = ? AND bytes IS NOT NULL
      ORDER BY place LIMIT ?`);
    this.#stored = database.prepare('UPDATE posted SET bytes = NULL, at = ? WHERE id = ? AND bytes IS NOT NULL');
    this.#get = database.prepare(`SELECT ${COLUMNS}, bytes FROM posted WHERE id = ?`);
    this.#ofChain = database.prepare(`SELECT ${COLUMNS} FROM posted WHERE ${CHAIN} AND room IS ? ORDER BY seq`);
    this.#waiting = database.prepare(`SELECT count(*) AS count FROM posted WHERE ${CHAIN} AND bytes IS NOT NULL`);
    this.#atRelay = database.prepare(`SELECT ${COLUMNS} FROM posted WHERE relay = ? AND bytes IS NULL AND lost = 0
      AND place > ? ORDER BY place LIMIT ${MAX_IDS}`);
    this.#markLost = database.prepare('UPDATE posted SET lost = 1 WHERE id = ?');
    this.#remove = database.prepare('DELETE FROM posted WHERE id = ?');
    this.#removeOthers =
      database.prepare(`DELETE FROM posted WHERE account = ? AND (own_device <> ? OR peer_device <> ?)
      AND room IS NULL`);
  }

  add(one: PostedEnvelope & { readonly outer: Bytes }): void {
    const { ownDevice, account, peerDevice } = one.chain;
    const { id, relay, target, room, seq, sid, outer, at } = one;
    this.#add.run(id, relay, target, ownDevice, account, peerDevice, room ?? null, seq, sid, outer, at);
  }

  toPut(
    relay: Bytes,
    limit: number,
    except: ReadonlySet<string>,
  ): readonly (PostedEnvelope & { readonly outer: Bytes })[] {
    return this.#toPut
      .all(relay, limit + except.size)
      .filter(({ id }) => !except.has(toHex(id)))
      .slice(0, limit)
      .map((row) => ({ ...lineOf(row), outer: toBytes(row.bytes) }));
  }

  stored(ids: readonly Bytes[]): void {
    for (const id of ids) this.#stored.run(this.#now(), id);
  }

  get(id: Bytes): PostedEnvelope | undefined {
    const row = this.#get.get(id);
    return row && { ...lineOf(row), outer: optionalBytes(row.bytes) };
  }

  ofChain({ ownDevice, account, peerDevice }: ChainKey, room?: Bytes): readonly PostedLine[] {
    return this.#ofChain.all(ownDevice, account, peerDevice, room ?? null).map(lineOf);
  }

  waiting({ ownDevice, account, peerDevice }: ChainKey): number {
    return this.#waiting.get(ownDevice, account, peerDevice)?.count ?? 0;
  }

  atRelay(relay: Bytes, after: number): readonly PlacedLine[] {
    return this.#atRelay.all(relay, after).map((row) => ({ ...lineOf(row), place: row.place }));
  }

  markLost(ids: readonly Bytes[]): void {
    for (const id of ids) this.#markLost.run(id);
  }

  remove(ids: readonly Bytes[]): void {
    for (const id of ids) this.#remove.run(id);
  }

  removeOthers({ ownDevice, account, peerDevice }: ChainKey): void {
    this.#removeOthers.run(account, ownDevice, peerDevice);
  }
}

function lineOf(row: Row): PostedLine {
  return {
    id: toBytes(row.id),
    relay: toBytes(row.relay),
    target: toBytes(row.target),
    chain: {
      ownDevice: toBytes(row.own_device),
      account: toBytes(row.account),
      peerDevice: toBytes(row.peer_device),
    },
    room: optionalBytes(row.room),
    seq: row.seq,
    sid: toBytes(row.sid),
    at: row.at,
    lost: row.lost === 1,
    kept: row.kept === 1,
  };
}
