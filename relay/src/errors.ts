/** The relay's one way to fail towards its operator: a typed error with a code, a sentence, and the next step. */

export type RelayErrorCode =
  | 'relay-config' // an option, variable or line of the TOML file that is not valid
  | 'relay-cannot-listen' // the port or address cannot be had
  | 'relay-running' // another process serves from this data folder
  | 'relay-missing' // there is no relay in this data folder
  | 'relay-disk' // the disk cannot be written, is full, or failed
  | 'relay-damaged' // the database is not whole, or not a relay's
  | 'relay-too-new' // written by a newer version of the program
  | 'relay-control' // the running relay did not answer a command
  | 'relay-user-unknown'
  | 'relay-backup-exists' // never overwritten silently
  | 'relay-backup-damaged'
  | 'relay-not-empty'; // a restore would overwrite a relay

/** `code` is stable and documented in docs/errors.md; `message` says what happened; `next` what to do about it. */
export class RelayError extends Error {
  override readonly name = 'RelayError';
  readonly code: RelayErrorCode;
  readonly next: string;

  constructor(code: RelayErrorCode, message: string, next: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.next = next;
  }
}

/** Whether `error` is a RelayError, optionally of one of the given codes. */
export function isRelayError(error: unknown, ...codes: readonly RelayErrorCode[]): error is RelayError {
  return error instanceof RelayError && (codes.length === 0 || codes.includes(error.code));
}
