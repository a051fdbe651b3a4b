/** Telling whoever watches what did not pass. */
import type { Frame } from '../codec/frame.ts';
import { isProtocolError } from '../errors.ts';
import type { FrameReader } from '../framing/frame-reader.ts';
import type { HandshakeTrace } from '../handshake/handshake-trace.ts';

/** Tells a failure of the protocol; `frame` is undefined where its announced length was refused. */
export function traceRefusal(trace: HandshakeTrace | undefined, frame: Frame | undefined, error: unknown): void {
  if (isProtocolError(error)) trace?.()?.tell({ kind: 'refused', frame: frame?.bytes, error });
}

/** The reader's next frame. @throws ProtocolError `frame`, told before */
export function nextFrame(reader: FrameReader, trace: HandshakeTrace | undefined): Frame | undefined {
  try {
    return reader.next();
  } catch (error) {
    traceRefusal(trace, undefined, error);
    throw error;
  }
}
