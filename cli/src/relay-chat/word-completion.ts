/** Tab: completes commands, names and rooms as far as it is clear, and tells the choices where it is not. */
import { RELAY_COMMANDS, ROOM_ACTIONS } from './relay-command-table.ts';

export interface Completed {
  /** The longer text; undefined where nothing can be added. */
  readonly text: string | undefined;
  /** What it could be, where there is more than one. */
  readonly choices: readonly string[];
}

/** Commands whose word is followed by somebody. */
const BEFORE_NAMES = /^\/(?:msg|join|whois|verify|accept|block|room\s+(?:invite|remove|admin|member))\s+$/iu;
const SWITCHED = /^\/(?:typing|receipts)\s+$/iu;

/** Completes what stands before the cursor. `titles`: everybody and every room one could mean. */
export function completeWord(text: string, titles: readonly string[]): Completed {
  if (/^\/\S*$/u.test(text)) return extend('', text, RELAY_COMMANDS.fitting(text));
  const [, before = '', word = ''] = /^([\s\S]*?)((?:"[^"]*|\S*))$/u.exec(text) ?? [];
  if (/^\/room\s+$/iu.test(before)) return extend(before, word, ROOM_ACTIONS);
  if (SWITCHED.test(before)) return extend(before, word, ['on', 'off']);
  if (BEFORE_NAMES.test(before)) return extend(before, word, titles.map(quoted));
  // A name or a room in the middle of a sentence.
  return /^[@#]/u.test(word) ? extend(before, word, titles.map(quoted)) : { text: undefined, choices: [] };
}

function quoted(title: string): string {
  return /\s/u.test(title) ? `"${title}"` : title;
}

function extend(before: string, word: string, all: readonly string[]): Completed {
  const begun = word.toLowerCase();
  const bare = begun.replace(/^[@#"~]/u, '');
  const exact = all.filter((one) => one.toLowerCase().startsWith(begun));
  // `/msg al` finds @alice too.
  const fitting =
    exact.length > 0
      ? exact
      : all.filter((one) =>
          one
            .toLowerCase()
            .replace(/^[@#"~]/u, '')
            .startsWith(bare),
        );
  const [first, ...more] = fitting;
  if (first === undefined) return { text: undefined, choices: [] };
  if (more.length === 0) return { text: `${before}${first} `, choices: [] };
  const shared = more.reduce(sharedStart, first);
  const longer = exact.length > 0 && shared.length > word.length;
  return { text: longer ? before + shared : undefined, choices: longer ? [] : fitting };
}

function sharedStart(a: string, b: string): string {
  let length = 0;
  while (length < a.length && a[length]?.toLowerCase() === b[length]?.toLowerCase()) length += 1;
  return a.slice(0, length);
}
