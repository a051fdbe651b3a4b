/** The slash commands of a chat: one table, read, explained and completed. */
import { sanitiseLine } from '../text/sanitise.ts';

/** What an entered line means. */
export type Entry<Command> =
  /** To be sent; `//text` comes as `/text`. */
  | { readonly kind: 'message'; readonly text: string }
  | { readonly kind: 'empty' }
  /** A command; `exit` and `quit` come as quit. */
  | { readonly kind: 'command'; readonly command: Command }
  /** Nothing to send: say `sentence` (safe to print). */
  | { readonly kind: 'mistake'; readonly sentence: string };

export interface CommandRow<Command> {
  readonly usage: string;
  readonly does: string;
  readonly more?: readonly string[];
  /** The command of what stands behind the word, or undefined where it does not fit `usage`. */
  readonly read: (rest: string) => Command | undefined;
}

interface Named {
  readonly name: string;
}

/** A row for each command of a chat, in the order in which help lists them. */
export type CommandTable<Command extends Named> = Readonly<Record<Command['name'] | 'quit', CommandRow<Command>>>;

const KEYS: readonly (readonly [string, string])[] = [
  ['Enter', 'send'],
  ['Alt+Enter', 'a new line in the same message (also: Escape, then Enter)'],
  ['Up, Down', 'what you entered before'],
  ['Tab', 'complete a command'],
  ['Ctrl+A, Ctrl+E', 'start and end of the line'],
  ['Ctrl+W, Ctrl+U, Ctrl+K', 'cut the word, all before, all behind the cursor; Ctrl+Y pastes it'],
  ['Ctrl+L', 'draw the screen again'],
  ['Ctrl+Z', 'to the shell for a while (fg comes back)'],
  ['Ctrl+C twice, Ctrl+D', 'leave'],
];

export class SlashCommands<Command extends Named> {
  readonly #rows: ReadonlyMap<string, CommandRow<Command>>;

  constructor(table: CommandTable<Command>) {
    this.#rows = new Map(Object.entries<CommandRow<Command>>(table));
  }

  /**
   * Reads an entered line. `/word` that is no command is a mistake, never a message; `//text` sends `/text`. Of several
   * lines only a whole first word can be a command, and a command with further lines is a mistake.
   */
  parse(text: string): Entry<Command> {
    const trimmed = text.trim();
    if (trimmed === '') return { kind: 'empty' };
    if (trimmed === 'exit' || trimmed === 'quit') return this.parse('/quit');
    if (text.startsWith('//')) return { kind: 'message', text: text.slice(1) };
    if (!trimmed.startsWith('/')) return { kind: 'message', text };
    const [, word = '', rest = ''] = /^\/(\S*)\s*([\s\S]*)$/.exec(trimmed) ?? [];
    const name = word.toLowerCase();
    const row = this.#rows.get(name);
    if (row === undefined) return { kind: 'mistake', sentence: this.#unknown(word) };
    if (rest.includes('\n')) {
      return { kind: 'mistake', sentence: `/${name} takes one line. To send this as a message, begin it with //.` };
    }
    const command = row.read(rest);
    if (command === undefined) return { kind: 'mistake', sentence: `Usage: ${row.usage}` };
    return { kind: 'command', command };
  }

  /** The lines of `/help`, or of `/help topic` (safe to print). */
  help(topic?: string): string[] {
    if (topic !== undefined) {
      const word = topic.replace(/^\//, '');
      const row = this.#rows.get(word.toLowerCase());
      if (row === undefined) return [this.#unknown(word)];
      return [`${row.usage}: ${row.does}`, ...(row.more ?? []).map((line) => `  ${line}`)];
    }
    const rows = [...this.#rows.values()];
    const column = Math.min(24, Math.max(18, ...rows.map(({ usage }) => usage.length))) + 2;
    return [
      'Commands:',
      ...rows.map(({ usage, does }) => `  ${usage.padEnd(column)}${usage.length < column ? '' : '  '}${does}`),
      `  ${'//text'.padEnd(column)}send a message that begins with /`,
      'Keys in a terminal:',
      ...KEYS.map(([key, does]) => `  ${key.padEnd(24)}${does}`),
    ];
  }

  /** Completes a command's name: the longer text, or undefined where there is nothing or more than one to choose. */
  complete(text: string): string | undefined {
    const [only, ...more] = this.fitting(text);
    return only !== undefined && more.length === 0 ? `${only} ` : undefined;
  }

  /** The commands, with their slash, that begin like a text. */
  fitting(text: string): string[] {
    if (!/^\/[a-z]*$/i.test(text)) return [];
    const begun = text.slice(1).toLowerCase();
    return [...this.#rows.keys()].filter((name) => name.startsWith(begun)).map((name) => `/${name}`);
  }

  #unknown(word: string): string {
    const near = nearest(word.toLowerCase(), [...this.#rows.keys()]);
    const shown = sanitiseLine(word, 40);
    const hint = near === undefined ? 'See /help.' : `Did you mean /${near}?`;
    return `There is no command /${shown}, so nothing was sent. ${hint} To send it as a message, type //${shown}`;
  }
}

function nearest(word: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = 3; // more than two slips is another word
  for (const name of names) {
    if (word.length >= 2 && name.startsWith(word)) return name;
    const slips = distance(word.slice(0, 20), name);
    if (slips < least && slips < name.length / 2 + 1) [best, least] = [name, slips];
  }
  return best;
}

/** Insertions, deletions, replacements and neighbours swapped that lead from `a` to `b`. */
function distance(a: string, b: string): number {
  const rows: number[][] = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0)),
  );
  const at = (i: number, j: number): number => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      let slips = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        slips = Math.min(slips, at(i - 2, j - 2) + 1);
      (rows[i] as number[])[j] = slips;
    }
  }
  return at(a.length, b.length);
}
