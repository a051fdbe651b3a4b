/** What a user types to search, as a condition on `messages`. */
import type { SqlValue } from './database.ts';

const WORD = /[\p{L}\p{N}\p{M}\p{Co}]+/gu;
/** Scripts written without spaces: the index holds a whole phrase of them as one word. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** All words must occur, the last may be a beginning. What has no words (emoji, signs) is searched as it stands. */
export function searchFilter(search: string | undefined): { readonly sql: string; readonly values: SqlValue[] } {
  const wanted = search?.trim() ?? '';
  if (wanted === '') return { sql: 'TRUE', values: [] };
  const words = wanted.match(WORD) ?? [];
  if (words.length === 0 || UNSPACED.test(wanted)) {
    return {
      sql: `messages.type = 'text/plain' AND instr(CAST(messages.body AS TEXT), ?) > 0`,
      values: [wanted],
    };
  }
  return {
    sql: 'messages.number IN (SELECT rowid FROM messages_text WHERE messages_text MATCH ?)',
    values: [`${words.map((word) => `"${word}"`).join(' ')}*`],
  };
}
