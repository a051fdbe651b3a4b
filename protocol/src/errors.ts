/** The one way to fail: a typed error whose code comes from one union. docs/errors.md has the table. */

export type ProtocolErrorCode =
  | 'cbor' // §1.1 not canonical CBOR of the closed subset, or not the schema's shape
  | 'statement' // §1.2 a name or value the statement grammar refuses
  | 'profile' // §1.3 a key, signature or wrap outside the RSA profile
  | 'bundle' // §2 a bundle that is not good
  | 'fingerprint' // §2 a typed pin that is no fingerprint
  | 'etm' // §3 an EtM box that does not open
  | 'frame' // §3 a frame length outside its limits
  | 'handshake-f1' // §3
  | 'handshake-f2'
  | 'handshake-f3'
  | 'handshake-f4'
  | 'handshake-f5'
  | 'record' // §4 a record that does not open, or of an unknown or misplaced kind
  | 'envelope-0' // §5.4 structure
  | 'envelope-1' // §5.4 HMAC
  | 'envelope-3' // §5.4 unwrap and decrypt, one error
  | 'envelope-4' // §5.4 freshness
  | 'envelope-5' // §5.4 signature
  | 'evidence' // §7
  | 'prekeys' // §9.1 a prekey statement, entry or path that is not good
  | 'start' // §9.3 a start that makes no session here
  | 'room' // §10.1, §10.2 a member file, a room's state or a change of it that is not good
  | 'quote' // §9.6 a quoted flight that is not its sender's, or has no place here
  | 'signal' // §9.7 a typing signal that is not taken
  | 'outer' // §11.3 an outer sealing that does not open
  | 'link' // §11.2 a text that is no address, invite or contact link of a relay
  | 'classic-format' // §13
  | 'classic-hmac'
  | 'classic-unwrap'
  | 'classic-decrypt'
  | 'classic-age'
  | 'classic-signature'
  | 'limit' // §12 something of ours is over a limit (refused before it is sent)
  | 'reuse' // a single-use object was used twice, or a counter reached its end
  | 'primitive'; // a primitive refused its input (the caller maps it to its layer)

/**
 * A failure of the protocol. `code` is stable and documented; `check` names the single check that failed (local detail,
 * never told to a peer); `message` is a sentence.
 */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly code: ProtocolErrorCode;
  readonly check: string;

  constructor(code: ProtocolErrorCode, check: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.check = check;
  }
}

/** Whether `error` is a ProtocolError, optionally of one of the given codes. */
export function isProtocolError(error: unknown, ...codes: readonly ProtocolErrorCode[]): error is ProtocolError {
  return error instanceof ProtocolError && (codes.length === 0 || codes.includes(error.code));
}
