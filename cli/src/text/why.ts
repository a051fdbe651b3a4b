/** Why something was refused and what to do: a sentence and one next command for every error code. */
import type { ClientErrorCode } from '@waxwing/client';
import type { ProtocolErrorCode } from '@waxwing/protocol';
import { formatMoment } from './duration.ts';
import { sanitiseLine } from './sanitise.ts';

export interface Why {
  /** A sentence for people. */
  readonly sentence: string;
  /** One thing to do next; a command where there is one. */
  readonly next: string;
}

type Table<Code extends string> = Readonly<Record<Code, readonly [sentence: string, next: string]>>;

const AGAIN = 'connect again: waxwing client HOST:PORT (what was not acknowledged is sent again by itself)';
const COMPARE = 'compare fingerprints over another way (waxwing id show on both machines) before you connect again';
const CLOCKS = 'compare the clocks of both machines (timedatectl), then ask for /resend on the sender’s side';

const PROTOCOL: Table<ProtocolErrorCode> = {
  cbor: ['The bytes that came are not in the one form the protocol allows.', AGAIN],
  statement: [
    'A signed statement holds something its grammar does not allow.',
    'ask your peer which program made it, and to run waxwing --version',
  ],
  profile: [
    'A key or signature is not of the one kind the protocol allows (RSA-2048, e = 65537).',
    'ask your peer to make new keys: waxwing id rotate',
  ],
  bundle: [
    'Your peer’s keys and their certificate do not hold together, or are not valid at this time.',
    'compare the clocks; then your peer runs: waxwing id rotate --device',
  ],
  fingerprint: ['That is not a fingerprint: one is SHA256: and 43 characters.', 'copy it again from: waxwing id show'],
  etm: ['A sealed part of the handshake was changed on the way.', AGAIN],
  frame: [
    'The other side sent a piece longer or shorter than any may be: it may be another service.',
    'check the address and port, then: waxwing client HOST:PORT',
  ],
  'handshake-f1': [
    'The first words of the other side are not those of a waxwing server.',
    'check the address and port, then: waxwing client HOST:PORT',
  ],
  'handshake-f2': [
    'A caller’s first answer was not that of a waxwing client; it was turned away.',
    'nothing to do: the server listens for the next one',
  ],
  'handshake-f3': [
    'The server could not prove that it is who it should be. A man in the middle looks like this.',
    COMPARE,
  ],
  'handshake-f4': [
    'The caller could not prove to be who they should be, and was turned away before any message.',
    COMPARE,
  ],
  'handshake-f5': [
    'The server turned this device away at the last step: it may be busy, or know another key under your name.',
    'ask the other side, then: waxwing client HOST:PORT',
  ],
  prekeys: [
    'What a device left at its relay for the start of a conversation is not good, so none was started with it.',
    'try again later: the device leaves new keys when it is next online',
  ],
  start: [
    'The first message of a new conversation came in a form from which none can be started. Nothing was shown.',
    'nothing to do: the sender is told, and starts once more by itself',
  ],
  room: [
    'What a device sent about a room is not good: its list of members, a change of it, or a signature.',
    'nothing: the room stays as it was; if it happens again, ask an admin of the room to compare waxwing --version',
  ],
  quote: [
    'A message that its sender gave again is not what was signed, or is not missing here. Nothing was shown.',
    'nothing to do: what is missing stays told as missing',
  ],
  signal: ['A sign that somebody types was not taken.', 'nothing to do: it means nothing for the messages'],
  outer: [
    'What lay in the mailbox does not open: it was changed on the way, or is not for this device.',
    'nothing to do: the sender is told, and sends it again',
  ],
  link: [
    'That is no link of a relay: one begins with waxwing:// and ends after the last character of its line.',
    'copy it again, whole',
  ],
  record: ['A record was changed, lost or out of place, or the other side refused one of ours.', AGAIN],
  'envelope-0': ['The envelope was malformed, out of its place, or not for this device. Nothing was shown.', AGAIN],
  'envelope-1': ['The HMAC does not hold: the bytes were changed on the way, or are not your peer’s.', AGAIN],
  'envelope-3': ['The message could not be unwrapped or decrypted. Nothing was shown.', AGAIN],
  'envelope-4': ['The message is too old, from the future, or not the next one in its order.', CLOCKS],
  'envelope-5': [
    'The signature does not hold: your peer’s device did not sign this. Nothing was shown.',
    'treat that device as broken or hostile until its owner explains: /block',
  ],
  evidence: ['The evidence does not prove what it says.', 'ask for it again, then: waxwing evidence verify DIR'],
  'classic-format': [
    'What came is no package of the original program.',
    'check that the other side runs the original program, or waxwing with --classic',
  ],
  'classic-hmac': [
    'The package’s HMAC does not hold: the two ends have different secrets, or it was changed on the way.',
    'give both ends the same secret: --classic-secret-file FILE',
  ],
  'classic-unwrap': [
    'The package’s message key was wrapped for another key than this one.',
    'start both ends anew and send it again',
  ],
  'classic-decrypt': ['The package’s text does not decrypt.', 'ask your peer to send it again'],
  'classic-age': ['The package is more than a minute old.', 'compare the clocks of both machines and ask for it again'],
  'classic-signature': [
    'The signature over the text does not hold, so the text is not shown.',
    'do not act on it; ask your peer another way',
  ],
  limit: ['That is over a limit of the protocol and was not sent.', 'make it smaller, or send it in parts'],
  reuse: ['Something made for one use was used twice; it was stopped.', AGAIN],
  primitive: ['A cryptographic function refused its input.', 'please report this: waxwing --version and the local log'],
};

