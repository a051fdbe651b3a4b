/** One classic conversation over one socket: events in; one package a write out, spaced (§13). */
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { isProtocolError, ProtocolError } from '@waxwing/protocol';
import {
  CLASSIC_WRITE_SPACING,
  type ClassicEvent,
  ClassicStream,
  type ClassicStreamOptions,
} from '@waxwing/protocol/classic';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';

/** Whoever has not sent a key by then is no classic peer, ms. */
const KEY_DEADLINE = 10_000;
/** How long a goodbye may take, ms. */
const GOODBYE = 500;

/** How a conversation ended. */
export type ClassicEnd =
  /** The peer left, between two packages. */
  | { readonly how: 'left' }
  /** `close` was called. */
  | { readonly how: 'closed' }
  /** The socket failed, or ended inside a package; `reason` is a system code or words. */
  | { readonly how: 'cut'; readonly reason: string }
  /** No key came in time. */
  | { readonly how: 'silent' }
  /** What came is no key or no package. */
  | { readonly how: 'refused'; readonly error: ProtocolError };

export class ClassicLink {
  readonly remote: string;
  readonly #socket: Socket;
  readonly #stream: ClassicStream;
  readonly #now: () => number;
  #turn: Promise<unknown> = Promise.resolve();
  #ready = false;
  #closing = false;
  #silent = false;
  #fault: string | undefined;
  #badKey: ProtocolError | undefined;

  /** `now` is the own clock in Unix ms. */
  constructor(socket: Socket, options: ClassicStreamOptions, now: () => number) {
    this.remote = socket.remoteAddress ?? 'unknown';
    this.#socket = socket;
    this.#stream = new ClassicStream(nodePrimitives, options);
    this.#now = now;
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#fault ??= error.code ?? error.message;
    });
  }

  /** Whether both keys have gone their way. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Exchanges keys, then tells every event in order, the next one when `observe` is done with it. Resolves at the end. */
  async run(observe: (event: ClassicEvent) => Promise<void>): Promise<ClassicEnd> {
    const deadline = setTimeout(() => {
      this.#silent = true;
      this.#socket.destroy();
    }, KEY_DEADLINE);
    try {
      if (this.#stream.hello !== undefined) void this.#write(this.#stream.hello);
      for await (const chunk of this.#chunks()) {
        this.#stream.push(chunk);
        for (let event = await this.#next(); event !== undefined; event = await this.#next()) {
          if (event.kind === 'key') {
            clearTimeout(deadline);
            if (event.send !== undefined) await this.#write(event.send);
            this.#ready = true;
          }
          await observe(event);
        }
      }
      return this.#ended();
    } catch (error) {
      if (isProtocolError(error)) return { how: 'refused', error };
      throw error;
    } finally {
      clearTimeout(deadline);
      void this.#goodbye();
    }
  }

  /** Seals and writes one text that fits a package. False: the connection is over, and the text has not left. */
  async send(text: string): Promise<boolean> {
    let sealed: Uint8Array;
    try {
      sealed = await this.#stream.seal(text, this.#seconds());
    } catch (cause) {
      // A key can have the right form and still be none: that must end its conversation, not the program.
      this.#badKey = new ProtocolError('classic-format', 'key', "Nothing can be sealed for the peer's key.", { cause });
      void this.#goodbye();
      return false;
    }
    return await this.#write(sealed);
  }

  /** Ends the conversation, after what is being written. */
  async close(): Promise<void> {
    this.#closing = true;
    await Promise.race([this.#turn, sleep(GOODBYE)]);
    await this.#goodbye();
  }

  #next(): Promise<ClassicEvent | undefined> {
    return this.#stream.next(this.#seconds());
  }

  #seconds(): number {
    return Math.floor(this.#now() / 1_000);
  }

  /** What arrives, until the socket ends or fails. */
  async *#chunks(): AsyncGenerator<Uint8Array> {
    const chunks = this.#socket.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Uint8Array>;
    for (;;) {
      let next: IteratorResult<Uint8Array, unknown>;
      try {
        next = await chunks.next();
      } catch (error) {
        this.#fault ??= error instanceof Error && 'code' in error ? String(error.code) : 'error';
        return;
      }
      if (next.done === true) return;
      yield next.value;
    }
  }

  #ended(): ClassicEnd {
    if (this.#badKey !== undefined) return { how: 'refused', error: this.#badKey };
    if (this.#closing) return { how: 'closed' };
    if (this.#silent) return { how: 'silent' };
    if (this.#fault !== undefined) return { how: 'cut', reason: this.#fault };
    return this.#stream.pending ? { how: 'cut', reason: 'in the middle of a message' } : { how: 'left' };
  }

  /** The original takes one read for one package, so two writes keep a moment between them. */
  #write(bytes: Uint8Array): Promise<boolean> {
    const written = this.#turn.then(async () => {
      if (!this.#socket.writable) return false;
      const error = await new Promise<unknown>((resolve) => this.#socket.write(bytes, resolve));
      if (error instanceof Error) return false;
      await sleep(CLASSIC_WRITE_SPACING);
      return true;
    });
    this.#turn = written;
    return written;
  }

  /** Says that nothing follows, and lets a peer that never answers that go. */
  async #goodbye(): Promise<void> {
    const socket = this.#socket;
    if (socket.destroyed) return;
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.resume();
    socket.end();
    const patience = new AbortController();
    const late = sleep(GOODBYE, undefined, { signal: patience.signal }).catch(() => undefined);
    await Promise.race([closed, late]);
    patience.abort();
    socket.destroy();
  }
}
