/** The listening end of a direct chat: one peer at a time, the next one when that has left. */
import { createServer, type Server, type Socket } from 'node:net';
import { type Bytes, isProtocolError, type Primitives, SHARED_EPHEMERAL_LIFE } from '@waxwing/protocol';
import {
  createSharedEphemeral,
  HandshakeGate,
  HandshakingServer,
  type SharedEphemeral,
} from '@waxwing/protocol/channel';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import { TYPE_TEXT, utf8 } from '@waxwing/protocol';
import { isWaxwingError } from '../errors.ts';
import type { Home } from '../home/home.ts';
import type { Verdict } from '../store/peer.ts';
import { type Address, DEFAULT_HOST, DEFAULT_PORT, isLoopback } from '../connection/address.ts';
import { admit, type Expected } from './admission.ts';
import { Connection } from '../connection/connection.ts';
import { traceConnection, type Watch } from '../connection/connection-trace.ts';
import { Conversation } from './conversation.ts';
import type { Observer } from './event.ts';
import type { LinkEnd } from './link.ts';
import { listenError } from '../connection/network-error.ts';
import { viewPeer } from './peer-view.ts';
import { HandshakeEnded, shake } from '../connection/shake.ts';
import { TcpStream } from '../connection/tcp-stream.ts';

/** Texts typed while nobody is there wait under this address. */
const WAITING = 'server';
/** A peer that says nothing for this long yields to the next caller, ms. */
const YIELD_AFTER = 600_000;

export interface ListenOptions {
  readonly home: Home;
  /** Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** Default 8000; 0 takes any free one. */
  readonly port?: number | undefined;
  /** The only account (32) that may connect. */
  readonly peer?: Bytes | undefined;
  /** The first peer is the only one until it leaves: its place is kept for it while its connection is cut. */
  readonly once?: boolean | undefined;
  readonly observe?: Observer | undefined;
  /** Who watches frames, layers, keys and states. */
  readonly watch?: Watch | undefined;
  /** Unix milliseconds. */
  readonly now?: (() => number) | undefined;
}

/** @throws WaxwingError `port-in-use`, `port-forbidden`, `address-invalid`, `connection-failed` */
export async function listen(options: ListenOptions): Promise<DirectServer> {
  const address = { host: options.host ?? DEFAULT_HOST, port: options.port ?? DEFAULT_PORT };
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(listenError(error, address));
    });
    server.listen(address.port, address.host, resolve);
  });
  return new DirectServer(server, options);
}

export class DirectServer implements AsyncIterable<Conversation> {
  readonly address: Address;
  readonly #server: Server;
  readonly #home: Home;
  readonly #options: ListenOptions;
  readonly #primitives: Primitives = nodePrimitives;
  readonly #now: () => number;
  readonly #observe: Observer;
  readonly #gate = new HandshakeGate();
  #ephemeral: SharedEphemeral | undefined;
  readonly #expected: Expected;
  readonly #conversations = new Map<string, Conversation>();
  readonly #sockets = new Set<Socket>();
  #current: Conversation | undefined;
  #connections = 0;
  #closed = false;
  /** For the iterator; whoever observes may want none, so of those that ended none is kept for it. */
  #arrived: Conversation[] = [];
  #arrival: (() => void) | undefined;

  /** Made by `listen`. */
  constructor(server: Server, options: ListenOptions) {
    this.#server = server;
    this.#options = options;
    this.#home = options.home;
    this.#now = options.now ?? Date.now;
    this.#observe = options.observe ?? ((): void => undefined);
    this.#expected = { name: undefined, account: options.peer };
    const bound = server.address();
    const host = options.host ?? DEFAULT_HOST;
    this.address = { host, port: typeof bound === 'object' && bound !== null ? bound.port : 0 };
    server.on('error', ({ message }) => {
      // A caller that could not be taken in (too many open files, say): the next one may be.
      const detail = { code: 'unexpected', check: 'accept', message } as const;
      this.#observe({ kind: 'failed', remote: 'unknown', peer: undefined, detail, aside: true });
    });
    server.on('connection', (socket) => {
      void this.#serve(socket);
    });
    this.#observe({ kind: 'listening', address: this.address });
    const waiting = this.#home.store.outbox.counts({ address: WAITING }).queued;
    if (waiting > 0) this.#observe({ kind: 'waiting', count: waiting });
  }

  /** The conversation with the peer of now, or of last. */
  get current(): Conversation | undefined {
    return this.#current;
  }

