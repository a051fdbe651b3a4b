/** The relay's one port: its first byte tells frames, HTTP and WebSocket apart (§11.1). */
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { FIRST_BYTE_WITHIN, MAX_CHANNELS_PER_ADDRESS, MAX_FRAME } from '@waxwing/protocol/wire';
import type { Hono } from 'hono';
import { WebSocketServer } from 'ws';
import { RelayError } from '../errors.ts';
import { callerAddress } from '../wire/caller-address.ts';
import { TcpWire } from '../wire/tcp-wire.ts';
import { WebSocketWire } from '../wire/web-socket-wire.ts';
import type { Wire } from '../wire/wire.ts';
import { kindOf } from './first-byte.ts';

/**
 * HTTP is for a probe and for the beginning of a WebSocket: little, soon, and once a connection. All of it has this long,
 * ms: the server's own deadlines hold for connections that it accepts itself, and these are handed to it.
 */
const HTTP_WITHIN = 5_000;
const HTTP_HEADERS = 8_192;

export interface PortOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  readonly http: Hono;
  readonly call: (wire: Wire) => void;
}

export class Port {
  readonly #server: Server;
  readonly #http: HttpServer;
  readonly #webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: MAX_FRAME });
  readonly #sockets = new Set<Socket>();
  readonly #perAddress = new Map<string, number>();
  /** What cuts a connection that came for HTTP; not one that has become a WebSocket. */
  readonly #late = new WeakMap<object, NodeJS.Timeout>();

  private constructor(server: Server, http: HttpServer, call: (wire: Wire) => void) {
    this.#server = server;
    this.#http = http;
    server.on('connection', (socket) => this.#meet(socket, call));
    http.on('upgrade', (request, socket, head) => {
      if (request.url?.split('?')[0] !== '/') {
        socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
        return;
      }
      this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
        clearTimeout(this.#late.get(socket));
        call(new WebSocketWire(webSocket, request.socket.remoteAddress));
      });
    });
  }

  /** @throws RelayError `relay-cannot-listen` */
  static async open({ host, port, http, call }: PortOptions): Promise<Port> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
    const httpServer = createHttpServer(
      { maxHeaderSize: HTTP_HEADERS },
      // eslint-disable-next-line @typescript-eslint/no-misused-promises -- node:http awaits nothing, and it answers its own failures
      getRequestListener(http.fetch),
    );
    httpServer.maxRequestsPerSocket = 1;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(cannotListen(error, host, port)));
      server.listen({ host, port, backlog: 4096 }, resolve);
    });
    return new Port(server, httpServer, call);
  }

  get number(): number {
    const bound = this.#server.address();
    return typeof bound === 'object' && bound !== null ? bound.port : 0;
  }

  /** Meets nobody new. */
  stop(): void {
    this.#server.close();
  }

  /** Resolves when every connection has ended; those that do not are cut after `within` ms. */
  async close(within: number): Promise<void> {
    this.stop();
    this.#http.closeAllConnections();
    const cut = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, within);
    while (this.#sockets.size > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    clearTimeout(cut);
  }

  #meet(socket: Socket, call: (wire: Wire) => void): void {
    const address = callerAddress(socket.remoteAddress);
    const there = this.#perAddress.get(address) ?? 0;
    socket.on('error', () => undefined); // 'close' follows
    if (there >= MAX_CHANNELS_PER_ADDRESS) {
      socket.destroy();
      return;
    }
    this.#perAddress.set(address, there + 1);
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      const left = (this.#perAddress.get(address) ?? 1) - 1;
      if (left === 0) this.#perAddress.delete(address);
      else this.#perAddress.set(address, left);
    });
    this.#awaitFirstByte(socket, call);
  }

  #awaitFirstByte(socket: Socket, call: (wire: Wire) => void): void {
    const silent = setTimeout(() => socket.destroy(), FIRST_BYTE_WITHIN);
    const hush = (): void => clearTimeout(silent);
    const leave = (): void => void socket.end();
    socket.once('close', hush).once('end', leave);
    socket.once('data', (chunk: Buffer) => {
      hush();
      socket.off('close', hush).off('end', leave); // a connection may stay for days: nothing of its beginning does
      socket.pause();
      this.#open(socket, chunk, call);
    });
    socket.resume();
  }

  #open(socket: Socket, chunk: Buffer, call: (wire: Wire) => void): void {
    switch (kindOf(chunk[0] ?? 0)) {
      case 'frames':
        if (chunk.length > 1) socket.unshift(chunk.subarray(1));
        call(new TcpWire(socket));
        break;
      case 'http':
        this.#endLate(socket);
        socket.unshift(chunk);
        this.#http.emit('connection', socket);
        socket.resume();
        break;
      case 'neither':
        socket.destroy();
    }
  }

  #endLate(socket: Socket): void {
    const late = setTimeout(() => socket.destroy(), HTTP_WITHIN);
    this.#late.set(socket, late);
    socket.once('close', () => clearTimeout(late));
  }
}

function cannotListen(error: Error, host: string, port: number): RelayError {
  const code = 'code' in error ? String(error.code) : error.message;
  const where = `${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
  const [what, next] =
    code === 'EADDRINUSE'
      ? [`Another program already listens on ${where}.`, 'End that program, or choose another port with --port.']
      : code === 'EACCES'
        ? [`This user may not listen on ${where}.`, 'Choose a port above 1023 with --port.']
        : [`Cannot listen on ${where}: ${code}.`, 'Use --host with an address of this machine, or 0.0.0.0 for all.'];
  return new RelayError('relay-cannot-listen', what, next, { cause: error });
}
