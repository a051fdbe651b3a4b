/** A caller over WebSocket: one binary message is one frame, prefix included (§3). */
import type { WebSocket } from 'ws';
import { callerAddress } from './caller-address.ts';
import type { Wire, WireHandler } from './wire.ts';

/** Close codes of RFC 6455 §7.4.1. */
const NORMAL = 1000;
const UNSUPPORTED_DATA = 1003;

const LENGTH_SIZE = 4;
/** How long a closed wire may still take what was written, ms. */
const LINGER = 3_000;

export class WebSocketWire implements Wire {
  readonly address: string;
  readonly #socket: WebSocket;
  #handler: WireHandler | undefined;

  /** Takes over an open socket. */
  constructor(socket: WebSocket, remote: string | undefined) {
    this.#socket = socket;
    this.address = callerAddress(remote);
    socket.pause();
    socket
      .on('message', (message: Buffer, binary) => {
        if (binary && isOneFrame(message)) this.#handler?.receive(message);
        else this.#refuse();
      })
      .on('error', () => undefined) // 'close' follows
      .once('close', () => this.#handler?.closed());
  }

  get unwritten(): number {
    return this.#socket.bufferedAmount;
  }

  write(frame: Uint8Array): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(frame, { binary: true }, () => this.#handler?.drained());
  }

  listen(handler: WireHandler): void {
    this.#handler = handler;
    this.#socket.resume();
  }

  #refuse(): void {
    this.#socket.close(UNSUPPORTED_DATA);
    setTimeout(() => this.cut(), LINGER).unref();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.close(NORMAL);
    this.#socket.resume();
    setTimeout(() => this.cut(), LINGER).unref();
  }

  cut(): void {
    this.#socket.terminate();
  }
}

/** Whether a message is exactly as long as the length it begins with says. */
function isOneFrame(message: Buffer): boolean {
  return message.length > LENGTH_SIZE && LENGTH_SIZE + message.readUInt32BE(0) === message.length;
}
