/** Slash commands that every chat of waxwing has: they look at messages, and at oneself. */
import type { CommandRow } from './slash-commands.ts';

export type MessageCommand =
  | { readonly name: 'help'; readonly topic?: string }
  | { readonly name: 'quit' }
  | { readonly name: 'proof'; readonly number: number | 'last' | 'all' | 'off' }
  | { readonly name: 'why'; readonly number: number | 'last' }
  | { readonly name: 'history'; readonly count: number }
  | { readonly name: 'search'; readonly words: string }
  | { readonly name: 'delete'; readonly number: number }
  | { readonly name: 'nick'; readonly nick?: string }
  | { readonly name: 'xray'; readonly on?: boolean }
  | { readonly name: 'resend'; readonly number: number | 'all' };

const DEFAULT_HISTORY = 20;
const MAX_HISTORY = 10_000;

type Rows = { readonly [Name in MessageCommand['name']]: CommandRow<Extract<MessageCommand, { readonly name: Name }>> };

export const MESSAGE_COMMANDS: Rows = {
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
  nick: {
    usage: '/nick [NAME]',
    does: 'the name you call yourself',
    read: (rest) => (rest === '' ? { name: 'nick' } : { name: 'nick', nick: rest }),
  },
  resend: {
    usage: '/resend [N]',
    does: 'send again what was not delivered: message N, or all',
    read: (rest) => {
      const number = rest === 'all' ? 'all' : numberOr(rest, 'all');
      return number === undefined ? undefined : { name: 'resend', number };
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
};

/** A command that nothing may follow. */
export function bare<Command>(rest: string, command: Command): Command | undefined {
  return rest === '' ? command : undefined;
}

/** `12` or `#12`. */
export function numberOf(rest: string): number | undefined {
  const [, digits] = /^#?([1-9][0-9]{0,14})$/.exec(rest) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** The same, or `absent` where nothing stands. */
export function numberOr<Word extends string>(rest: string, absent: Word): number | Word | undefined {
  return rest === '' ? absent : numberOf(rest);
}
