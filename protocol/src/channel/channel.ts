/** An authenticated, forward-secret stream of contents between two ends (§4), without its sockets and timers. */
import type { Bytes } from '../bytes.ts';
import { encodeFrame, FRAME, type Frame } from '../codec/frame.ts';
import { isProtocolError, ProtocolError } from '../errors.ts';
import type { FrameReader } from '../framing/frame-reader.ts';
import type { HandshakeResult } from '../handshake/handshake-result.ts';
import type { Content } from './content.ts';
import { nextFrame, traceRefusal } from './refusal-trace.ts';
import { type ChannelTrace, openRecord, sealRecord } from './record-trace.ts';
import type { RecordOpener, RecordSealer } from './records.ts';

/** The one outward answer to any failure (§3): send it, then close. */
export const REJECT: Bytes = encodeFrame(FRAME.REJECT, new Uint8Array(0));

/** A failure that ended a channel; what had arrived before it stays good. */
export class ChannelError extends ProtocolError {
  /** Contents of the same chunk that opened before the failure: authentic and in order, often an acknowledgement. */
  readonly received: readonly Content[];

  constructor(cause: ProtocolError, received: readonly Content[]) {
    super(cause.code, cause.check, cause.message, { cause });
    this.received = received;
  }
}

/** The parts a finished handshake hands to its channel. */
export interface ChannelParts {
  readonly handshake: HandshakeResult;
  readonly sealer: RecordSealer;
  readonly opener: RecordOpener;
  /** May hold bytes that came together with the end of the handshake. */
  readonly reader: FrameReader;
  readonly trace?: ChannelTrace | undefined;
}

/**
 * Made by HandshakingServer and HandshakingClient. Bytes that arrived together with the handshake's last frame wait
 * inside: call `receive` with an empty chunk once after it was established. Any failure ends the channel for good.
 */
export class Channel {
  #handshake: HandshakeResult | undefined;
  readonly #sealer: RecordSealer;
  readonly #opener: RecordOpener;
  readonly #reader: FrameReader;
  readonly #sent: Direction;
  readonly #received: Direction;
  readonly #trace: ChannelTrace | undefined;
  #failed = false;

  constructor(parts: ChannelParts) {
    this.#handshake = parts.handshake;
    this.#sealer = parts.sealer;
    this.#opener = parts.opener;
    this.#reader = parts.reader;
    this.#trace = parts.trace;
    const server = parts.handshake.role === 'server';
    this.#sent = new Direction(server);
    this.#received = new Direction(!server);
  }

  /** @throws ProtocolError `reuse`, check `handshake`, once it was forgotten */
  get handshake(): HandshakeResult {
    if (this.#handshake === undefined) throw new ProtocolError('reuse', 'handshake', 'The handshake was forgotten.');
    return this.#handshake;
  }

  /**
   * Lets go of what the handshake gave: the secrets that a relay has no use for, the first record keys, and the peer's
   * bundle, whose keys take more memory than the rest of a channel.
   */
  forgetHandshake(): void {
    this.#handshake = undefined;
  }

  /**
   * The record frame of a content, to be written in the order of the calls.
   * @throws ProtocolError `record` (check `ended`, or `misplaced`: ready, a busy that is not the server's first record,
   *   a flight or second close after our close), `limit` above 131,072 bytes, `reuse` at the counter's end
   */
  seal(content: Content): Bytes {
    if (this.#failed) throw ended();
    this.#sent.check(content);
    const frame = sealRecord(this.#sealer, content, this.#trace);
    this.#sent.note(content);
    return frame;
  }

  /**
   * Takes bytes from the peer, gives the contents that became complete.
   * @throws ChannelError, code `record` (check `rejected`: the peer sent the reject frame) or `frame`; the channel has
   *   then ended: process its `received`, send REJECT, close
   */
  receive(chunk: Uint8Array): Content[] {
    if (this.#failed) throw ended();
    const contents: Content[] = [];
    try {
      this.#reader.push(chunk);
      for (let frame = this.#next(); frame !== undefined; frame = this.#next()) {
        contents.push(this.#open(frame));
      }
    } catch (error) {
      this.#failed = true;
      throw isProtocolError(error) ? new ChannelError(error, contents) : error;
    }
    return contents;
  }

  #next(): Frame | undefined {
    return nextFrame(this.#reader, this.#trace);
  }

  #open(frame: Frame): Content {
    try {
      const content = openRecord(this.#opener, frame, this.#trace);
      this.#received.check(content);
      this.#received.note(content);
      return content;
    } catch (error) {
      traceRefusal(this.#trace, frame, error);
      throw error;
    }
  }
}

/** Which kinds still have a place in one direction, after F5 (§4). */
class Direction {
  readonly #fromServer: boolean;
  #first = true;
  #closed = false;

  constructor(fromServer: boolean) {
    this.#fromServer = fromServer;
  }

  /** @throws ProtocolError `record`, check `misplaced` */
  check(content: Content): void {
    if (content.kind === 'ready') throw misplaced('A ready after the handshake');
    if (content.kind === 'busy' && !(this.#fromServer && this.#first)) throw misplaced('A busy');
    // [5] says that no flight of mine follows; a second [5] would say it anew with another number.
    if (this.#closed && (content.kind === 'envelope' || content.kind === 'close')) {
      throw misplaced('A flight or a close after the close');
    }
  }

  note(content: Content): void {
    this.#first = false;
    if (content.kind === 'close') this.#closed = true;
  }
}

function ended(): ProtocolError {
  return new ProtocolError('record', 'ended', 'The channel has ended.');
}

/** The error for a content whose kind has no place where it came (§4); callers use it for kinds their channel does not know. */
export function misplaced(what: string): ProtocolError {
  return new ProtocolError('record', 'misplaced', `${what} has no place here.`);
}
