/** The last things printed, so that a screen can be painted again at another width. */

/** Rows for a width. */
export type Block = (columns: number) => readonly string[];

const KEPT = 300;

export class Transcript {
  #blocks: Block[] = [];

  add(block: Block): void {
    this.#blocks.push(block);
    if (this.#blocks.length > 2 * KEPT) this.#blocks = this.#blocks.slice(-KEPT);
  }

  /** The newest rows, at most `rows`. */
  tail(columns: number, rows: number): string[] {
    let tail: string[] = [];
    for (const block of this.#blocks.toReversed()) {
      if (tail.length >= rows) break;
      tail = [...block(columns), ...tail];
    }
    return rows <= 0 ? [] : tail.slice(-rows);
  }
}
