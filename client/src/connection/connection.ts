/** One channel over one stream: contents out, batches of contents in, and a watch on silence (§4). */
import { type Channel, type Content, type HandshakeResult, REJECT } from '@waxwing/protocol/channel';
import { concat, DEAD_AFTER, PING_AFTER, type TraceSource } from '@waxwing/protocol';
import type { ByteStream } from './byte-stream.ts';
import { type TraceEvent, traceReject } from './connection-trace.ts';

/** How often silence is looked at, ms. */
const WATCH_EVERY = 5_000;

export interface ConnectionOptions {
  /** Monotonic, in milliseconds: a machine that slept must not find its channel dead on waking. */
  readonly stopwatch?: (() => number) | undefined;
  readonly trace?: TraceSource<TraceEvent> | undefined;
}

export class Connection {
  readonly handshake: HandshakeResult;
  readonly trace: TraceSource<TraceEvent> | undefined;
  readonly #stream: ByteStream;
  readonly #channel: Channel;
  readonly #watch: NodeJS.Timeout;
  readonly #stopwatch: () => number;
  #lastHeard: number;
  #lastPing: number;
  #cutReason: string | undefined;
  /** The newest seq while acknowledgements are being sent. */
  #toAcknowledge: number | undefined;
  /** A record did not open: the channel seals no more, and there is nothing to say but the reject frame. */
  #broken = false;

  /** Takes over a stream whose handshake has ended. */
  constructor(stream: ByteStream, channel: Channel, options: ConnectionOptions = {}) {
    const stopwatch = options.stopwatch ?? ((): number => performance.now());
    this.trace = options.trace;
    this.handshake = channel.handshake;
    this.#stream = stream;
    this.#channel = channel;
    this.#stopwatch = stopwatch;
    this.#lastHeard = stopwatch();
    this.#lastPing = stopwatch();
    this.#watch = setInterval(() => {
      this.#watchSilence();
    }, WATCH_EVERY);
    this.#watch.unref();
    stream.onClosed(() => {
      clearInterval(this.#watch);
    });
  }

  /** Why the stream ended, where it did not end in order: a system code, or `silent`. */
  get cutReason(): string | undefined {
    return this.#cutReason ?? this.#stream.failure;
  }

  get writable(): boolean {
    return this.#stream.writable;
  }

  /**
   * The contents of each chunk that arrives, in order; pings are answered here. Ends when the peer ends or the stream
   * fails (`cutReason`).
   * @throws ChannelError where a record does not open; its `received` were authentic
   */
  async *batches(): AsyncGenerator<readonly Content[]> {
    const early = this.#receive(new Uint8Array(0));
    if (early.length > 0) yield this.#answerPings(early);
    const chunks = this.#stream.chunks();
    for (;;) {
      let next: IteratorResult<Uint8Array, unknown>;
      try {
        next = await chunks.next();
      } catch (error) {
        this.#cutReason ??= error instanceof Error && 'code' in error ? String(error.code) : 'error';
        return;
      }
      if (next.done === true) return;
      this.#lastHeard = this.#stopwatch();
      yield this.#answerPings(this.#receive(next.value));
    }
  }

  /** Seals and writes, in order. Resolves when the stream takes more; on a dead stream or a broken channel at once. */
  async send(...contents: readonly Content[]): Promise<void> {
    if (!this.#stream.writable || this.#broken) return;
    const frames = contents.map((content) => this.#channel.seal(content));
    if (!this.#stream.write(concat(...frames))) await this.#stream.drained();
  }

  /** Sends [6, seq]. The newest stands for all before it: a peer that does not read has one waiting and no more. */
  async acknowledge(seq: number): Promise<void> {
    const busy = this.#toAcknowledge !== undefined;
    this.#toAcknowledge = seq;
    if (busy) return;
    for (let said: number | undefined; said !== this.#toAcknowledge; ) {
      said = this.#toAcknowledge;
      await this.send({ kind: 'accepted', seq: said });
    }
    this.#toAcknowledge = undefined;
  }

  /** The one outward answer to any failure (§3): the reject frame, and the end. */
  refuse(): void {
    if (this.#stream.writable) {
      this.#stream.end(REJECT);
      traceReject(this.trace);
    }
    this.#destroySoon();
  }

  /** Nothing more will be written; what the peer still sends is read. */
  end(): void {
    this.#stream.end();
    this.#destroySoon();
  }

  /** Ends the stream at once. */
  cut(reason: string): void {
    this.#cutReason ??= this.#stream.failure ?? reason;
    this.#stream.destroy();
  }

  /** A peer that never answers an end does not keep the stream. */
  #destroySoon(): void {
    setTimeout(() => {
      this.#stream.destroy();
    }, 3_000).unref();
  }

  #receive(bytes: Uint8Array): readonly Content[] {
    try {
      return this.#channel.receive(bytes);
    } catch (error) {
      this.#broken = true;
      throw error;
    }
  }

  #watchSilence(): void {
    const now = this.#stopwatch();
    if (now - this.#lastHeard >= DEAD_AFTER) {
      this.cut('silent');
    } else if (now - Math.max(this.#lastHeard, this.#lastPing) >= PING_AFTER) {
      this.#lastPing = now;
      void this.send({ kind: 'ping' });
    }
  }

  #answerPings(contents: readonly Content[]): readonly Content[] {
    // A peer that does not read what waits for it would not read more answers: they would only fill our memory.
    const answer = !this.#stream.congested && contents.some((content) => content.kind === 'ping');
    if (answer) void this.send({ kind: 'pong' });
    return contents.filter((content) => content.kind !== 'ping' && content.kind !== 'pong');
  }
}
