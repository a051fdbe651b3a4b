/** A bare connection: whoever dials and writes bytes of his own, without any program of ours. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bytes } from '@waxwing/protocol';
import type { Lab } from '../lab.ts';

const PATIENCE = 20_000;

export interface RawOptions {
  /** On loopback. */
  readonly port: number;
  /** Whether each read is written back as it came. */
  readonly echo?: boolean;
}

export class RawSocket {
  /** What each read gave. */
  readonly reads: Bytes[] = [];
  /** Whether the other end has closed. */
  ended = false;
  readonly #socket: Socket;

  private constructor(socket: Socket, echo: boolean) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.reads.push(new Uint8Array(chunk));
      if (echo) socket.write(chunk);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.ended = true;
    });
  }

  static async dial(lab: Lab, { port, echo = false }: RawOptions): Promise<RawSocket> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    const raw = new RawSocket(socket, echo);
    lab.defer(() => socket.destroy());
    await once(socket, 'connect');
    return raw;
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Read number `number`, from 1, once it has come. @throws Error where none comes */
  async sees(number: number): Promise<Bytes> {
    const deadline = Date.now() + PATIENCE;
    while (Date.now() < deadline) {
      const read = this.reads[number - 1];
      if (read !== undefined) return read;
      if (this.ended) break;
      await sleep(10);
    }
    throw new Error(`fewer than ${number} reads came`);
  }
}
