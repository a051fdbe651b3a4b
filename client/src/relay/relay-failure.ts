/** How anything asked of a relay comes to nothing: one typed error, which says whether trying again may help. */
import { GOODBYE, type GoodbyeReason, LONGEST_RETRY, REFUSAL } from '@waxwing/protocol';
import { type ClientErrorCode, WaxwingError } from '../errors.ts';

export interface RelayFailureDetails {
  /** Whether the same may hold later: it is tried again after `retry`, with jitter. */
  readonly passing: boolean;
  /** What the relay said to wait, ms; 0 where it said nothing. It is believed for an hour at most. */
  readonly retry?: number | undefined;
  /** The code of the relay's refusal (§11.4), where it answered. */
  readonly refusal?: number | undefined;
  readonly cause?: unknown;
}

export class RelayFailure extends WaxwingError {
  readonly passing: boolean;
  readonly retry: number;
  readonly refusal: number | undefined;

  constructor(code: ClientErrorCode, sentence: readonly [message: string, next: string], details: RelayFailureDetails) {
    super(code, ...sentence, { cause: details.cause });
    this.passing = details.passing;
    this.retry = Math.min(details.retry ?? 0, LONGEST_RETRY);
    this.refusal = details.refusal;
  }
}

/** Whether trying again may help; anything but a RelayFailure is a fault of another kind. */
export function isPassing(error: unknown): error is RelayFailure {
  return error instanceof RelayFailure && error.passing;
}

type Refused = readonly [code: ClientErrorCode, message: string, next: string];

const REFUSED: Readonly<Record<number, Refused>> = {
  [REFUSAL.noMember]: [
    'not-a-member',
    'This relay does not know this device as one of its members.',
    'Ask its operator, or a member, for an invite link, and open that.',
  ],
  [REFUSAL.inviteUnknown]: [
    'invite-unknown',
    'The relay does not know this invite: it was withdrawn, or the link is not whole.',
    'Copy the link again, whole, or ask for a new one.',
  ],
  [REFUSAL.inviteUsedUp]: [
    'invite-used',
    'This invite has been used already.',
    'Ask whoever gave it to you for a new one. If nobody should have seen it but you, say so.',
  ],
  [REFUSAL.inviteEnded]: ['invite-expired', 'This invite has come to its end.', 'Ask for a new one.'],
  [REFUSAL.nameForm]: [
    'name-invalid',
    'The relay does not take a name of this form.',
    'Choose 1 to 32 of a-z, 0-9, dot, hyphen and underscore, with a letter or a digit first.',
  ],
  [REFUSAL.nameTaken]: ['name-taken', 'This name belongs to someone else at this relay.', 'Choose another name.'],
  [REFUSAL.nameUnknown]: [
    'name-unknown',
    'Nobody has claimed this name at this relay.',
    'Check the spelling, or ask for a contact link.',
  ],
  [REFUSAL.accountUnknown]: [
    'account-unknown',
    'This account is no member of this relay, or has left it.',
    'Ask for a contact link, or for the relay where it can be reached now.',
  ],
  [REFUSAL.noPrekeys]: [
    'prekeys-missing',
    'This account has left no keys at the relay yet, so that nobody can write to it.',
    'Ask for its user to connect once; what you write meanwhile is kept and sent then.',
  ],
  [REFUSAL.mailboxUnknown]: [
    'account-unknown',
    'This mailbox is not there: its owner has a new device, or has left the relay.',
    'What you wrote is kept, and is sent when the owner can be found again.',
  ],
  [REFUSAL.mailboxFull]: [
    'mailbox-full',
    'The mailbox is full: its owner has not come for a long time.',
    'What you wrote is kept, and is sent when there is room.',
  ],
  [REFUSAL.tooMany]: [
    'too-fast',
    'This is more than the relay takes from one account at a time.',
    'It is tried again by itself; nothing is lost.',
  ],
  [REFUSAL.cannotStore]: [
    'relay-unavailable',
    'The relay cannot store anything now.',
    'It is tried again by itself; if this lasts, tell its operator.',
  ],
  [REFUSAL.draining]: ['relay-unavailable', 'The relay is just being stopped.', 'It is tried again by itself.'],
};

const GENERIC: Refused = [
  'relay-refused',
  'The relay refused this request.',
  'Update waxwing here, and ask the operator of the relay to do so there.',
];

/** The relay's refusal of a request: `retry` in ms, 0 where it says that no time would help (§11.4). */
export function refusalOf(refusal: number, retry: number): RelayFailure {
  const unconditional = refusal === REFUSAL.cannotStore || refusal === REFUSAL.draining;
  return failure(refusal, { passing: retry > 0 || unconditional, retry });
}

/** The refusal of one envelope in the answer to a put, where there is no word about when to come again. */
export function putRefusalOf(refusal: number): RelayFailure {
  const passing: readonly number[] = [REFUSAL.mailboxFull, REFUSAL.tooMany, REFUSAL.cannotStore];
  return failure(refusal, { passing: passing.includes(refusal), retry: 0 });
}

function failure(refusal: number, details: RelayFailureDetails): RelayFailure {
  const [code, message, next] = REFUSED[refusal] ?? GENERIC;
  const known = code === GENERIC[0] ? `${message.slice(0, -1)} (code ${String(refusal)}).` : message;
  return new RelayFailure(code, [known, next], { ...details, refusal });
}

/** The channel ended, so that nothing is known of what was under way. `reason`: a system code, or a sentence. */
export function cutFailure(reason: string, cause?: unknown): RelayFailure {
  const why = reason.replace(/\.$/, '');
  return new RelayFailure(
    'connection-cut',
    [`The connection to the relay has ended (${why}).`, 'It is made again by itself; what was not answered is kept.'],
    { passing: true, cause },
  );
}

/** The relay does not wait for what it delivered to be confirmed, and is called again later. */
export function floodFailure(): RelayFailure {
  return new RelayFailure(
    'relay-flood',
    [
      'The relay delivers more than it may before it is confirmed: the connection was ended.',
      'It is made again by itself, and nothing is lost; if this goes on, ask its operator what runs there.',
    ],
    { passing: true },
  );
}

const FAREWELLS: Readonly<Record<GoodbyeReason, readonly [...Refused, passing: boolean]>> = {
  [GOODBYE.draining]: ['relay-unavailable', 'The relay is being stopped.', 'It is called again by itself.', true],
  [GOODBYE.replaced]: [
    'relay-replaced',
    'Another program has a connection to this relay for the same device, so that this one was ended.',
    'End the other program that uses this home or a copy of it; a copy must become a device of its own: waxwing id rotate --device',
    false,
  ],
  [GOODBYE.tooSlow]: [
    'connection-cut',
    'The relay ended the connection, because what it said was not read fast enough.',
    'It is made again by itself; nothing is lost.',
    true,
  ],
  [GOODBYE.removed]: [
    'not-a-member',
    'This device is no longer a member of this relay: it left, was removed, or another device took its place.',
    'Ask the operator of the relay, or a member, for an invite link.',
    false,
  ],
  [GOODBYE.tooMany]: [
    'too-fast',
    'The relay ended the connection, because it was asked too much at a time.',
    'It is made again by itself; nothing is lost.',
    true,
  ],
};

/** Why the relay sent this channel away (§11.4). */
export function goodbyeFailure({
  reason,
  retry,
}: {
  readonly reason: GoodbyeReason;
  readonly retry: number;
}): RelayFailure {
  const [code, message, next, passing] = FAREWELLS[reason];
  return new RelayFailure(code, [message, next], { passing, retry });
}
