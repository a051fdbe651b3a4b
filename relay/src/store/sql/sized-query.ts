/**
 * Queries that are asked all the time. To build the text of one costs as much as to run it: it is built once, or where
 * it holds a list once for each length of that, and lists are cut so that there are few lengths.
 */
import { type Compilable, CompiledQuery, type Kysely } from 'kysely';
import type { RelayTables } from './tables.ts';

/** The longest piece: its text and its parameters stay far below what databases take. */
const LONGEST = 256;

/** Pieces of a list, in order, each as long as a power of two. */
export function* inPowers<T>(list: readonly T[]): Generator<readonly T[]> {
  let size = LONGEST;
  for (let at = 0; at < list.length; at += size) {
    while (size > list.length - at) size /= 2;
    yield list.slice(at, at + size);
  }
}

export class SizedQuery<Row> {
  readonly #build: (db: Kysely<RelayTables>, size: number) => Compilable<Row>;
  readonly #texts = new Map<number, string>();

  /** `build` makes the query over a list of `size`, with any values in it. */
  constructor(build: (db: Kysely<RelayTables>, size: number) => Compilable<Row>) {
    this.#build = build;
  }

  /** `values` in the order in which they stand in the text. */
  async run(db: Kysely<RelayTables>, values: readonly unknown[], size = 1): Promise<readonly Row[]> {
    let text = this.#texts.get(size);
    if (text === undefined) this.#texts.set(size, (text = this.#build(db, size).compile().sql));
    const { rows } = await db.executeQuery<Row>(CompiledQuery.raw(text, [...values]));
    return rows;
  }
}
