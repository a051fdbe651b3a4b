/** What a user types to search, as a condition on `messages`. */
import type { SqlValue } from './database.ts';

const WORD = /[\p{L}\p{N}\p{M}\p{Co}]+/gu;
/** Scripts written without spaces: the index holds a whole phrase of them as one word. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

export interface SearchFilter {
  readonly sql: string;
  readonly values: readonly SqlValue[];
  /** The full-text index must be up to date. */
  readonly usesIndex: boolean;
}

/** All words must occur, the last may be a beginning. What has no words (emoji, signs) is searched as it stands. */
export function searchFilter(search: string | undefined): SearchFilter {
  const wanted = search?.trim() ?? '';
  if (wanted === '') return { sql: 'TRUE', values: [], usesIndex: false };
  const words = wanted.match(WORD) ?? [];
  if (words.length === 0 || UNSPACED.test(wanted)) {
    return {
      sql: `messages.type = 'text/plain' AND instr(CAST(messages.body AS TEXT), ?) > 0`,
      values: [wanted],
      usesIndex: false,
    };
  }
  return {
    sql: 'messages.number IN (SELECT rowid FROM messages_text WHERE messages_text MATCH ?)',
    values: [`${words.map((word) => `"${word}"`).join(' ')}*`],
    usesIndex: true,
  };
}
