/** The slash commands of a direct chat. */
import { bare, MESSAGE_COMMANDS, type MessageCommand } from './message-commands.ts';
import { type CommandTable, SlashCommands } from './slash-commands.ts';

/** A slash command, read. */
export type Command =
  | MessageCommand
  | { readonly name: 'verify' }
  | { readonly name: 'peer' }
  | { readonly name: 'block' }
  | { readonly name: 'name'; readonly peerName?: string };

const TABLE: CommandTable<Command> = {
  help: MESSAGE_COMMANDS.help,
  quit: MESSAGE_COMMANDS.quit,
  verify: {
    usage: '/verify',
    does: 'compare the safety number with your peer',
    more: ['Both of you see the same sixty digits. Compare them over another way: by phone, or face to face.'],
    read: (rest) => bare(rest, { name: 'verify' }),
  },
  proof: MESSAGE_COMMANDS.proof,
  why: MESSAGE_COMMANDS.why,
  peer: {
    usage: '/peer',
    does: 'who is at the other end, and where their key came from',
    read: (rest) => bare(rest, { name: 'peer' }),
  },
  history: MESSAGE_COMMANDS.history,
  search: MESSAGE_COMMANDS.search,
  delete: MESSAGE_COMMANDS.delete,
  xray: MESSAGE_COMMANDS.xray,
  block: {
    usage: '/block',
    does: 'block this peer and leave',
    read: (rest) => bare(rest, { name: 'block' }),
  },
  nick: MESSAGE_COMMANDS.nick,
  name: {
    usage: '/name [NAME]',
    does: 'the name you give your peer',
    read: (rest) => (rest === '' ? { name: 'name' } : { name: 'name', peerName: rest }),
  },
  resend: MESSAGE_COMMANDS.resend,
};

export const DIRECT_COMMANDS = new SlashCommands<Command>(TABLE);
