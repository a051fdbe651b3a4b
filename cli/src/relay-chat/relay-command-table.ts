/** The slash commands of a chat through a relay. */
import { bare, MESSAGE_COMMANDS, type MessageCommand } from '../terminal/message-commands.ts';
import { type CommandTable, SlashCommands } from '../terminal/slash-commands.ts';

/** What is done to a room: the one the user is in. */
export type RoomAction =
  | { readonly what: 'create' | 'name'; readonly name: string }
  | { readonly what: 'invite' | 'remove' | 'admin' | 'member'; readonly who: string }
  | { readonly what: 'leave' | 'members' | 'settle' };

/** `who`: `@alice`, a petname, `#team`, a fingerprint or its beginning; undefined: of the conversation the user is in. */
export type RelayCommand =
  | MessageCommand
  | { readonly name: 'msg'; readonly who: string; readonly text: string }
  | { readonly name: 'join'; readonly who: string }
  | { readonly name: 'list' | 'doctor' }
  | { readonly name: 'leaks'; readonly all: boolean }
  | { readonly name: 'room'; readonly action: RoomAction }
  | { readonly name: 'whois' | 'verify'; readonly who: string | undefined }
  | { readonly name: 'accept'; readonly who: string | undefined; readonly fingerprint?: string }
  | { readonly name: 'refuse' | 'block'; readonly who: string | undefined }
  | { readonly name: 'name'; readonly peerName?: string }
  | { readonly name: 'claim'; readonly claimed: string }
  | { readonly name: 'link'; readonly days: number }
  | { readonly name: 'typing' | 'receipts'; readonly on: boolean | undefined };

const LINK_DAYS = 7;
const MOST_LINK_DAYS = 30; // §11.4

const ROOM_MORE = [
  'create NAME         a new room, and you in it',
  'invite @name        let somebody in: into the room you are in',
  'remove @name        take somebody out; nothing said after that can be read there',
  'admin|member @name  let somebody decide about the room, or no longer',
  'members             who is in it',
  'name NAME           call it something else',
  'leave               leave it',
  'settle              go on after a member told different members different things, with the members shown here',
] as const;

