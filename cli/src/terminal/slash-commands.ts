/** The slash commands of the chat: one table, one parser. */
import { sanitiseLine } from '../text/sanitise.ts';

/** A slash command, read. */
export type Command =
  | { readonly name: 'help'; readonly topic?: string }
  | { readonly name: 'quit' }
  | { readonly name: 'verify' }
  | { readonly name: 'peer' }
  | { readonly name: 'proof'; readonly number: number | 'last' | 'all' | 'off' }
  | { readonly name: 'why'; readonly number: number | 'last' }
  | { readonly name: 'history'; readonly count: number }
  | { readonly name: 'search'; readonly words: string }
  | { readonly name: 'delete'; readonly number: number }
  | { readonly name: 'xray'; readonly on?: boolean }
  | { readonly name: 'block' }
  | { readonly name: 'nick'; readonly nick?: string }
  | { readonly name: 'name'; readonly peerName?: string }
  | { readonly name: 'resend'; readonly number: number | 'all' };

type CommandName = Command['name'];

/** What an entered line means. */
export type Entry =
  /** To be sent; `//text` comes as `/text`. */
  | { readonly kind: 'message'; readonly text: string }
  | { readonly kind: 'empty' }
  /** A command; `exit` and `quit` come as quit. */
  | { readonly kind: 'command'; readonly command: Command }
  /** Nothing to send: say `sentence` (safe to print). */
  | { readonly kind: 'mistake'; readonly sentence: string };

interface CommandRow {
  readonly usage: string;
  readonly does: string;
  readonly more?: readonly string[];
  /** The command of what stands behind the word, or undefined where it does not fit `usage`. */
  readonly read: (rest: string) => Command | undefined;
}

const DEFAULT_HISTORY = 20;
const MAX_HISTORY = 10_000;

const COMMANDS: Readonly<Record<CommandName, CommandRow>> = {
  help: {
    usage: '/help [COMMAND]',
    does: 'this list, or more about one command',
    read: (rest) => (rest === '' ? { name: 'help' } : { name: 'help', topic: rest }),
  },
  quit: {
    usage: '/quit',
    does: 'leave and tell the peer (also: exit, quit, Ctrl+D)',
    read: (rest) => bare(rest, { name: 'quit' }),
  },
  verify: {
    usage: '/verify',
    does: 'compare the safety number with your peer',
    more: ['Both of you see the same sixty digits. Compare them over another way: by phone, or face to face.'],
    read: (rest) => bare(rest, { name: 'verify' }),
  },
  proof: {
    usage: '/proof [N|all|off]',
    does: 'all five checks of message N (of the last one without N)',
    more: ['all  print the full proof line under every message', 'off  back to the short mark'],
    read: (rest) => {
      if (rest === 'all' || rest === 'off') return { name: 'proof', number: rest };
      const number = numberOr(rest, 'last');
      return number === undefined ? undefined : { name: 'proof', number };
    },
  },
  why: {
    usage: '/why [N]',
    does: 'why message N was refused, and what to do',
    read: (rest) => {
      const number = numberOr(rest, 'last');
      return number === undefined ? undefined : { name: 'why', number };
    },
  },
  peer: {
    usage: '/peer',
    does: 'who is at the other end, and where their key came from',
    read: (rest) => bare(rest, { name: 'peer' }),
  },
  history: {
    usage: '/history [COUNT]',
    does: `the last messages (${DEFAULT_HISTORY} without COUNT)`,
    read: (rest) => {
      if (rest === '') return { name: 'history', count: DEFAULT_HISTORY };
      const count = numberOf(rest);
      return count === undefined || count > MAX_HISTORY ? undefined : { name: 'history', count };
    },
  },
  search: {
    usage: '/search WORDS',
    does: 'messages that hold these words',
    read: (rest) => (rest === '' ? undefined : { name: 'search', words: rest }),
  },
  delete: {
    usage: '/delete N',
    does: 'delete message N here (not at your peer)',
    read: (rest) => {
      const number = numberOf(rest);
      return number === undefined ? undefined : { name: 'delete', number };
    },
  },
  xray: {
    usage: '/xray [on|off]',
    does: 'show every frame, layer by layer, as it passes',
    more: ['Secrets are shown as [8 digits]: equal marks, equal secrets. docs/cli.md explains the names.'],
    read: (rest) => {
      if (rest === '') return { name: 'xray' };
      return rest === 'on' || rest === 'off' ? { name: 'xray', on: rest === 'on' } : undefined;
    },
  },
  block: {
    usage: '/block',
    does: 'block this peer and leave',
    read: (rest) => bare(rest, { name: 'block' }),
  },
  nick: {
    usage: '/nick [NAME]',
    does: 'the name you call yourself',
    read: (rest) => (rest === '' ? { name: 'nick' } : { name: 'nick', nick: rest }),
  },
  name: {
    usage: '/name [NAME]',
    does: 'the name you give your peer',
    read: (rest) => (rest === '' ? { name: 'name' } : { name: 'name', peerName: rest }),
  },
  resend: {
    usage: '/resend [N]',
    does: 'send again what was not delivered: message N, or all',
    read: (rest) => {
      const number = rest === 'all' ? 'all' : numberOr(rest, 'all');
      return number === undefined ? undefined : { name: 'resend', number };
    },
  },
};