const CLIENT: Table<ClientErrorCode> = {
  'home-locked': ['Another waxwing process lives in this home.', 'use another: waxwing server --profile NAME'],
  'home-read-only': ['The home cannot be written.', 'choose another with WAXWING_HOME=DIR, or repair its permissions'],
  'disk-full': ['The disk is full: nothing more can be kept.', 'make room, then start again'],
  'home-io': ['The disk failed to read or write.', 'check the disk, then restore a backup: waxwing restore FILE'],
  'home-damaged': ['The home’s database does not open, or is not whole.', 'waxwing restore FILE'],
  'home-key-missing': ['There is a database, and the key to it is gone.', 'waxwing restore FILE'],
  'home-too-new': ['A newer waxwing wrote this home.', 'install that version or a newer one'],
  'home-closed': ['The home was already closed.', 'start the program again'],
  'home-missing': ['There is no identity here yet.', 'waxwing id show --create'],
  'home-not-empty': [
    'There already is something in this home, which would be overwritten.',
    'waxwing restore FILE --profile NAME',
  ],
  'profile-invalid': ['That is no name for a profile.', 'use letters, digits, - and _: --profile NAME'],
  'passphrase-needed': [
    'This home is protected by a passphrase and nobody can be asked.',
    'set WAXWING_PASSPHRASE_FILE=FILE',
  ],
  'passphrase-wrong': ['That is not the passphrase.', 'try again'],
  'passphrase-empty': ['An empty passphrase protects nothing.', 'waxwing id protect'],
  'already-protected': [
    'This home already is under a passphrase.',
    'to change it: waxwing id unprotect, then waxwing id protect',
  ],
  'not-protected': ['This home is not under a passphrase.', 'waxwing id protect'],
  'backup-exists': ['There already is a file of that name; it is kept.', 'choose another name: waxwing backup FILE'],
  'backup-missing': ['There is no such file.', 'check the name: waxwing restore FILE'],
  'backup-damaged': ['The backup does not open, or is not whole.', 'use another backup: waxwing restore FILE'],
  'backup-unwritable': ['The backup cannot be written there.', 'choose another place: waxwing backup FILE'],
  'peer-changed': [
    'Another key answered under a name you know. Nothing was sent.',
    'ask your peer another way; if the new key is theirs: waxwing peers accept NAME SHA256:…',
  ],
  'peer-blocked': ['You have blocked this peer.', 'to lift it: waxwing peers block --undo PEER'],
  'peer-rollback': [
    'An older set of keys than one already seen was shown: an old one may have been stolen.',
    'your peer runs: waxwing id rotate --device',
  ],
  'peer-quarantined': [
    'Your peer has sent too many things that failed behind a good HMAC: their device is broken or hostile.',
    'ask them another way; then leave and connect again, or /block',
  ],
  'name-unknown': ['Nobody and nothing here is called that.', 'waxwing peers list'],
  'name-ambiguous': ['More than one is called that.', 'waxwing peers list, and give more of the fingerprint'],
  'name-taken': ['Another peer already has that name.', 'waxwing peers list'],
  'name-invalid': ['That cannot be a name.', 'use 1 to 64 visible characters: /name NAME'],
  'message-unknown': ['There is no message of that number.', '/history'],
  'no-evidence': ['That message carries no signed statement to show to others.', '/proof all'],
  'fingerprint-differs': [
    'The fingerprint you gave is not the one of this peer.',
    'ask your peer for it again over another way; if it still differs, someone may sit between you',
  ],
  'too-large': [
    'The message is larger than one may be and was not sent; its text is kept.',
    'shorten it, or send it in parts',
  ],
  'not-text': [
    'What was to be a message is no text in UTF-8, and was not sent.',
    'encode it first, for example with base64',
  ],
  'not-acknowledged': ['Your peer has not confirmed the message yet. It is kept.', AGAIN],
  'restored-copy': [
    'This home is an older copy: your peer has had more messages from it than it knows of.',
    'waxwing id rotate --device',
  ],
  'file-exists': ['There already is something of that name; it is kept.', 'choose another name'],
  'file-missing': ['There is no such file or folder.', 'check the name'],
  'file-unwritable': ['That cannot be written there.', 'choose another place'],
  'confirmation-needed': ['This asks before it does anything, and nobody can be asked.', 'add --yes'],
  'option-misplaced': ['One of the options means nothing beside another one.', 'leave it out: waxwing help COMMAND'],
  'lab-missing': [
    'The attack lab is not part of this package.',
    'in a checkout of the repository: npx waxwing lab list',
  ],
  'attack-unknown': ['There is no attack of that name.', 'waxwing lab list'],
  'check-unknown': ['The lab cannot do without a check of that name.', 'waxwing lab list'],
  'recording-invalid': [
    'That is no X-ray recording, or it was cut or changed.',
    'waxwing xray FILE, with what --record wrote',
  ],
  'secret-missing': [
    'The classic protocol needs the secret that both ends share.',
    'waxwing server --classic --classic-secret-file FILE',
  ],
  'address-invalid': ['That is no address.', 'waxwing client 127.0.0.1:8000'],
  'port-in-use': ['Another program listens on that port.', 'choose another: waxwing server --port 8001'],
  'port-forbidden': ['This user may not open that port.', 'choose one above 1023: waxwing server --port 8000'],
  'connection-refused': ['Nobody listens at that address.', 'start the other side first: waxwing server'],
  'host-not-found': ['There is no such host.', 'check the name: waxwing client HOST:PORT'],
  'host-unreachable': ['There is no way to that host from here.', 'check the network, then: waxwing client HOST:PORT'],
  'connection-failed': ['The connection failed.', AGAIN],
  'handshake-failed': ['The two ends could not agree on a secure connection. No message was sent.', COMPARE],
  'peer-busy': ['The other side is talking to someone else.', 'try again later: waxwing client HOST:PORT'],
  'peer-rejected': [
    'The other side ended the connection without a reason.',
    'ask them to look with /why on their side',
  ],
  'connection-cut': ['The connection was cut without a goodbye.', AGAIN],
  'relay-changed': ['Another key answers at the relay’s address. It was not told who you are.', COMPARE],
  'relay-rollback': [
    'The relay shows an older certificate than before: its old keys may have leaked, or it is an old copy.',
    'ask its operator over another way',
  ],
  'relay-refused': ['The relay refused, and there is no code for why.', 'ask its operator what its log says'],
  'relay-flood': ['The relay sent more than it may at a time.', 'ask its operator what runs there'],
  'relay-unavailable': ['The relay stores nothing just now.', 'nothing to do: it is tried again by itself'],
  'relay-replaced': ['Another program has a connection for this device.', 'end the other program that uses this home'],
  'not-a-member': ['The relay does not know this device.', 'ask its operator or a member for an invite link'],
  'invite-unknown': ['The relay does not know this invite.', 'copy the link again, whole, or ask for a new one'],
  'invite-used': ['The invite has been used.', 'ask for a new one'],
  'invite-expired': ['The invite has come to its end.', 'ask for a new one'],
  'account-unknown': ['That account is not at this relay, or has a new device.', 'ask for a contact link'],
  'prekeys-missing': [
    'That account has left no keys at the relay, so nobody can write to it.',
    'ask for its user to connect once: what you write is kept',
  ],
  'mailbox-full': ['The mailbox is full: nobody has come for a long time.', 'nothing to do: what you wrote is kept'],
  'prekeys-bad': [
    'The keys that the relay gave for this account do not pass a check: nothing was sent.',
    'tell the operator of the relay',
  ],
  'not-connected': ['This needs the relay, which is not connected now.', 'wait until it is, then try again'],
  'no-relay': ['This home has joined no relay.', 'open an invite link of one'],
  'not-in-room': ['You are not in that room, or not any more.', 'ask an admin of it to let you in'],
  'not-admin': ['Only an admin decides about a room.', 'ask one of its admins: /room members'],
  'last-admin': ['A room is not left without an admin.', '/room admin @name, then try again'],
  'room-full': ['A room has at most 64 devices.', 'take somebody out first, or make a second room'],
  'room-forked': [
    'A member told different members different things about who is in the room: nothing is sent there.',
    'ask the others what they see; then /room settle goes on, /room leave leaves',
  ],
  'not-delivered': [
    'It was sent anew several times, and never opened there.',
    'ask your peer to run /doctor, then /resend',
  ],
  'too-fast': ['That is more than the relay takes at a time.', 'nothing to do: it is tried again by itself'],
};

