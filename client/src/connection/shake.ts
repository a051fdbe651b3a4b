/** The handshake of §3 over a stream: bytes in, bytes out, a deadline, and the own rules about who may stay. */
import { type Bundle, HANDSHAKE_DEADLINE, isProtocolError, type TraceSource } from '@waxwing/protocol';
import { type Channel, REJECT, type Step } from '@waxwing/protocol/channel';
import { isWaxwingError, WaxwingError } from '../errors.ts';
import type { ByteStream } from './byte-stream.ts';
import { type TraceEvent, traceReject } from './connection-trace.ts';

/** What the own rules say of a peer. */
const VERDICTS = ['peer-blocked', 'peer-quarantined', 'peer-rollback', 'relay-rollback'] as const;

/** Either side of a handshake. */
interface Handshaking {
  receive(chunk: Uint8Array, now: number): Promise<Step>;
}

export interface ShakeOptions {
  readonly stream: ByteStream;
  readonly side: Handshaking;
  /** F1, which the server says at once. */
  readonly hello?: Uint8Array;
  readonly now: () => number;
  /** The own rules about an authenticated peer (blocked, rolled back …): throws to refuse, before a server says F5. */
  readonly admit: (peer: Bundle) => void;
  readonly deadline?: number;
  readonly trace?: TraceSource<TraceEvent> | undefined;
}

/** The peer ended the connection, or the deadline passed, before the handshake was over. */
export class HandshakeEnded extends Error {
  override readonly name = 'HandshakeEnded';
  readonly how: 'ended' | 'rejected' | 'late';

  constructor(how: 'ended' | 'rejected' | 'late', message: string) {
    super(message);
    this.how = how;
  }
}

/**
 * Runs a handshake to its end; on any failure the peer gets the reject frame and the stream is ended.
 * @throws ProtocolError `frame`, `handshake-f1` … `-f5`; HandshakeEnded; WaxwingError from `admit`
 */
export async function shake(options: ShakeOptions): Promise<Channel> {
  const { stream, side, hello, now } = options;
  const deadline = new AbortController();
  const timer = setTimeout(() => {
    deadline.abort();
    stream.destroy();
  }, options.deadline ?? HANDSHAKE_DEADLINE);
  try {
    if (hello !== undefined) stream.write(hello);
    for await (const chunk of stream.chunks()) {
      const step = await side.receive(chunk, now());
      if (step.established !== undefined) options.admit(step.established.handshake.peer);
      for (const bytes of step.send) stream.write(bytes);
      if (step.established !== undefined) return step.established;
    }
    throw new HandshakeEnded('ended', 'The peer ended the connection during the handshake.');
  } catch (error) {
    if (deadline.signal.aborted) throw new HandshakeEnded('late', 'The handshake took longer than five seconds.');
    // A home that cannot be written is our trouble, no verdict on the peer: it finds a broken line and tries again.
    if (error instanceof WaxwingError && !isWaxwingError(error, ...VERDICTS)) {
      stream.destroy();
      throw error;
    }
    if (isProtocolError(error) || error instanceof WaxwingError) {
      const rejected = isProtocolError(error) && error.check === 'rejected';
      if (stream.writable) {
        if (!rejected) traceReject(options.trace);
        stream.end(rejected ? undefined : REJECT);
      }
      setTimeout(() => stream.destroy(), 1_000).unref();
      if (rejected) throw new HandshakeEnded('rejected', 'The peer refused the connection.');
      throw error;
    }
    stream.destroy();
    if (error instanceof HandshakeEnded) throw error;
    throw new HandshakeEnded('ended', 'The connection broke during the handshake.');
  } finally {
    clearTimeout(timer);
  }
}
