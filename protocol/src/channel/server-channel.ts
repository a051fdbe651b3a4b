/** The listening side: its handshake over a byte stream, up to the channel (§3, §4). */
import type { Bytes } from '../bytes.ts';
import type { HandshakeDevice } from '../handshake/handshake-result.ts';
import { type AwaitingF4, startResponder } from '../handshake/responder.ts';
import type { SharedEphemeral } from '../handshake/shared-ephemeral.ts';
import type { Primitives } from '../primitives.ts';
import { Channel } from './channel.ts';
import { HandshakeDriver, type HandshakeState, type Step } from './handshake-driver.ts';
import { type ChannelTrace, sealRecord } from './record-trace.ts';
import { RecordOpener, RecordSealer } from './records.ts';

export interface HandshakingServerOptions {
  readonly device: HandshakeDevice;
  /** 0, or what HandshakeGate asks under load (§3). */
  readonly puzzleBits: number;
  /** The account (32) the client must have; any where absent. */
  readonly pin?: Bytes | undefined;
  /** Shared between connections for at most a second (§3); a fresh one where absent. */
  readonly ephemeral?: SharedEphemeral | undefined;
  /** Milliseconds, the own clock. */
  readonly now: number;
  readonly trace?: ChannelTrace | undefined;
}

/** Write `hello` at once, then feed what arrives to `receive`, until a step has the channel or it throws. */
export class HandshakingServer {
  /** F1. */
  readonly hello: Bytes;
  readonly #driver: HandshakeDriver;

  /** @throws ProtocolError `reuse` for an expired ephemeral, `limit` for puzzle bits above 20 */
  constructor(p: Primitives, options: HandshakingServerOptions) {
    const { f1, state } = startResponder(p, options);
    this.hello = f1;
    this.#driver = new HandshakeDriver(async (frame, now) => {
      const { f3, next } = await state.receiveF2(frame, now);
      return { send: f3, next: { state: awaitF4(p, next, options) } };
    }, options.trace);
  }

  /**
   * The last step's `send` ends with F5.
   * @throws ProtocolError `frame`, `handshake-f2`, `handshake-f4` (PinMismatchError for another account than the
   *   pinned one); then send REJECT and close. `reuse` after a failure.
   */
  receive(chunk: Uint8Array, now: number): Promise<Step> {
    return this.#driver.receive(chunk, now);
  }
}

function awaitF4(
  p: Primitives,
  state: AwaitingF4,
  { pin, trace }: Pick<HandshakingServerOptions, 'pin' | 'trace'>,
): HandshakeState {
  return async (frame, now) => {
    const handshake = await state.receiveF4(frame, now, { pin });
    const { sendKey, sendIv, receiveKey, receiveIv } = handshake.recordKeys;
    const sealer = new RecordSealer(p, { key: sendKey, iv: sendIv });
    const opener = new RecordOpener(p, { key: receiveKey, iv: receiveIv });
    return {
      send: sealRecord(sealer, { kind: 'ready' }, trace), // F5, the server's record 0
      next: { channel: (reader) => new Channel({ handshake, sealer, opener, reader, trace }) },
    };
  };
}
