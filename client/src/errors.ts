/** The SDK's one way to fail: a typed error with a code, a sentence, and the user's next step. */

export type ClientErrorCode =
  // homes
  | 'home-locked' // another process lives in this home
  | 'home-read-only' // the folder or a file in it cannot be written
  | 'disk-full'
  | 'home-io' // the disk failed to read or write
  | 'home-damaged' // the database does not open, or is not whole
  | 'home-key-missing' // there is a database and no key to it
  | 'home-too-new' // written by a newer version of the program
  | 'home-closed' // used after close()
  | 'home-missing' // looked at, and there is none yet
  | 'home-not-empty' // a restore would overwrite something
  | 'profile-invalid' // a profile name outside its grammar
  | 'passphrase-needed' // the home is protected and nobody can be asked
  | 'passphrase-wrong'
  | 'passphrase-empty'
  | 'already-protected'
  | 'not-protected'
  // backups
  | 'backup-exists' // never overwritten silently
  | 'backup-missing'
  | 'backup-damaged'
  | 'backup-unwritable'
  // peers and names
  | 'peer-changed' // another account under a pinned name: blocked until accepted
  | 'peer-blocked'
  | 'peer-quarantined' // too many failures behind a good HMAC (§5.4)
  | 'peer-rollback' // an older bundle of a device than one already seen (§2)
  | 'name-unknown' // no peer, or no message, is called that
  | 'name-ambiguous'
  | 'name-taken'
  | 'name-invalid'
  | 'message-unknown' // no message has that number
  | 'no-evidence' // the message carries no signed statement
  | 'fingerprint-differs' // what the user compared is not equal
  // messages
  | 'too-large' // over the body limit (§12), refused before sending
  | 'not-text' // bytes that were to be a message are not UTF-8
  | 'not-acknowledged'
  | 'restored-copy' // the peer has accepted more than this home ever sent
  // files the user names, and questions
  | 'file-exists' // never overwritten silently
  | 'file-missing'
  | 'file-unwritable'
  | 'confirmation-needed' // nobody can be asked
  | 'option-misplaced' // an option that means nothing beside another one
  | 'lab-missing' // the attack lab is not packed
  | 'attack-unknown' // the attack lab has none of that name
  | 'check-unknown' // the attack lab cannot do without a check of that name
  | 'recording-invalid' // a file that is no X-ray recording
  | 'secret-missing' // the classic protocol's shared secret was not given (§13)
  // network
  | 'address-invalid'
  | 'port-in-use'
  | 'port-forbidden'
  | 'connection-refused'
  | 'host-not-found'
  | 'host-unreachable'
  | 'connection-failed' // any other failure of a socket
  | 'handshake-failed'
  | 'peer-busy'
  | 'peer-rejected'
  | 'connection-cut'
  // relays
  | 'relay-changed' // another key under a relay's address: it was not told who we are
  | 'relay-rollback' // an older certificate of the relay than one already seen (§2)
  | 'relay-refused' // the relay refused a handshake or a request, for a reason without a code of its own
  | 'relay-flood' // it sends more than a relay may (§11.4)
  | 'relay-unavailable' // it stores nothing now, or is being stopped
  | 'relay-replaced' // another program has a channel for this device
  | 'not-a-member'
  | 'invite-unknown'
  | 'invite-used'
  | 'invite-expired'
  | 'account-unknown' // no member of this relay
  | 'prekeys-missing' // nobody can write to that account yet
  | 'prekeys-bad' // what the relay gave out as keys does not pass a check (§9.1)
  | 'mailbox-full'
  | 'too-fast'
  | 'not-connected' // what was asked for needs the relay, which is not connected now
  | 'no-relay' // this home has joined no relay
  | 'not-in-room' // left, or taken out
  | 'not-admin' // admins decide about a room
  | 'last-admin' // a room is not left without one
  | 'room-full'
  | 'room-forked' // two states by one author (§10.5): nothing is sent there
  | 'not-delivered'; // sent anew several times, and it never opened there (§9.4)

/**
 * A failure of the SDK. `code` is stable and documented in docs/errors.md; `message` is a sentence that says what
 * happened; `next` is what to do about it: a sentence or a command.
 */
export class WaxwingError extends Error {
  override readonly name = 'WaxwingError';
  readonly code: ClientErrorCode;
  readonly next: string;

  constructor(code: ClientErrorCode, message: string, next: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.next = next;
  }
}

/** Whether `error` is a WaxwingError, optionally of one of the given codes. */
export function isWaxwingError(error: unknown, ...codes: readonly ClientErrorCode[]): error is WaxwingError {
  return error instanceof WaxwingError && (codes.length === 0 || codes.includes(error.code));
}

/** Whether the disk failed in a way that may pass: what was not kept is tried again. A damaged home does not mend itself. */
export function isDiskFailure(error: unknown): error is WaxwingError {
  return isWaxwingError(error, 'disk-full', 'home-io', 'home-read-only', 'home-locked');
}
