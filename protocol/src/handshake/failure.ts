import { isProtocolError, ProtocolError, type ProtocolErrorCode } from '../errors.ts';
import type { HandshakeCode } from './expected-frame.ts';

/** How a failure of a lower floor is named in the handshake. */
export interface Failure {
  /** The code of the lower floor. */
  readonly from: ProtocolErrorCode;
  readonly code: HandshakeCode;
  readonly check: string;
  readonly message: string;
}

/** What `compute` gives; its failure of code `from` becomes the handshake's, which keeps it as its cause. */
export function failAs<Result>({ from, code, check, message }: Failure, compute: () => Result): Result {
  try {
    return compute();
  } catch (cause) {
    if (!isProtocolError(cause, from)) throw cause;
    throw new ProtocolError(code, check, message, { cause });
  }
}
