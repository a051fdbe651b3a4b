/** The dialling end of a direct chat: connects, keeps the name's pin, and comes back after a cut. */
import {
  type Bytes,
  CHANNEL_LIFE,
  equalBytes,
  isProtocolError,
  MAX_HANDSHAKE_RETRIES,
  TYPE_TEXT,
  utf8,
} from '@waxwing/protocol';
import { HandshakingClient, PinMismatchError } from '@waxwing/protocol/channel';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import { type Address, formatAddress, isLoopback } from '../connection/address.ts';
import { Backoff, FIRST_BACKOFF } from '../connection/backoff.ts';
import type { ByteStream } from '../connection/byte-stream.ts';
import { Connection } from '../connection/connection.ts';
import { traceConnection, type Watch } from '../connection/connection-trace.ts';
import { HandshakeEnded, shake } from '../connection/shake.ts';
import { connectTcp } from '../connection/tcp-stream.ts';
import { isWaxwingError, WaxwingError } from '../errors.ts';
import type { Home } from '../home/home.ts';
import type { Verdict } from '../store/peer.ts';
import { admit, changedError, type Expected, pinFor } from './admission.ts';
import { Conversation } from './conversation.ts';
import type { Observer } from './event.ts';
import type { LinkEnd } from './link.ts';
import { viewPeer } from './peer-view.ts';

export interface DialOptions {
  readonly home: Home;
  readonly address: Address;
  /** The account (32) that must answer; otherwise the one pinned to `host:port`, or whoever does. */
  readonly peer?: Bytes | undefined;
  /** How long to come back after a cut, ms; without it, until `close`. */
  readonly retryFor?: number | undefined;
  readonly observe?: Observer | undefined;
  /** Who watches frames, layers, keys and states. */
  readonly watch?: Watch | undefined;
  /** Unix milliseconds. */
  readonly now?: (() => number) | undefined;
}

/** Why a client is no longer connected: the peer left, `close` was called, or an error that a retry does not mend. */
export type ClientEnd = { readonly how: 'left' | 'closed' } | { readonly how: 'failed'; readonly error: WaxwingError };

/**
 * Connects and resolves when the peer may be talked to.
 * @throws WaxwingError `connection-refused`, `host-not-found`, `host-unreachable`, `connection-failed`, `peer-changed`,
 *   `peer-blocked`, `peer-quarantined`, `peer-rollback`, `peer-busy`, `peer-rejected`, `handshake-failed`
 */
export async function dial(options: DialOptions): Promise<DirectClient> {
  const client = new DirectClient(options);
  await client.connect();
  return client;
}

export class DirectClient {
  /** The pinned name: host:port as typed. */
  readonly name: string;
  readonly #options: DialOptions;
  readonly #home: Home;
  readonly #now: () => number;
  readonly #observe: Observer;
  readonly #expected: Expected;
  #conversation: Conversation | undefined;
  #handshakeFailures = 0;
  readonly #backoff = new Backoff();
  /** When the peer last let us in and, while it does not, since when we come back; of the monotonic clock, ms. */
  #connectedAt: number | undefined;
  #awaySince = 0;
  #connections = 0;
  #closed = false;
  #wakeRetry: (() => void) | undefined;
  readonly #giveUp = new AbortController();
  readonly #end = Promise.withResolvers<ClientEnd>();

  constructor(options: DialOptions) {
    this.#options = options;
    this.#home = options.home;
    this.#now = options.now ?? Date.now;
    this.#observe = options.observe ?? ((): void => undefined);
    this.name = formatAddress(options.address);
    this.#expected = { name: this.name, account: options.peer };
  }

