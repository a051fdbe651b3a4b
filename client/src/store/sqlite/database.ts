// The declaration travels with the packed package: its types reach the driver's.
/// <reference path="./driver.d.ts" preserve="true" />
/** The encrypted SQLite file (SQLCipher format) or a plain one in memory, with failures as typed errors. */
import Driver, { type DriverStatement, type DriverTransaction } from 'better-sqlite3-multiple-ciphers';
import type { SecretKey } from '@waxwing/protocol';
import { diskFailure } from './disk-failure.ts';

export type SqlValue = string | number | Uint8Array | null;

/** A statement whose failures are typed. It is prepared at its first use: of a store's, most programs use a few. */
export class Statement<Row> {
  readonly #prepare: () => DriverStatement<Row>;
  readonly #place: string;
  #prepared: DriverStatement<Row> | undefined;

  constructor(prepare: () => DriverStatement<Row>, place: string) {
    this.#prepare = prepare;
    this.#place = place;
  }

  get #raw(): DriverStatement<Row> {
    return (this.#prepared ??= this.#prepare());
  }

  /** Rows changed, and the last rowid inserted. */
  run(...values: SqlValue[]): { readonly changes: number; readonly rowid: number } {
    try {
      const { changes, lastInsertRowid } = this.#raw.run(...values);
      return { changes, rowid: Number(lastInsertRowid) };
    } catch (error) {
      throw diskFailure(error, this.#place);
    }
  }

  get(...values: SqlValue[]): Row | undefined {
    try {
      return this.#raw.get(...values);
    } catch (error) {
      throw diskFailure(error, this.#place);
    }
  }

  all(...values: SqlValue[]): Row[] {
    try {
      return this.#raw.all(...values);
    } catch (error) {
      throw diskFailure(error, this.#place);
    }
  }
}

export class Database {
  readonly place: string;
  readonly #raw: Driver;
  readonly #atomically: DriverTransaction;

  private constructor(raw: Driver, place: string) {
    this.#raw = raw;
    this.place = place;
    this.#atomically = raw.transaction((run: () => unknown) => run());
  }

  /**
   * Opens or makes an encrypted file. `key` is 32 random bytes, used as they are. The file stays locked by this process
   * until it is closed.
   * @throws WaxwingError `home-damaged` where the key does not open it, `home-read-only`, `home-locked`, …
   */
  static openFile(file: string, key: SecretKey, place: string): Database {
    try {
      const raw = new Driver(file, { timeout: 0 });
      try {
        raw.pragma("cipher = 'sqlcipher'");
        raw.pragma('legacy = 4'); // SQLCipher 4's file format, so that its tools open it …
        raw.pragma('hmac_algorithm = 1'); // … given cipher_hmac_algorithm = HMAC_SHA256: half the cost of a page
        raw.pragma(`key = "x'${Buffer.from(key.exposeSecretBytes()).toString('hex')}'"`);
        raw.pragma('locking_mode = EXCLUSIVE'); // no shared-memory file; a second line behind the home's lock
        raw.prepare('SELECT count(*) FROM sqlite_schema').get(); // the key is wrong: here it shows
        raw.pragma('journal_mode = WAL');
        raw.pragma('synchronous = FULL');
        raw.pragma('wal_autocheckpoint = 2000'); // pages; a checkpoint encrypts each of them once more
        raw.pragma('journal_size_limit = 8388608');
        configure(raw);
        return new Database(raw, place);
      } catch (error) {
        raw.close();
        throw error;
      }
    } catch (error) {
      throw diskFailure(error, place);
    }
  }

  /** A database in RAM: empty, or the image that `serialize` gave. @throws WaxwingError `home-damaged` */
  static openMemory(place: string, image?: Uint8Array): Database {
    try {
      const raw = new Driver(image === undefined ? ':memory:' : withoutLog(image));
      configure(raw);
      raw.prepare('SELECT count(*) FROM sqlite_schema').get();
      return new Database(raw, place);
    } catch (error) {
      throw diskFailure(error, place);
    }
  }

  prepare<Row>(sql: string): Statement<Row> {
    return new Statement<Row>(() => this.#raw.prepare<Row>(sql), this.place);
  }

  exec(sql: string): void {
    try {
      this.#raw.exec(sql);
    } catch (error) {
      throw diskFailure(error, this.place);
    }
  }

  /** The value of a one-value pragma. */
  pragma(source: string): unknown {
    try {
      return this.#raw.pragma(source, { simple: true });
    } catch (error) {
      throw diskFailure(error, this.place);
    }
  }

  /** One commit; nested calls are savepoints. Whatever `run` throws undoes all of it. */
  transaction<T>(run: () => T): T {
    try {
      return this.#atomically.immediate(run) as T;
    } catch (error) {
      throw diskFailure(error, this.place);
    }
  }

  /**
   * As `transaction`, but the system may still hold the commit in memory when this returns: it outlives a crash of the
   * program at once, and one of the machine with the next `transaction` that changes something, or with `flush`.
   */
  transactionUnflushed<T>(run: () => T): T {
    if (this.inTransaction) return this.transaction(run); // as the outer one commits
    this.pragma('synchronous = NORMAL');
    try {
      return this.transaction(run);
    } finally {
      this.pragma('synchronous = FULL');
    }
  }

  /** Forces everything committed onto the disk. */
  flush(): void {
    if (!this.inTransaction) this.pragma('wal_checkpoint(PASSIVE)'); // forces the log before it copies
  }

  get inTransaction(): boolean {
    return this.#raw.inTransaction;
  }

  /** The whole database as a plain SQLite image: it contains every secret. */
  exposeImage(): Buffer {
    try {
      return this.#raw.serialize();
    } catch (error) {
      throw diskFailure(error, this.place);
    }
  }

  /** Moves the write-ahead log into the file and empties it, so that deleted pages are gone from both. */
  truncateLog(): void {
    if (!this.inTransaction) this.pragma('wal_checkpoint(TRUNCATE)');
  }

  close(): void {
    this.#raw.close();
  }
}

/** The image as one of a database without a write-ahead log, which RAM cannot have (file format, bytes 18 and 19). */
function withoutLog(image: Uint8Array): Buffer {
  const copy = Buffer.from(image);
  copy.fill(1, 18, 20);
  return copy;
}

function configure(raw: Driver): void {
  raw.pragma('foreign_keys = ON');
  raw.pragma('secure_delete = ON'); // deleted is overwritten
  raw.pragma('cache_size = -16000'); // KiB, taken as needed: the ids of a million messages, which are random, fit
  raw.pragma('temp_store = MEMORY'); // sorting must not leave plain text on the disk
  raw.pragma('trusted_schema = OFF');
}
