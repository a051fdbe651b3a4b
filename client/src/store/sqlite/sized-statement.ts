/** Statements over many rows at once: to run one costs as much as a row does, so up to 64 rows share it. */
import type { Database, SqlValue, Statement } from './database.ts';

/** Rows of one statement at most: the items of a flight. */
const LARGEST = 64;

/** Pieces of a list, in order, each as long as a power of two: there are then few statements. */
export function* inPowers<T>(list: readonly T[]): Generator<readonly T[]> {
  let size = LARGEST;
  for (let at = 0; at < list.length; at += size) {
    while (size > list.length - at) size /= 2;
    yield list.slice(at, at + size);
  }
}

/** Statements over lists of different lengths, each prepared once. */
export class SizedStatement<Row> {
  readonly #database: Database;
  readonly #sql: (size: number) => string;
  readonly #prepared = new Map<number, Statement<Row>>();

  constructor(database: Database, sql: (size: number) => string) {
    this.#database = database;
    this.#sql = sql;
  }

  of(size: number): Statement<Row> {
    let statement = this.#prepared.get(size);
    if (statement === undefined) {
      this.#prepared.set(size, (statement = this.#database.prepare<Row>(this.#sql(size))));
    }
    return statement;
  }
}

/** Inserts rows. */
export class RowInsert {
  readonly #statements: SizedStatement<never>;

  /** `row` as it stands behind VALUES: `(?, 'text', ?)`. */
  constructor(database: Database, into: string, row: string) {
    this.#statements = new SizedStatement(
      database,
      (size) => `INSERT INTO ${into} VALUES ${Array.from({ length: size }, () => row).join(', ')}`,
    );
  }

  /** Their rowids, in order: a table that counts them by itself (AUTOINCREMENT) gives one after the other. */
  run(rows: readonly (readonly SqlValue[])[]): number[] {
    const ids: number[] = [];
    for (const some of inPowers(rows)) {
      const { rowid } = this.#statements.of(some.length).run(...some.flat());
      for (let back = some.length - 1; back >= 0; back--) ids.push(rowid - back);
    }
    return ids;
  }
}