const TABLE: CommandTable<RelayCommand> = {
  help: MESSAGE_COMMANDS.help,
  quit: { ...MESSAGE_COMMANDS.quit, does: 'leave (also: exit, quit, Ctrl+D); the relay keeps what comes' },
  msg: {
    usage: '/msg @name TEXT',
    does: 'say something to somebody, or in a #room, without going there',
    read: (rest) => {
      const { who, rest: text } = takeWho(rest);
      return who === undefined || text === '' ? undefined : { name: 'msg', who, text };
    },
  },
  join: {
    usage: '/join @name|#room',
    does: 'go to a conversation: what you type goes there',
    read: (rest) => withWho(rest, (who) => (who === undefined ? undefined : { name: 'join', who })),
  },
  list: { usage: '/list', does: 'all conversations, and what is unread', read: (rest) => bare(rest, { name: 'list' }) },
  room: {
    usage: '/room ACTION',
    does: 'create, invite, remove, admin, member, members, name, leave, settle',
    more: ROOM_MORE,
    read: (rest) => {
      const action = readRoomAction(rest);
      return action && { name: 'room', action };
    },
  },
  whois: {
    usage: '/whois [@name]',
    does: 'who that is, and where their key came from',
    read: (rest) => withWho(rest, (who) => ({ name: 'whois', who })),
  },
  verify: {
    usage: '/verify [@name]',
    does: 'compare the safety number with somebody',
    more: ['Both of you see the same sixty digits. Compare them over another way: by phone, or face to face.'],
    read: (rest) => withWho(rest, (who) => ({ name: 'verify', who })),
  },
  accept: {
    usage: '/accept [@name]',
    does: 'answer somebody you do not know, who wrote to you or invites you to a room',
    more: ['/accept @name SHA256:…  a CHANGED key is right: the name stands for it from now on'],
    read: (rest) => {
      const [, named = rest, fingerprint] = /^(.*\S)\s+(SHA256:\S{43})$/u.exec(rest) ?? [];
      const changed = fingerprint === undefined ? {} : { fingerprint };
      return withWho(named, (who) => ({ name: 'accept', who, ...changed }));
    },
  },
  refuse: {
    usage: '/refuse [@name]',
    does: 'forget what somebody asked whom you do not know; they are told nothing',
    read: (rest) => withWho(rest, (who) => ({ name: 'refuse', who })),
  },
  block: {
    usage: '/block [@name]',
    does: 'take nothing more from somebody',
    read: (rest) => withWho(rest, (who) => ({ name: 'block', who })),
  },
  proof: MESSAGE_COMMANDS.proof,
  why: MESSAGE_COMMANDS.why,
  history: MESSAGE_COMMANDS.history,
  search: MESSAGE_COMMANDS.search,
  delete: MESSAGE_COMMANDS.delete,
  resend: MESSAGE_COMMANDS.resend,
  xray: MESSAGE_COMMANDS.xray,
  link: {
    usage: '/link [DAYS]',
    does: 'a link for one person, who then knows you as verified',
    read: (rest) => {
      const days = rest === '' ? LINK_DAYS : Number(/^([1-9]\d?)d?$/u.exec(rest)?.[1]);
      return days >= 1 && days <= MOST_LINK_DAYS ? { name: 'link', days } : undefined;
    },
  },
  name: {
    usage: '/name [NAME]',
    does: 'the name you give the one you are talking to',
    read: (rest) => (rest === '' ? { name: 'name' } : { name: 'name', peerName: rest }),
  },
  nick: MESSAGE_COMMANDS.nick,
  claim: {
    usage: '/claim NAME',
    does: 'be @NAME at this relay, if nobody is',
    read: (rest) => (/^@?\S+$/u.test(rest) ? { name: 'claim', claimed: rest.replace(/^@/u, '') } : undefined),
  },
  typing: {
    usage: '/typing [on|off]',
    does: 'whether others are told that you type',
    read: (rest) => withSwitch(rest, (on) => ({ name: 'typing', on })),
  },
  receipts: {
    usage: '/receipts [on|off]',
    does: 'whether others are told what you have read',
    read: (rest) => withSwitch(rest, (on) => ({ name: 'receipts', on })),
  },
  doctor: {
    usage: '/doctor',
    does: 'what did not open, what was repaired, what to do',
    read: (rest) => bare(rest, { name: 'doctor' }),
  },
  leaks: {
    usage: '/leaks [all]',
    does: 'what this relay has stored about you',
    read: (rest) => (rest === '' || rest === 'all' ? { name: 'leaks', all: rest === 'all' } : undefined),
  },
};

export const RELAY_COMMANDS = new SlashCommands<RelayCommand>(TABLE);

/** The words that may follow `/room`. */
export const ROOM_ACTIONS = [
  'create',
  'invite',
  'remove',
  'admin',
  'member',
  'members',
  'name',
  'leave',
  'settle',
] as const;

/** The first word, or what stands in quotes, as whom it means. */
export function takeWho(text: string): { readonly who: string | undefined; readonly rest: string } {
  const found = /^(?:"([^"]+)"|([^\s"]\S*))(?:\s+([\s\S]*))?$/u.exec(text);
  return { who: found?.[1] ?? found?.[2], rest: found?.[3] ?? '' };
}

function withWho(text: string, make: (who: string | undefined) => RelayCommand | undefined): RelayCommand | undefined {
  if (text === '') return make(undefined);
  const { who, rest } = takeWho(text);
  return who === undefined || rest !== '' ? undefined : make(who);
}

function withSwitch(text: string, make: (on: boolean | undefined) => RelayCommand): RelayCommand | undefined {
  if (text === '') return make(undefined);
  return text === 'on' || text === 'off' ? make(text === 'on') : undefined;
}

function readRoomAction(text: string): RoomAction | undefined {
  const [, what = '', rest = ''] = /^(\S*)\s*(.*)$/u.exec(text) ?? [];
  switch (what) {
    case 'create':
    case 'name':
      return rest === '' ? undefined : { what, name: rest.replace(/^#/u, '') };
    case 'invite':
    case 'remove':
    case 'admin':
    case 'member': {
      const { who, rest: more } = takeWho(rest);
      return who === undefined || more !== '' ? undefined : { what, who };
    }
    case 'leave':
    case 'members':
    case 'settle':
      return rest === '' ? { what } : undefined;
    default:
      return undefined;
  }
}
