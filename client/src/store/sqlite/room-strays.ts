/** What came of rooms too early, in SQLite. */
import { type Bytes, HELD_LIFE, MAX_HELD, MAX_HELD_BYTES } from '@waxwing/protocol';
import type { RoomStray, RoomStrays } from '../room.ts';
import { optionalBytes, toBytes } from './columns.ts';
import type { Database, Statement } from './database.ts';

interface Row {
  readonly stray: number;
  readonly address: Uint8Array;
  readonly account: Uint8Array | null;
  readonly device: Uint8Array | null;
  readonly bytes: Uint8Array;
  readonly at: number;
}

export class SqliteRoomStrays implements RoomStrays {
  readonly #add: Statement<never>;
  readonly #count: Statement<{ readonly n: number; readonly size: number }>;
  readonly #dropOld: Statement<never>;
  readonly #of: Statement<Row>;
  readonly #remove: Statement<never>;

  constructor(database: Database) {
    this.#add = database.prepare(
      'INSERT INTO room_strays (address, account, device, bytes, at) VALUES (?, ?, ?, ?, ?)',
    );
    this.#count = database.prepare('SELECT count(*) AS n, coalesce(sum(length(bytes)), 0) AS size FROM room_strays');
    this.#dropOld = database.prepare('DELETE FROM room_strays WHERE at < ?');
    this.#of = database.prepare('SELECT * FROM room_strays WHERE address = ? ORDER BY stray');
    this.#remove = database.prepare('DELETE FROM room_strays WHERE stray = ?');
  }

  add({ address, from, bytes, at }: Omit<RoomStray, 'number'>): boolean {
    this.#dropOld.run(at - HELD_LIFE);
    const { n, size } = this.#count.get() ?? { n: 0, size: 0 };
    if (n >= MAX_HELD || size + bytes.length > MAX_HELD_BYTES) return false;
    this.#add.run(address, from?.account ?? null, from?.device ?? null, bytes, at);
    return true;
  }

  of(address: Bytes): readonly RoomStray[] {
    return this.#of.all(address).map((row) => {
      const account = optionalBytes(row.account);
      const device = optionalBytes(row.device);
      return {
        number: row.stray,
        address: toBytes(row.address),
        from: account && device && { account, device },
        bytes: toBytes(row.bytes),
        at: row.at,
      };
    });
  }

  count(): number {
    return this.#count.get()?.n ?? 0;
  }

  remove(numbers: readonly number[]): void {
    for (const number of numbers) this.#remove.run(number);
  }
}