  /** For the peer of now or of last; before the first one, for whoever comes. @throws WaxwingError `too-large` … */
  post(texts: readonly string[]): readonly number[] {
    if (this.#current?.open === true) return this.#current.post(texts);
    const to = this.#current === undefined ? { address: WAITING } : { account: this.#current.peer.account };
    const items = texts.map((text) => ({ type: TYPE_TEXT, body: utf8(text) }));
    return this.#home.store.outbox.enqueue(to, items).map(({ number }) => number);
  }

  /** A conversation for each new peer, in the order of their coming. Ends with `close`. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Conversation> {
    for (;;) {
      const next = this.#arrived.shift();
      if (next !== undefined) yield next;
      else if (this.#closed) return;
      else await new Promise<void>((resolve) => (this.#arrival = resolve));
    }
  }

  /** Leaves the peer in order and stops listening. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const stopped = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await this.#current?.close();
    for (const socket of this.#sockets) socket.destroy();
    await stopped;
    this.#arrival?.();
  }

  async #serve(socket: Socket): Promise<void> {
    this.#sockets.add(socket);
    socket.on('error', () => undefined); // told by whoever reads
    socket.once('close', () => this.#sockets.delete(socket));
    const remote = socket.remoteAddress ?? 'unknown';
    const admission = this.#gate.admit(remote, this.#now());
    if (!admission.admitted) {
      socket.destroy();
      return;
    }
    const idle = this.#current?.connected !== true;
    if (idle) this.#observe({ kind: 'exchanging', remote });
    let verdict: Verdict | undefined;
    this.#connections += 1;
    const trace = traceConnection(this.#options.watch, { connection: this.#connections, remote });
    try {
      await this.#home.renewIfDue();
      const now = this.#now();
      const side = new HandshakingServer(this.#primitives, {
        device: this.#home.device,
        puzzleBits: admission.ticket.puzzleBits,
        pin: this.#options.peer,
        ephemeral: this.#sharedEphemeral(now),
        now,
        trace,
      });
      const stream = new TcpStream(socket);
      const channel = await shake({
        stream,
        side,
        hello: side.hello,
        now: this.#now,
        admit: (peer) => {
          verdict = admit(this.#home, this.#expected, peer);
        },
        trace,
      });
      this.#gate.finish(admission.ticket);
      const connection = new Connection(stream, channel, { trace });
      try {
        await this.#converse(connection, { remote, firstContact: verdict?.firstContact ?? true });
      } catch (error) {
        connection.cut('storage'); // the peer must not wait for an end that nobody tends
        throw error;
      }
    } catch (error) {
      this.#tellFailure(error, remote);
    } finally {
      this.#gate.finish(admission.ticket);
    }
  }

  /**
   * The keys of F1, shared by those who come within a second (§3): a caller who never answers costs next to nothing. They are
   * dropped when that is over, whether anybody comes or not: they open what was agreed on with them.
   */
  #sharedEphemeral(now: number): SharedEphemeral {
    const known = this.#ephemeral;
    if (known !== undefined && now >= known.madeAt && now < known.expiresAt) return known;
    const ephemeral = createSharedEphemeral(this.#primitives, now);
    this.#ephemeral = ephemeral;
    setTimeout(() => {
      if (this.#ephemeral === ephemeral) this.#ephemeral = undefined;
    }, SHARED_EPHEMERAL_LIFE).unref();
    return ephemeral;
  }

  async #converse(connection: Connection, how: { remote: string; firstContact: boolean }): Promise<void> {
    const { peer: bundle, sas, clockOffset } = connection.handshake;
    const peer = viewPeer(this.#home.store, bundle);
    // Again after each wait: another may have come meanwhile.
    const { once = false } = this.#options;
    for (let current = this.#current; current !== undefined; current = this.#current) {
      if (current.peer.fingerprint === peer.fingerprint) break;
      if (!current.connected && !(once && current.open)) break;
      if (current.silence < YIELD_AFTER || once || this.#closed) {
        await connection.send({ kind: 'busy' });
        connection.end();
        this.#observe({ kind: 'turned-away', peer });
        return;
      }
      this.#conversations.delete(current.peer.fingerprint);
      await current.close();
    }
    let conversation = this.#conversations.get(peer.fingerprint);
    const again = conversation !== undefined;
    if (conversation === undefined) {
      conversation = new Conversation(peer, {
        home: this.#home,
        primitives: this.#primitives,
        now: this.#now,
        observe: this.#observe,
        buffer: this.#options.observe === undefined,
      });
      this.#conversations.set(peer.fingerprint, conversation);
      this.#arrived.push(conversation);
      this.#arrival?.();
    }
    this.#current = conversation;
    this.#home.store.outbox.adopt(WAITING, bundle.account);
    const { firstContact } = how;
    const beyondLoopback = !isLoopback(how.remote);
    const end = await conversation.attach(connection, () => {
      this.#observe({ kind: 'connected', peer, firstContact, beyondLoopback, sas, clockOffset, again });
    });
    this.#tellEnd(end, conversation, how.remote);
  }

  #tellEnd(end: LinkEnd, conversation: Conversation, remote: string): void {
    const { peer } = conversation;
    if (end.how === 'left') {
      if (conversation.connected) return; // and has come back before this one was over
      // Whoever left has closed his conversation: his next one is a new one.
      this.#conversations.delete(peer.fingerprint);
      conversation.finish();
      if (this.#options.observe !== undefined) this.#arrived = this.#arrived.filter((one) => one !== conversation);
      return;
    }
    if (end.how === 'cut' && (end.reason === 'replaced' || end.reason === 'closed')) return;
    if (end.how === 'cut') this.#observe({ kind: 'cut', peer, reason: end.reason });
    else if (end.how === 'storage') this.#observe({ kind: 'storage', error: end.error });
    else if (end.how === 'failed') {
      const { code, check, message } = end.error;
      this.#observe({ kind: 'failed', remote, peer, detail: { code, check, message } });
    } else this.#observe({ kind: 'cut', peer, reason: end.how });
  }

  #tellFailure(error: unknown, remote: string): void {
    if (error instanceof HandshakeEnded) {
      const detail = { code: 'handshake-f2', check: error.how, message: error.message } as const;
      this.#observe({ kind: 'failed', remote, peer: undefined, detail, aside: this.#current?.connected === true });
    } else if (isProtocolError(error)) {
      const { code, check, message } = error;
      this.#observe({ kind: 'failed', remote, peer: undefined, detail: { code, check, message } });
    } else if (isWaxwingError(error, 'peer-blocked', 'peer-quarantined', 'peer-rollback')) {
      this.#observe({ kind: 'refused', remote, error });
    } else if (isWaxwingError(error)) {
      this.#observe({ kind: 'storage', error });
    } else {
      // A fault of ours must not end the service for others.
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#observe({
        kind: 'failed',
        remote,
        peer: undefined,
        detail: { code: 'unexpected', check: 'none', message },
      });
    }
  }
}
