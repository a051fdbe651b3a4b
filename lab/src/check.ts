/** The checks of waxwing by name: what stopped an attack, and what can be turned off inside the lab. */
import { isWaxwingError } from '@waxwing/client';
import { isProtocolError, type ProtocolError } from '@waxwing/protocol';

export const CHECK_NAMES = [
  'frame',
  'deadline',
  'close',
  'hello',
  'box',
  'commit',
  'bundle',
  'pin',
  'own-device',
  'peer-signature',
  'peer-mac',
  'record',
  'content',
  'pickle',
  'padding',
  'ratchet',
  'sealed',
  'opening',
  'structure',
  'counter',
  'hmac',
  'unwrap',
  'commitment',
  'decrypt',
  'chain',
  'freshness',
  'signature',
  'outer',
  'prekeys',
  'start',
  'receipt',
  'repair',
  'wait',
  'remembered',
  'room',
  'one-answer',
  'view',
] as const;

/** A check of the shipped protocol or program, in the order in which they come. */
export type CheckName = (typeof CHECK_NAMES)[number];

export interface CheckText {
  /** Where it stands in spec/protocol.md. */
  readonly section: string;
  /** What holds when it has held. */
  readonly what: string;
  /** What the lab does without it; undefined where nothing sensible is left without it. */
  readonly without: string | undefined;
}

export const CHECKS: Readonly<Record<CheckName, CheckText>> = {
  frame: {
    section: '§3',
    what: 'a frame ends where its length says, whatever pieces it comes in',
    without: 'one read is one message',
  },
  deadline: {
    section: '§3',
    what: 'a caller who does not finish loses his place after 5 s, and an address has 8 of them',
    without: 'while one caller is there, no other is served',
  },
  close: {
    section: '§4',
    what: 'leaving is an authenticated record; a connection that only ends was cut',
    without: 'any end is taken for a leave',
  },
  hello: {
    section: '§3',
    what: 'F1 and F2 are well-formed, of suite 1, with keys one can agree on',
    without: undefined,
  },
  box: { section: '§3', what: 'F3, F4 and F5 open under the secret both ends agreed on', without: undefined },
  commit: { section: '§3', what: 'the server’s r_S is the one it committed to', without: 'any r_S is taken' },
  bundle: {
    section: '§2',
    what: 'the peer’s keys are certified by its account, now',
    without: 'out-of-date ones are taken',
  },
  pin: { section: '§3', what: 'the peer is the account expected under that name', without: 'any account is taken' },
  'own-device': { section: '§3', what: 'the peer is not this very device', without: 'a reflection is taken' },
  'peer-signature': {
    section: '§3',
    what: 'the peer signed this handshake with the key it presents',
    without: 'nobody asks for the signature',
  },
  'peer-mac': { section: '§3', what: 'whoever signed holds the agreed secret', without: 'nobody asks for the MAC' },
  record: {
    section: '§4',
    what: 'a record is the next one of this channel, unchanged',
    without: 'replayed, skipped and altered records are opened',
  },
  content: { section: '§4', what: 'what a record holds is canonical and has a place there', without: undefined },
  pickle: {
    section: '§13',
    what: 'a package of classic mode is a dict of five byte strings, and its reader has no other opcode',
    without: undefined,
  },
  padding: {
    section: '§5.3',
    what: 'all short flights have one length, and the long ones few',
    without: 'the last block alone is filled up',
  },
  ratchet: {
    section: '§6',
    what: 'a key that was used is erased, and each answer brings new ones that follow from nothing stored',
    without: 'every state is kept, and new keys follow from the old ones',
  },
  sealed: {
    section: '§5',
    what: 'the signature is in the ciphertext, like the text it signs',
    without: 'the signature travels beside the envelope, in clear',
  },
  opening: {
    section: '§5.1',
    what: 'what is signed of a text is a commitment that takes 32 random bytes to open',
    without: 'the 32 bytes are zeros',
  },
  structure: {
    section: '§5.4, 0',
    what: 'the envelope is of this kind and session, and for me',
    without: 'any well-formed envelope goes on',
  },
  counter: {
    section: '§6',
    what: 'it is the next envelope of its chain; its key is then burnt',
    without: 'used keys are kept, and gaps are skipped',
  },
  hmac: { section: '§5.4, 1', what: 'nothing of the envelope was changed', without: 'the tag is not compared' },
  unwrap: {
    section: '§5.4, 2',
    what: 'a wrap that does not open looks like any other failure',
    without: 'it fails at once, by a name of its own',
  },
  commitment: {
    section: '§5.4, 3',
    what: 'kc fixes one key for the ciphertext',
    without: 'kc is not compared',
  },
  decrypt: { section: '§5.4, 3', what: 'padding and plain text have their one form', without: undefined },
  chain: {
    section: '§5.4, 4',
    what: 'the flight is the next one of its sender’s chain',
    without: 'any seq and prev are taken',
  },
  freshness: {
    section: '§5.5',
    what: 'the flight is at most a minute old, and not of the future',
    without: 'any time is taken',
  },
  signature: {
    section: '§5.4, 5',
    what: 'the sender’s device signed text, time, place and recipient',
    without: 'the signature is not verified',
  },
  outer: {
    section: '§11.3',
    what: 'what lies in a mailbox was sealed for it, and is unchanged',
    without: undefined,
  },
  prekeys: {
    section: '§9.1',
    what: 'the keys to start with are those that the device of the account asked for signed, and its newest',
    without: 'whatever the relay hands out is taken',
  },
  start: {
    section: '§9.3',
    what: 'a one-time key starts one session, and a start without one is told as a weaker one',
    without: 'used one-time keys are kept, and a weaker start is not told',
  },
  receipt: {
    section: '§9.6',
    what: 'a message is delivered when its recipient says so, in an envelope of his own',
    without: 'what the relay has taken is shown as delivered',
  },
  repair: {
    section: '§9.4',
    what: 'what a relay says of an envelope costs a new start an hour at most',
    without: 'whatever it says is not opened is sent anew at once, each time',
  },
  wait: {
    section: '§11.4',
    what: 'a relay’s word about when to come again is believed for an hour, not for good',
    without: undefined,
  },
  remembered: {
    section: '§9.4',
    what: 'of what did not open the newest thousand are remembered',
    without: undefined,
  },
  room: {
    section: '§10.2',
    what: 'who is in a room is signed by an admin of the state before, and what is written names the list it was written for',
    without: undefined,
  },
  'one-answer': {
    section: '§3',
    what: 'a peer learns from a refusal that it was refused, not why',
    without: 'the peer is told which check failed',
  },
  view: {
    section: 'docs/cli.md',
    what: 'whatever could act on the terminal is shown escaped',
    without: 'texts are printed as they came',
  },
};

