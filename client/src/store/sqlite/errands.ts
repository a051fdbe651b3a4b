/** Errands in SQLite. */
import { type Bytes, HASH_SIZE, MAX_BODY, MAX_ITEMS } from '@waxwing/protocol';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import type { ChainKey } from '../chain.ts';
import type { Errand, Errands } from '../errand.ts';
import { toBytes } from './columns.ts';
import type { Database, Statement } from './database.ts';

interface Row {
  readonly errand: number;
  readonly type: string;
  readonly body: Uint8Array;
  readonly opening: Uint8Array;
}

const CHAIN = 'own_device = ? AND account = ? AND peer_device = ?';
const QUEUE = 'UPDATE errands SET own_device = NULL, peer_device = NULL, seq = NULL';

export class SqliteErrands implements Errands {
  readonly #add: Statement<never>;
  readonly #queued: Statement<Row>;
  readonly #markSent: Statement<never>;
  readonly #done: Statement<never>;
  readonly #requeue: Statement<never>;
  readonly #requeueOthers: Statement<never>;
  readonly #accounts: Statement<{ readonly account: Uint8Array }>;

  constructor(database: Database) {
    this.#add = database.prepare('INSERT INTO errands (account, type, body, opening, state) VALUES (?, ?, ?, ?, ?)');
    this.#queued = database.prepare(`SELECT errand, type, body, opening FROM errands WHERE account = ? AND seq IS NULL
      ORDER BY errand LIMIT ${MAX_ITEMS}`);
    this.#markSent = database.prepare('UPDATE errands SET own_device = ?, peer_device = ?, seq = ? WHERE errand = ?');
    this.#done = database.prepare(`DELETE FROM errands WHERE ${CHAIN} AND seq = ?`);
    this.#requeue = database.prepare(`${QUEUE} WHERE ${CHAIN} AND seq = ?`);
    this.#requeueOthers = database.prepare(`${QUEUE} WHERE account = ? AND seq IS NOT NULL
      AND (own_device <> ? OR peer_device <> ?)`);
    this.#accounts = database.prepare('SELECT DISTINCT account FROM errands WHERE seq IS NULL');
  }

  add(account: Bytes, { type, body, state }: Parameters<Errands['add']>[1]): void {
    this.#add.run(account, type, body, nodePrimitives.randomBytes(HASH_SIZE), state ?? null);
  }

  nextBatch(account: Bytes): readonly Errand[] {
    const rows = this.#queued.all(account);
    let size = 0;
    const over = rows.findIndex(({ body }) => (size += body.length) > MAX_BODY);
    return (over === -1 ? rows : rows.slice(0, over)).map(({ errand, type, body, opening }) => ({
      number: errand,
      type,
      body: toBytes(body),
      opening: toBytes(opening),
    }));
  }

  markSent(numbers: readonly number[], { ownDevice, peerDevice }: ChainKey, seq: number): void {
    for (const number of numbers) this.#markSent.run(ownDevice, peerDevice, seq, number);
  }

  done({ ownDevice, account, peerDevice }: ChainKey, seqs: readonly number[]): void {
    for (const seq of seqs) this.#done.run(ownDevice, account, peerDevice, seq);
  }

  requeue({ ownDevice, account, peerDevice }: ChainKey, seqs: readonly number[]): void {
    for (const seq of seqs) this.#requeue.run(ownDevice, account, peerDevice, seq);
  }

  requeueOthers({ ownDevice, account, peerDevice }: ChainKey): void {
    this.#requeueOthers.run(account, ownDevice, peerDevice);
  }

  accounts(): readonly Bytes[] {
    return this.#accounts.all().map(({ account }) => toBytes(account));
  }
}
