/** Bytes over a TCP socket. */
import { connect, type Socket } from 'node:net';
import type { Address } from './address.ts';
import type { ByteStream } from './byte-stream.ts';
import { dialError } from './network-error.ts';

const CONNECT_DEADLINE = 10_000;

export class TcpStream implements ByteStream {
  readonly #socket: Socket;
  #failure: string | undefined;
  #drained: Promise<void> | undefined;

  /** Takes over a socket that is connected. */
  constructor(socket: Socket) {
    this.#socket = socket;
    // A failed socket is told by the reading side; a listener must stand or the process would end.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#failure ??= error.code ?? error.message;
    });
  }

  get writable(): boolean {
    return this.#socket.writable;
  }

  get congested(): boolean {
    return this.#socket.writableNeedDrain;
  }

  get failure(): string | undefined {
    return this.#failure;
  }

  chunks(): AsyncIterableIterator<Uint8Array> {
    return this.#socket.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>;
  }

  write(bytes: Uint8Array): boolean {
    return !this.#socket.writable || this.#socket.write(bytes);
  }

  drained(): Promise<void> {
    // One pair of listeners, however many wait.
    this.#drained ??= new Promise<void>((resolve) => {
      const done = (): void => {
        this.#socket.off('drain', done).off('close', done);
        this.#drained = undefined;
        resolve();
      };
      this.#socket.on('drain', done).on('close', done);
    });
    return this.#drained;
  }

  end(last?: Uint8Array): void {
    if (!this.#socket.writable) return;
    if (last === undefined) this.#socket.end();
    else this.#socket.end(last);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  onClosed(tell: () => void): void {
    this.#socket.once('close', tell);
  }
}

/** @throws WaxwingError as `dialError` says, also where `signal` gives up */
export async function connectTcp(address: Address, signal: AbortSignal): Promise<TcpStream> {
  const { host, port } = address;
  const socket = connect({ host, port, signal, allowHalfOpen: true, noDelay: true, autoSelectFamily: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.setTimeout(CONNECT_DEADLINE, () => {
        reject(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }));
      });
      socket.once('connect', resolve).once('error', reject);
    });
  } catch (error) {
    socket.destroy();
    throw dialError(error, address);
  }
  socket.setTimeout(0);
  return new TcpStream(socket);
}