const TABLE: Readonly<Record<string, readonly [string, string] | undefined>> = { ...PROTOCOL, ...CLIENT };

/** The codes that have an explanation of their own. */
export const EXPLAINED_CODES: readonly string[] = Object.keys(TABLE);

/** The explanation of an error code; an unknown code gets an honest general one. */
export function why(code: string): Why {
  const [sentence, next] = (Object.hasOwn(TABLE, code) ? TABLE[code] : undefined) ?? [
    `Something failed that has no explanation yet (${sanitiseLine(code, 60)}).`,
    'please report this: waxwing --version and the local log',
  ];
  return { sentence, next };
}

/** What was refused: `number` where a message had one, `detail` the error's own message (local, made safe here). */
export interface Refusal {
  readonly number?: number | undefined;
  readonly code: string;
  readonly check?: string | undefined;
  readonly detail?: string | undefined;
  /** Unix ms. */
  readonly at?: number | undefined;
}

/** The lines of `/why N`, safe to print. */
export function whyReport(refusal: Refusal): string[] {
  const { sentence, next } = why(refusal.code);
  const what = refusal.number === undefined ? 'Refused' : `#${refusal.number} was refused`;
  const when = refusal.at === undefined ? '' : ` at ${formatMoment(refusal.at)}`;
  const check = refusal.check === undefined ? '' : `, check ${sanitiseLine(refusal.check, 60)}`;
  const lines = [`${what}${when}: ${sentence}`];
  if (refusal.detail !== undefined && refusal.detail !== '')
    lines.push(`  Reason  ${sanitiseLine(refusal.detail, 400)}`);
  lines.push(`  Code    ${sanitiseLine(refusal.code, 60)}${check}`, `  Next    ${next}`);
  return lines;
}
