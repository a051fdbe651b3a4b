/** A pair of connected TCP sockets on loopback, and the bytes that crossed it. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

export class SocketPairs {
  readonly #server: Server;
  readonly #port: number;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.#port = port;
  }

  static async open(): Promise<SocketPairs> {
    const server = createServer({ noDelay: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const bound = server.address();
    return new SocketPairs(server, typeof bound === 'object' && bound !== null ? bound.port : 0);
  }

  /** The accepting end and the dialling end of a new connection. */
  async connect(): Promise<readonly [near: Socket, far: Socket]> {
    const accepted = once(this.#server, 'connection') as Promise<[Socket]>;
    const far = connect({ host: '127.0.0.1', port: this.#port, noDelay: true });
    const [[near]] = await Promise.all([accepted, once(far, 'connect')]);
    return [near, far];
  }

  close(): void {
    this.#server.close();
  }
}
