/** The dialling side: its handshake over a byte stream, up to the channel (§3, §4). */
import type { Bytes } from '../bytes.ts';
import { requireFrame } from '../handshake/expected-frame.ts';
import { FRAME } from '../codec/frame.ts';
import { isProtocolError, ProtocolError } from '../errors.ts';
import type { ClientResult, HandshakeDevice } from '../handshake/handshake-result.ts';
import { type AwaitingF3, startInitiator } from '../handshake/initiator.ts';
import type { Primitives } from '../primitives.ts';
import { Channel } from './channel.ts';
import type { Content } from './content.ts';
import { HandshakeDriver, type HandshakeState, type Step } from './handshake-driver.ts';
import { type ChannelTrace, openRecord } from './record-trace.ts';
import { RecordOpener, RecordSealer } from './records.ts';

export interface HandshakingClientOptions {
  readonly device: HandshakeDevice;
  /** The account (32) the server must have; any where absent. */
  readonly pin?: Bytes | undefined;
  readonly trace?: ChannelTrace | undefined;
}

/** The server speaks first: feed what arrives to `receive`, until a step has the channel or it throws. */
export class HandshakingClient {
  readonly #driver: HandshakeDriver;

  constructor(p: Primitives, options: HandshakingClientOptions) {
    const start = startInitiator(p, options);
    this.#driver = new HandshakeDriver(async (frame, now) => {
      const { f2, next } = await start.receiveF1(frame, now);
      return { send: f2, next: { state: awaitF3(p, next, options.trace) } };
    }, options.trace);
  }

  /**
   * The channel exists only once F5 has opened: nothing can be sent to a server that refuses (§3).
   * @throws ProtocolError `frame`, `handshake-f1`, `handshake-f3` (PinMismatchError for another account than the
   *   pinned one), `handshake-f5`; then send REJECT and close. `reuse` after a failure.
   */
  receive(chunk: Uint8Array, now: number): Promise<Step> {
    return this.#driver.receive(chunk, now);
  }
}

function awaitF3(p: Primitives, state: AwaitingF3, trace: ChannelTrace | undefined): HandshakeState {
  return async (frame, now) => {
    const { f4, next } = await state.receiveF3(frame, now);
    return { send: f4, next: { state: awaitF5(p, next, trace) } };
  };
}

function awaitF5(p: Primitives, handshake: ClientResult, trace: ChannelTrace | undefined): HandshakeState {
  const { sendKey, sendIv, receiveKey, receiveIv } = handshake.recordKeys;
  const sealer = new RecordSealer(p, { key: sendKey, iv: sendIv });
  const opener = new RecordOpener(p, { key: receiveKey, iv: receiveIv });
  return async (frame) => {
    requireFrame(frame, FRAME.RECORD, 'handshake-f5');
    let content: Content;
    try {
      content = openRecord(opener, frame, trace);
    } catch (cause) {
      if (!isProtocolError(cause, 'record')) throw cause;
      throw new ProtocolError('handshake-f5', 'open', 'The first record of the server does not open.', { cause });
    }
    if (content.kind !== 'ready') {
      throw new ProtocolError('handshake-f5', 'ready', 'The first record of the server is not the ready record.');
    }
    return { next: { channel: (reader) => new Channel({ handshake, sealer, opener, reader, trace }) } };
  };
}