  /** @throws Error before `connect` has resolved */
  get conversation(): Conversation {
    if (this.#conversation === undefined) throw new Error('connect() has not resolved yet');
    return this.#conversation;
  }

  /** Resolves when the client has ended for good. */
  get ended(): Promise<ClientEnd> {
    return this.#end.promise;
  }

  /** What is typed before anyone answered waits under the address. @throws WaxwingError `too-large` … */
  post(texts: readonly string[]): readonly number[] {
    if (this.#conversation?.open === true) return this.#conversation.post(texts);
    const items = texts.map((text) => ({ type: TYPE_TEXT, body: utf8(text) }));
    return this.#home.store.outbox.enqueue({ address: this.name }, items).map(({ number }) => number);
  }

  /** As `dial`. Later cuts are mended in the background; `ended` tells when that is over. */
  async connect(): Promise<void> {
    this.#observe({ kind: 'connecting', address: this.#options.address });
    this.#awaySince = performance.now();
    const connection = await this.#shakeHands();
    const established = Promise.withResolvers<undefined>();
    void this.#keep(connection, established.resolve).then(this.#end.resolve, (error: unknown) => {
      established.reject(error);
      this.#end.reject(error);
    });
    this.#end.promise.then(
      (end) => {
        if (end.how === 'failed') established.reject(end.error);
        else established.resolve(undefined);
      },
      () => undefined,
    );
    await established.promise;
  }

  /** Waits for acknowledgements, leaves in order, and stops coming back. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#wakeRetry?.();
    if (this.#conversation?.connected !== true) this.#giveUp.abort(); // a server that does not answer keeps nobody
    await this.#conversation?.close();
    this.#end.resolve({ how: 'closed' });
  }

  /** Converses over one connection after the other. */
  async #keep(first: Connection, established: (value: undefined) => void): Promise<ClientEnd> {
    let connection = first;
    for (;;) {
      let end: LinkEnd;
      try {
        end = await this.#converse(connection, established);
      } catch (error) {
        connection.cut('storage');
        if (isWaxwingError(error)) return this.#fail(error); // the home could not be written before a link stood
        throw error;
      }
      if (this.#closed) return { how: 'closed' };
      if (end.how === 'left') {
        this.conversation.finish();
        return { how: 'left' };
      }
      const error = this.#endError(end);
      if (end.how === 'storage') return this.#fail(error);
      if (end.how === 'busy' && connection === first) return this.#fail(error);
      const next = await this.#comeBack(error);
      if (next === undefined) return { how: 'closed' };
      if (next instanceof WaxwingError) return this.#fail(next);
      connection = next;
    }
  }

  /** A method, because `close` may be called during any await. */
  #over(): boolean {
    return this.#closed;
  }

  #fail(error: WaxwingError): ClientEnd {
    this.#conversation?.finish();
    return { how: 'failed', error };
  }

  async #converse(connection: Connection, established: (value: undefined) => void): Promise<LinkEnd> {
    const { peer: bundle, sas, clockOffset } = connection.handshake;
    const peer = viewPeer(this.#home.store, bundle);
    const again = this.#conversation !== undefined;
    this.#conversation ??= new Conversation(peer, {
      home: this.#home,
      primitives: nodePrimitives,
      now: this.#now,
      observe: this.#observe,
      buffer: this.#options.observe === undefined,
    });
    this.#home.store.outbox.adopt(this.name, bundle.account);
    const { host } = this.#options.address;
    const firstContact = this.#verdict?.firstContact ?? true;
    const beyondLoopback = !isLoopback(host);
    const running = this.#conversation.attach(connection, () => {
      this.#handshakeFailures = 0;
      this.#connectedAt = performance.now();
      this.#observe({ kind: 'connected', peer, firstContact, beyondLoopback, sas, clockOffset, again });
      established(undefined);
    });
    const renewal = setTimeout(() => {
      connection.cut('renewed'); // §12: a channel is renewed by a new handshake after 7 days
    }, CHANNEL_LIFE).unref();
    const end = await running;
    clearTimeout(renewal);
    if (end.how === 'cut' && end.reason !== 'renewed' && !this.#closed) {
      this.#observe({ kind: 'cut', peer, reason: end.reason });
    } else if (end.how === 'failed') {
      const { code, check, message } = end.error;
      this.#observe({ kind: 'failed', remote: this.name, peer, detail: { code, check, message } });
    }
    return end;
  }

  #verdict: Verdict | undefined;

  /**
   * Tries again with backoff and jitter; undefined where `close` was called meanwhile. A server that is busy, or lets in
   * and cuts, is not called more often for that, and the time to come back runs until it lets us in.
   */
  async #comeBack(first: WaxwingError): Promise<Connection | WaxwingError | undefined> {
    if (this.#connectedAt !== undefined) {
      this.#awaySince = performance.now();
      this.#backoff.stood(this.#awaySince - this.#connectedAt);
      this.#connectedAt = undefined;
    }
    const deadline = this.#awaySince + (this.#options.retryFor ?? Number.POSITIVE_INFINITY);
    let error = first;
    for (;;) {
      const wait = this.#backoff.next();
      if (performance.now() + wait > deadline) return error;
      this.#observe({ kind: 'retrying', inMs: wait, error });
      await this.#pause(wait);
      if (this.#closed) return undefined;
      try {
        const connection = await this.#shakeHands();
        if (!this.#over()) return connection;
        connection.cut('closed');
        return undefined;
      } catch (failure) {
        if (!isWaxwingError(failure)) throw failure;
        if (!isPassing(failure)) return failure;
        error = failure;
      }
    }
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wakeRetry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /**
   * A connection after a good handshake. A failed handshake is repeated, at most three times with a peer that is not
   * verified: a middleman must not have many tries at the six digits (§3).
   */
  async #shakeHands(): Promise<Connection> {
    for (;;) {
      await this.#home.renewIfDue();
      const pin = pinFor(this.#home, this.#expected);
      const stream = await connectTcp(this.#options.address, this.#giveUp.signal);
      this.#observe({ kind: 'exchanging', remote: this.name });
      try {
        return await this.#shakeOnce(stream, pin);
      } catch (error) {
        if (error instanceof PinMismatchError) throw this.#changed(error);
        if (isWaxwingError(error)) throw error;
        const failure = handshakeError(error, this.name);
        this.#handshakeFailures += 1;
        if (failure.code === 'peer-rejected') throw failure;
        if (this.#handshakeFailures > MAX_HANDSHAKE_RETRIES && !this.#peerIsVerified()) throw failure;
        if (this.#closed) throw failure;
        this.#observe({ kind: 'retrying', inMs: FIRST_BACKOFF, error: failure });
        await this.#pause(FIRST_BACKOFF);
      }
    }
  }

  async #shakeOnce(stream: ByteStream, pin: Bytes | undefined): Promise<Connection> {
    this.#connections += 1;
    const where = { connection: this.#connections, remote: this.name };
    const trace = traceConnection(this.#options.watch, where);
    const side = new HandshakingClient(nodePrimitives, { device: this.#home.device, pin, trace });
    const channel = await shake({
      stream,
      side,
      now: this.#now,
      admit: (peer) => {
        this.#verdict = admit(this.#home, this.#expected, peer);
      },
      trace,
    });
    return new Connection(stream, channel, { trace });
  }

  #changed(error: PinMismatchError): WaxwingError {
    const presented = error.presented.account;
    const pin = this.#home.store.pins.get(this.name);
    if (pin !== undefined && !equalBytes(pin.account, presented))
      this.#home.store.pins.noteChanged(this.name, presented);
    return changedError(this.#home, this.name, { presented, expected: this.#expected.account });
  }

  #peerIsVerified(): boolean {
    const account = this.#home.store.pins.get(this.name)?.account;
    return account !== undefined && this.#home.store.peers.get(account)?.verifiedAt !== undefined;
  }

  #endError(end: Exclude<LinkEnd, { how: 'left' }>): WaxwingError {
    switch (end.how) {
      case 'storage':
        return end.error;
      case 'busy':
        return new WaxwingError('peer-busy', `${this.name} is chatting with another.`, 'Try again later.');
      case 'rejected':
        return rejectedError(this.name);
      case 'failed':
        return new WaxwingError(
          'connection-cut',
          `The connection to ${this.name} was ended: ${end.error.message}`,
          'Your unacknowledged messages are kept and go out on the next connection.',
          { cause: end.error },
        );
      case 'cut':
        return new WaxwingError(
          'connection-cut',
          `The connection to ${this.name} was cut (${end.reason}).`,
          'Your unacknowledged messages are kept and go out on the next connection.',
        );
    }
  }
}

/** Whether trying again may help. */
function isPassing(error: WaxwingError): boolean {
  return isWaxwingError(
    error,
    'connection-refused',
    'host-not-found',
    'host-unreachable',
    'connection-failed',
    'connection-cut',
    'peer-busy',
    'handshake-failed',
  );
}

function rejectedError(name: string): WaxwingError {
  return new WaxwingError(
    'peer-rejected',
    `${name} refused this connection. It does not say why: you may be blocked there, or it expects another key.`,
    'Ask your peer to look at "waxwing peers list" and its log.',
  );
}

function handshakeError(error: unknown, name: string): WaxwingError {
  if (error instanceof HandshakeEnded) {
    if (error.how === 'rejected') return rejectedError(name);
    return new WaxwingError(
      'handshake-failed',
      `${name} did not complete the handshake: ${error.message}`,
      'Check that a waxwing server listens there, and of the same mode (--classic or not).',
      { cause: error },
    );
  }
  if (!isProtocolError(error)) throw error;
  return new WaxwingError(
    'handshake-failed',
    `The handshake with ${name} failed: ${error.message}`,
    'Check that a waxwing server listens there, and that nothing between changes what is sent.',
    { cause: error },
  );
}