const NAMES = Object.keys(COMMANDS) as CommandName[];

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

/**
 * Reads an entered line. `/word` that is no command is a mistake, never a message; `//text` sends `/text`. Of several
 * lines only a whole first word can be a command, and a command with further lines is a mistake.
 */
export function parseEntry(text: string): Entry {
  const trimmed = text.trim();
  if (trimmed === '') return { kind: 'empty' };
  if (trimmed === 'exit' || trimmed === 'quit') return { kind: 'command', command: { name: 'quit' } };
  if (text.startsWith('//')) return { kind: 'message', text: text.slice(1) };
  if (!trimmed.startsWith('/')) return { kind: 'message', text };
  const [, word = '', rest = ''] = /^\/(\S*)\s*([\s\S]*)$/.exec(trimmed) ?? [];
  const name = NAMES.find((known) => known === word.toLowerCase());
  if (name === undefined) return { kind: 'mistake', sentence: unknownWord(word) };
  if (rest.includes('\n')) {
    return { kind: 'mistake', sentence: `/${name} takes one line. To send this as a message, begin it with //.` };
  }
  const command = COMMANDS[name].read(rest);
  if (command === undefined) return { kind: 'mistake', sentence: `Usage: ${COMMANDS[name].usage}` };
  return { kind: 'command', command };
}

/** The lines of `/help`, or of `/help topic` (safe to print). */
export function helpLines(topic?: string): string[] {
  if (topic !== undefined) {
    const name = NAMES.find((known) => known === topic.toLowerCase().replace(/^\//, ''));
    if (name === undefined) return [unknownWord(topic.replace(/^\//, ''))];
    const row = COMMANDS[name];
    return [`${row.usage}: ${row.does}`, ...(row.more ?? []).map((line) => `  ${line}`)];
  }
  return [
    'Commands:',
    ...NAMES.map((name) => `  ${COMMANDS[name].usage.padEnd(20)}${COMMANDS[name].does}`),
    '  //text              send a message that begins with /',
    'Keys in a terminal:',
    ...KEYS.map(([key, does]) => `  ${key.padEnd(24)}${does}`),
  ];
}

/** Completes a command's name: the longer text, or undefined where there is nothing or more than one to choose. */
export function completeEntry(text: string): string | undefined {
  if (!/^\/[a-z]*$/i.test(text)) return undefined;
  const fitting = NAMES.filter((name) => name.startsWith(text.slice(1).toLowerCase()));
  const [only] = fitting;
  return fitting.length === 1 && only !== undefined ? `/${only} ` : undefined;
}

function unknownWord(word: string): string {
  const near = nearest(word.toLowerCase());
  const shown = sanitiseLine(word, 40);
  const hint = near === undefined ? 'See /help.' : `Did you mean /${near}?`;
  return `There is no command /${shown}, so nothing was sent. ${hint} To send it as a message, type //${shown}`;
}

function nearest(word: string): CommandName | undefined {
  let best: CommandName | undefined;
  let least = 3; // more than two slips is another word
  for (const name of NAMES) {
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

function bare(rest: string, command: Command): Command | undefined {
  return rest === '' ? command : undefined;
}

function numberOf(rest: string): number | undefined {
  const [, digits] = /^#?([1-9][0-9]{0,14})$/.exec(rest) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

function numberOr<Word extends string>(rest: string, absent: Word): number | Word | undefined {
  return rest === '' ? absent : numberOf(rest);
}
