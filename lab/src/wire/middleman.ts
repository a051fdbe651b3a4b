/** Whoever sits on the wire: a TCP proxy that sees every piece of both directions and decides what becomes of it. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bytes, concat, MAX_FRAME } from '@waxwing/protocol';
import { unsafeFraming } from '@waxwing/protocol/unsafe';
import type { Lab } from '../lab.ts';

const PATIENCE = 20_000;

export type Direction = 'to-server' | 'to-client';

/** One piece on its way. `number` counts the pieces of its direction, from 1. */
export interface Piece {
  readonly direction: Direction;
  readonly number: number;
  readonly bytes: Bytes;
}

export interface MiddlemanOptions {
  /** The port of the true server, on loopback. */
  readonly to: number;
  /** What a piece is: a whole frame of waxwing, or whatever one read gave, as the textbook takes it. */
  readonly pieces: 'frames' | 'reads';
  /**
   * What arrives in its place, each element in one write: `[bytes]` lets it through, `[]` drops it, `[bytes, bytes]`
   * duplicates it. Called in order, the next one when the last has been answered. Lets everything through where absent.
   */
  readonly pass?: (piece: Piece) => readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
}

export class Middleman {
  /** Every piece, as it came in. */
  readonly captured: Piece[] = [];
  readonly #server: Server;
  readonly #options: MiddlemanOptions;
  readonly #ends = new Map<Direction, Socket>();

  private constructor(server: Server, options: MiddlemanOptions) {
    this.#server = server;
    this.#options = options;
  }

  static async between(lab: Lab, options: MiddlemanOptions): Promise<Middleman> {
    const server = createServer({ noDelay: true });
    const middleman = new Middleman(server, options);
    server.on('connection', (client) => {
      const there = connect({ host: '127.0.0.1', port: options.to, noDelay: true });
      middleman.#carry(there, client, 'to-client');
      middleman.#carry(client, there, 'to-server');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    lab.defer(() => {
      // Not by a reset: one on a socket that both ends have left makes Node.js spin.
      for (const socket of middleman.#ends.values()) socket.destroy();
      server.close();
    });
    return middleman;
  }

  /** Where the client is to dial. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Piece number `number` of a direction, once it has come. */
  async sees(direction: Direction, number: number): Promise<Piece> {
    const deadline = Date.now() + PATIENCE;
    while (Date.now() < deadline) {
      const found = this.captured.find((piece) => piece.direction === direction && piece.number === number);
      if (found !== undefined) return found;
      await sleep(10);
    }
    throw new Error(`fewer than ${number} pieces went ${direction}`);
  }

  /** Puts bytes of his own on the wire, of the connection made last. */
  inject(direction: Direction, ...bytes: readonly Uint8Array[]): void {
    this.#ends.get(direction)?.write(concat(...bytes));
  }

  /** Both ends lose their connection, by a reset. */
  cut(): void {
    for (const socket of this.#ends.values()) socket.resetAndDestroy();
  }

  #carry(from: Socket, to: Socket, direction: Direction): void {
    this.#ends.set(direction, to);
    const split = this.#options.pieces === 'frames' ? framesOf() : (chunk: Bytes): readonly Bytes[] => [chunk];
    let number = 0;
    let turn: Promise<unknown> = Promise.resolve();
    from.on('error', () => to.destroy());
    from.on('data', (chunk: Buffer) => {
      for (const bytes of split(new Uint8Array(chunk))) {
        const piece = { direction, number: ++number, bytes };
        this.captured.push(piece);
        turn = turn.then(async () => {
          const passed = (await this.#options.pass?.(piece)) ?? [bytes];
          for (const out of passed) if (to.writable) to.write(out);
        });
      }
    });
    from.on('end', () => void turn.then(() => to.end()));
  }
}

function framesOf(): (chunk: Bytes) => readonly Bytes[] {
  const reader = new unsafeFraming.FrameReader(MAX_FRAME);
  return (chunk) => {
    reader.push(chunk);
    const frames: Bytes[] = [];
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) frames.push(frame.bytes.slice());
    return frames;
  };
}
