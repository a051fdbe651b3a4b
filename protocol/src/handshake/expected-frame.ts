import { FRAME, type Frame } from '../codec/frame.ts';
import { ProtocolError } from '../errors.ts';

/** The code of a failure at F1 … F5. */
export type HandshakeCode = 'handshake-f1' | 'handshake-f2' | 'handshake-f3' | 'handshake-f4' | 'handshake-f5';

/**
 * A frame whose type is not the next one is refused (§3).
 * @throws ProtocolError `code`: check `rejected` (the peer sent the reject frame), `reject body`, or `type`
 */
export function requireFrame(frame: Frame, type: number, code: HandshakeCode): void {
  if (frame.type === type) return;
  if (frame.type !== FRAME.REJECT) {
    throw new ProtocolError(code, 'type', 'The frame received is not the next one of the handshake.');
  }
  if (frame.body.length > 0) throw new ProtocolError(code, 'reject body', 'A reject frame with a body was received.');
  throw new ProtocolError(code, 'rejected', 'The peer ended the handshake: something it received failed a check.');
}
