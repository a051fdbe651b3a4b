/** What flights say beside their items (§9.6): receipts, voids, the renewed bundle, the nick, the contact link's proof. */
import {
  type Bytes,
  type ControlEntry,
  encodeMailboxControl,
  type Got,
  gotOf,
  isWithin,
  MAX_CTL,
  MAX_SAFE_UINT,
  utf8,
} from '@waxwing/protocol';
import type { MailboxNotes } from '../store/mailbox.ts';
import type { SeqRange } from '../store/message.ts';
import type { Pair } from './pair.ts';
import { ownDevice, type Place } from './place.ts';
import { commonRanges, joinRanges } from './seq-ranges.ts';

export const CTL_NICK = 'nick';
const CTL_BUNDLE = 'bundle';
const CTL_VOID = 'void';

/** Void ranges told in one flight: the others are told in the next. */
const MAX_VOIDS_TOLD = 6;
/** One entry is the ratchet's (§5). */
const ROOM = MAX_CTL - 1;

export interface Said {
  readonly ctl: readonly ControlEntry[];
  /** The notes once a flight with this ctl, of this seq, is on disk. */
  readonly after: (seq: number) => MailboxNotes;
}

export interface SayOptions {
  readonly place: Place;
  readonly pair: Pair;
  readonly readReceipts: boolean;
  /** Not one who waits for the user's word, or is known from rooms alone: those are told nothing of what they wrote (§9.6). */
  readonly open: boolean;
  readonly linkProof: Bytes | undefined;
  /** What others have to say in this session; as many of it as there is room for. */
  readonly more: readonly ControlEntry[];
}

/** What is to be told to a peer with the next flight. */
export function sayWith({ place, pair, readReceipts, open, linkProof, more }: SayOptions): Said {
  const { notes } = pair;
  const device = ownDevice(place);
  const nick = place.store.settings.get('nick');
  // What has come since is not asked for; what lies above all that was taken was put off (§9.6, first contact).
  const missing = gotOf(pair.state.received);
  const again = !open ? [] : commonRanges(notes.again, [...missing.ranges, [missing.last + 1, MAX_SAFE_UINT]]);
  const tellsRead = open && readReceipts && notes.read > notes.readTold;
  const ctl: ControlEntry[] = [
    ...encodeMailboxControl({
      got: notes.owed > 0 ? missing : undefined,
      read: tellsRead ? notes.read : undefined,
      link: linkProof,
      again: again.length > 0 ? again : undefined,
    }),
  ];
  for (const [from, to] of notes.voids.slice(0, MAX_VOIDS_TOLD)) ctl.push([CTL_VOID, from, to]);
  // A newer bundle than the one that started this goes with every flight until one that had it was received (§9.5).
  const tellsBundle = device.bundle.certificate.serial > notes.bundleSerial;
  if (tellsBundle) ctl.push([CTL_BUNDLE, device.bundle.bytes]);
  const tellsNick = nick !== undefined && (nick !== notes.nick || notes.nickFrom > 0);
  if (tellsNick) ctl.push([CTL_NICK, utf8(nick)]);
  return {
    ctl: [...ctl, ...more].slice(0, ROOM),
    after: (seq) => ({
      ...pair.notes,
      owed: 0,
      again: open ? [] : pair.notes.again,
      readTold: tellsRead ? notes.read : notes.readTold,
      bundleFrom: tellsBundle && notes.bundleFrom === 0 ? seq : notes.bundleFrom,
      nick: tellsNick ? nick : notes.nick,
      nickFrom: tellsNick && (nick !== notes.nick || notes.nickFrom === 0) ? seq : notes.nickFrom,
    }),
  };
}

/** Whether something is to be told although there is nothing to send. */
export function hasToSay(pair: Pair, { readReceipts, open }: Pick<SayOptions, 'readReceipts' | 'open'>): boolean {
  const { owed, read, readTold, again } = pair.notes;
  return owed > 0 || (open && (again.length > 0 || (readReceipts && read > readTold)));
}

/** The notes with ranges of own seqs that hold nothing which is not sent again. */
export function withVoids(notes: MailboxNotes, ranges: readonly SeqRange[]): MailboxNotes {
  return { ...notes, voids: joinRanges([...notes.voids, ...ranges]) };
}

/**
 * The notes where own flights of these seqs did not arrive: what they held is sent anew with other numbers, and what they told
 * the peer beside it is told again.
 */
export function withLostFlights(notes: MailboxNotes, seqs: readonly number[]): MailboxNotes {
  if (seqs.length === 0) return notes;
  return {
    ...withVoids(
      notes,
      seqs.map((seq) => [seq, seq] as const),
    ),
    owed: Math.max(notes.owed, 1),
    readTold: 0,
    again: joinRanges([...notes.again, ...notes.asked.map(([from, to]) => [from, to] as const)]),
  };
}

/** The notes once the peer has said what it got: what was told up to there need not be told again. */
export function withGot(notes: MailboxNotes, got: Got, serial: number): MailboxNotes {
  const { last, ranges } = got;
  const told = (from: number): boolean => from > 0 && from <= last && !(from === last && isWithin(ranges, from));
  return {
    ...notes,
    voids: notes.voids.filter(([from, to]) => to > last || ranges.some((range) => range[0] <= to && range[1] >= from)),
    bundleSerial: told(notes.bundleFrom) ? serial : notes.bundleSerial,
    bundleFrom: told(notes.bundleFrom) ? 0 : notes.bundleFrom,
    nickFrom: told(notes.nickFrom) ? 0 : notes.nickFrom,
  };
}
