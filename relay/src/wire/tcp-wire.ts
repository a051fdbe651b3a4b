/** A caller over TCP: frames one after the other. */
import type { Socket } from 'node:net';
import { callerAddress } from './caller-address.ts';
import type { Wire, WireHandler } from './wire.ts';

/** How long an ended wire may still take what was written, ms. */
const LINGER = 3_000;

export class TcpWire implements Wire {
  readonly address: string;
  readonly #socket: Socket;
  #corked = false;
  #handler: WireHandler | undefined;

  /** Takes over a paused socket. */
  constructor(socket: Socket) {
    this.#socket = socket;
    this.address = callerAddress(socket.remoteAddress);
    socket
      .on('data', (chunk: Buffer) => this.#handler?.receive(chunk))
      .on('error', () => undefined) // 'close' follows
      .once('end', () => socket.end())
      .once('close', () => this.#handler?.closed());
    socket.pause(); // a listener of data would set it flowing
  }

  get unwritten(): number {
    return this.#socket.writableLength;
  }

  write(frame: Uint8Array): void {
    if (!this.#socket.writable) return;
    if (!this.#corked) {
      // What is said in one turn of the event loop leaves together.
      this.#corked = true;
      this.#socket.cork();
      process.nextTick(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    }
    this.#socket.write(frame, () => this.#handler?.drained());
  }

  listen(handler: WireHandler): void {
    this.#handler = handler;
    this.#socket.resume();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
    this.#socket.resume(); // what still comes is read away, or the end would never be seen
    setTimeout(() => this.cut(), LINGER).unref();
  }

  cut(): void {
    this.#socket.destroy();
  }
}
