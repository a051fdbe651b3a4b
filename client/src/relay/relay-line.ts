/** A line to a relay that is kept: a channel, the next one after it was cut, and so on until it is closed. */
import { type Bundle, CHANNEL_LIFE, type Device } from '@waxwing/protocol';
import { Backoff } from '../connection/backoff.ts';
import type { Watch } from '../connection/connection-trace.ts';
import { isWaxwingError, type WaxwingError } from '../errors.ts';
import { ChannelRequests } from './channel-requests.ts';
import { openRelayChannel } from './open-relay-channel.ts';
import type { RelayAddress } from './relay-address.ts';
import type { RelayChannel } from './relay-channel.ts';
import { cutFailure, isPassing } from './relay-failure.ts';
import type { RelayLineObserver, RelayWelcome } from './relay-line-events.ts';

export interface RelayLineOptions extends RelayLineObserver {
  readonly relay: RelayAddress;
  /** Asked before each channel: a home renews its certificate. A WaxwingError of it ends the line. */
  readonly device: () => Promise<Device>;
  /** Told of the relay's bundle in each handshake; throws a RelayFailure to refuse it. */
  readonly admit?: ((relay: Bundle) => void) | undefined;
  /** Unix milliseconds. */
  readonly now?: (() => number) | undefined;
  readonly watch?: Watch | undefined;
  /** Monotonic, in milliseconds. */
  readonly stopwatch?: (() => number) | undefined;
}

type State =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'up'; readonly channel: RelayChannel }
  /** Until the next try; `notBefore` (monotonic, ms) is what the relay itself asked for. */
  | { readonly kind: 'waiting'; readonly notBefore: number; readonly go: () => void }
  | { readonly kind: 'ended' };

export class RelayLine {
  readonly #options: RelayLineOptions;
  readonly #stopwatch: () => number;
  readonly #backoff = new Backoff();
  readonly #giveUp = new AbortController();
  #state: State = { kind: 'connecting' };
  #connections = 0;
  /** Resolves when the line has ended for good: with undefined after `close`, else with what no retry mends. */
  readonly ended: Promise<WaxwingError | undefined>;

  /** Begins to connect at once; what comes of it is told to the observer, in a later turn of the event loop. */
  constructor(options: RelayLineOptions) {
    this.#options = options;
    this.#stopwatch = options.stopwatch ?? ((): number => performance.now());
    this.ended = this.#keep();
  }

  /** The number of this connection, or of the try, as those who watch are told it. */
  get connection(): number {
    return this.#connections;
  }

  /** Tries now instead of at the end of the pause, but no sooner than the relay asked for. Not while there is no pause. */
  wake(): void {
    if (this.#state.kind !== 'waiting') return;
    const { notBefore, go } = this.#state;
    const early = notBefore - this.#stopwatch();
    if (early <= 0) go();
    else setTimeout(go, early).unref();
  }

  /** Lets what is under way be answered (two seconds at most), leaves in order, and never comes back. */
  async close(): Promise<void> {
    this.#giveUp.abort();
    const state = this.#state;
    if (state.kind === 'waiting') state.go();
    if (state.kind === 'up') await state.channel.close();
    await this.ended;
  }

  async #keep(): Promise<WaxwingError | undefined> {
    await Promise.resolve(); // the constructor has returned before anybody is told anything
    let error: WaxwingError | undefined;
    for (;;) {
      this.#state = { kind: 'connecting' };
      error = await this.#once();
      if (this.#closed()) error = undefined;
      if (error === undefined || !isPassing(error)) break;
      await this.#pause(error);
    }
    this.#state = { kind: 'ended' };
    return error;
  }

  /** A method, because `close` may be called during any await. */
  #closed(): boolean {
    return this.#giveUp.signal.aborted;
  }

  /** One channel after the other, as long as each is only renewed. Gives why that is over; undefined after `close`. */
  async #once(): Promise<WaxwingError | undefined> {
    for (;;) {
      if (this.#closed()) return undefined;
      try {
        // A failed handshake counts like any other failure, without end: MAX_HANDSHAKE_RETRIES bounds the tries at six
        // digits that people compare, and nobody compares any with a relay, whose account stands in its address.
        this.#connections += 1;
        const { relay, device, admit, watch, stopwatch, now = Date.now } = this.#options;
        const { channel, welcome } = await openRelayChannel({
          relay,
          device: await device(),
          admit,
          now,
          signal: this.#giveUp.signal,
          watch,
          connection: this.#connections,
          stopwatch,
        });
        const error = await this.#converse(channel, welcome);
        if (error !== undefined || this.#closed()) return error;
      } catch (error) {
        if (!isWaxwingError(error)) throw error;
        return error;
      }
    }
  }

  /** Gives why the channel ended; undefined after `close`, and where a new one is due. */
  async #converse(channel: RelayChannel, welcome: RelayWelcome): Promise<WaxwingError | undefined> {
    if (this.#closed()) {
      channel.cut();
      await channel.run(() => undefined);
      return undefined;
    }
    const { onUp, onDown, onNews } = this.#options;
    this.#state = { kind: 'up', channel };
    const upSince = this.#stopwatch();
    // §12: a channel is renewed by a new handshake after 7 days.
    const renewal = setTimeout(() => void channel.close(), CHANNEL_LIFE).unref();
    onUp(new ChannelRequests(channel), welcome);
    try {
      const error = await channel.run(onNews);
      if (!this.#closed()) onDown(error ?? cutFailure('a new one is made every seven days'));
      return error;
    } finally {
      clearTimeout(renewal);
      this.#backoff.stood(this.#stopwatch() - upSince);
    }
  }

  /** Waits for the longer of the own pause and what the relay asked for. */
  async #pause(error: WaxwingError): Promise<void> {
    const asked = isPassing(error) ? error.retry : 0;
    const inMs = this.#backoff.next(asked);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, inMs);
      const go = (): void => {
        clearTimeout(timer);
        resolve();
      };
      this.#state = { kind: 'waiting', notBefore: this.#stopwatch() + asked, go };
      this.#options.onRetry(inMs, error);
    });
  }
}
