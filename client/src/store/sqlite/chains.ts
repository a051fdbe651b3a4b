/** Chains in SQLite. */
import { type Bytes, QUARANTINE_AFTER } from '@waxwing/protocol';
import { WaxwingError } from '../../errors.ts';
import type { ChainKey, ChainPoint, Chains, StoredChain } from '../chain.ts';
import { optionalNumber, toBytes } from './columns.ts';
import type { Database, SqlValue, Statement } from './database.ts';

interface Row {
  readonly own_device: Uint8Array;
  readonly account: Uint8Array;
  readonly peer_device: Uint8Array;
  readonly sent_seq: number;
  readonly sent_hash: Uint8Array;
  readonly acknowledged_seq: number;
  readonly received_seq: number | null;
  readonly received_hash: Uint8Array | null;
  readonly failures: number;
  readonly quarantined_at: number | null;
}

const KEY = 'own_device = ? AND account = ? AND peer_device = ?';
const BEFORE_THE_FIRST: StoredChain = {
  sent: { seq: 0, hash: new Uint8Array(32) },
  acknowledged: 0,
  received: undefined,
  failuresBehindHmac: 0,
  quarantinedAt: undefined,
};

function chainOf(row: Row): StoredChain {
  return {
    sent: { seq: row.sent_seq, hash: toBytes(row.sent_hash) },
    acknowledged: row.acknowledged_seq,
    received:
      row.received_seq === null || row.received_hash === null
        ? undefined
        : { seq: row.received_seq, hash: toBytes(row.received_hash) },
    failuresBehindHmac: row.failures,
    quarantinedAt: optionalNumber(row.quarantined_at),
  };
}

export class SqliteChains implements Chains {
  readonly #now: () => number;
  readonly #get: Statement<Row>;
  readonly #list: Statement<Row>;
  readonly #make: Statement<never>;
  readonly #setSent: Statement<never>;
  readonly #setReceived: Statement<never>;
  readonly #count: Statement<{ readonly failures: number; readonly quarantined_at: number | null }>;
  readonly #quarantine: Statement<never>;
  readonly #release: Statement<never>;

  constructor(database: Database, now: () => number) {
    this.#now = now;
    this.#get = database.prepare(`SELECT * FROM chains WHERE ${KEY}`);
    this.#list = database.prepare('SELECT * FROM chains WHERE account = ? ORDER BY own_device, peer_device');
    this.#make = database.prepare(
      'INSERT INTO chains (own_device, account, peer_device) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#setSent = database.prepare(`UPDATE chains SET sent_seq = ?, sent_hash = ?
      WHERE ${KEY} AND sent_seq < ?`);
    this.#setReceived = database.prepare(`UPDATE chains SET received_seq = ?, received_hash = ?
      WHERE ${KEY} AND coalesce(received_seq, -1) < ?`);
    this.#count = database.prepare(
      `UPDATE chains SET failures = failures + 1 WHERE ${KEY} RETURNING failures, quarantined_at`,
    );
    this.#quarantine = database.prepare(`UPDATE chains SET quarantined_at = ? WHERE ${KEY}`);
    this.#release = database.prepare(`UPDATE chains SET failures = 0, quarantined_at = NULL WHERE ${KEY}`);
  }

  get(key: ChainKey): StoredChain {
    const row = this.#get.get(key.ownDevice, key.account, key.peerDevice);
    return row === undefined ? BEFORE_THE_FIRST : chainOf(row);
  }

  setSent(key: ChainKey, point: ChainPoint): void {
    this.#make.run(key.ownDevice, key.account, key.peerDevice);
    const { changes } = this.#setSent.run(...advance(key, point));
    if (changes === 0) throw notRising(point.seq);
  }

  setReceived(key: ChainKey, point: ChainPoint): void {
    this.#make.run(key.ownDevice, key.account, key.peerDevice);
    const { changes } = this.#setReceived.run(...advance(key, point));
    if (changes === 0) throw notRising(point.seq);
  }

  countFailure(key: ChainKey): boolean {
    this.#make.run(key.ownDevice, key.account, key.peerDevice);
    const row = this.#count.get(key.ownDevice, key.account, key.peerDevice);
    if (row === undefined || row.failures < QUARANTINE_AFTER || row.quarantined_at !== null) return false;
    this.#quarantine.run(this.#now(), key.ownDevice, key.account, key.peerDevice);
    return true;
  }

  release(key: ChainKey): void {
    this.#release.run(key.ownDevice, key.account, key.peerDevice);
  }

  list(account: Bytes): readonly (ChainKey & StoredChain)[] {
    return this.#list.all(account).map((row) => ({
      ownDevice: toBytes(row.own_device),
      account: toBytes(row.account),
      peerDevice: toBytes(row.peer_device),
      ...chainOf(row),
    }));
  }
}

function advance({ ownDevice, account, peerDevice }: ChainKey, { seq, hash }: ChainPoint): SqlValue[] {
  return [seq, hash, ownDevice, account, peerDevice, seq];
}

/** §5.2: a sequence number is used once. Reaching this is a copy of a home, or a fault of ours. */
function notRising(seq: number): WaxwingError {
  return new WaxwingError(
    'home-damaged',
    `Flight ${seq} was used before.`,
    'Give this home a new device: waxwing id rotate --device.',
  );
}