/** Whether the lab can run without it. */
export function canBeOff(name: CheckName): boolean {
  return CHECKS[name].without !== undefined;
}

/** Reads a check's name. */
export function isCheckName(name: string): name is CheckName {
  return (CHECK_NAMES as readonly string[]).includes(name);
}

/** The check that stopped an attack, as the run itself showed it. */
export interface Stop {
  readonly check: CheckName;
  /** The code of the typed error; undefined where the attack was harmless and nothing had to be refused. */
  readonly code: string | undefined;
  /** A sentence: the error's, or what was seen instead. */
  readonly message: string;
}

const HANDSHAKE: Readonly<Record<string, CheckName>> = {
  open: 'box',
  encoding: 'hello',
  commit: 'commit',
  bundle: 'bundle',
  pin: 'pin',
  'own device': 'own-device',
  signature: 'peer-signature',
  mac: 'peer-mac',
};
const COUNTERS = new Set(['n', 'pn', 'pe', 'dh', 'used', 'skip']);

/** Which check of ours a code and its local detail name. @throws Error for one that is no check: a fault of the lab */
export function checkOf(code: string, detail: string): CheckName {
  switch (code) {
    case 'frame':
      return 'frame';
    case 'bundle':
      return 'bundle';
    case 'handshake-f1':
    case 'handshake-f2':
      return 'hello';
    case 'handshake-f3':
    case 'handshake-f4':
    case 'handshake-f5':
      return HANDSHAKE[detail] ?? 'hello';
    case 'peer-changed':
      return 'pin';
    case 'classic-format':
      return 'pickle';
    case 'record':
      return detail === 'open' || detail === 'type' ? 'record' : 'content';
    case 'envelope-0':
      return COUNTERS.has(detail) ? 'counter' : 'structure';
    case 'envelope-1':
      return 'hmac';
    case 'envelope-3':
      return detail === 'commitment' ? 'commitment' : detail === 'unwrap' ? 'unwrap' : 'decrypt';
    case 'envelope-4':
      return detail === 'seq' || detail === 'prev' ? 'chain' : 'freshness';
    case 'envelope-5':
      return 'signature';
    case 'outer':
      return 'outer';
    case 'room':
      return 'room';
    case 'prekeys':
      return 'prekeys';
    case 'start':
      return 'start';
    default:
      throw new Error(`${code} (${detail}) is no check of the catalogue`);
  }
}

/** A flight refused for its age alone: no error, the conversation lives (§5.4). */
export const TOO_OLD: Stop = {
  check: 'freshness',
  code: 'envelope-4',
  message: 'everything held but the age: refused for that alone',
};

/** The stop that a typed error is; any other error is a fault of the lab and passes through. */
export function stopOf(error: unknown): Stop {
  if (isWaxwingError(error)) {
    if (error.code === 'handshake-failed' && isProtocolError(error.cause)) return protocolStop(error.cause);
    return { check: checkOf(error.code, ''), code: error.code, message: error.message };
  }
  if (isProtocolError(error)) return protocolStop(error);
  throw error;
}

function protocolStop(error: ProtocolError): Stop {
  return { check: checkOf(error.code, error.check), code: error.code, message: error.message };
}
