/** A command's short time with a relay: home and messenger opened, used, and closed however it ends. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Home,
  isWaxwingError,
  type Messenger,
  openMessenger,
  type RelayConversation,
  type RelayEvent,
  WaxwingError,
} from '@waxwing/client';
import { openLog, relayRecord } from '../log.ts';
import { type HomeFlags, withHome } from '../known-home.ts';
import { readLink, requireRelay } from './relay-place.ts';

export interface RelaySessionFlags extends HomeFlags {
  /** The address of a relay this home has joined; the one used last unless given. */
  readonly relay?: string;
  /** Seconds that the relay has; a minute unless given. */
  readonly timeout?: number;
}

const PATIENCE = 60;
/** What is still to go out at the end (receipts, what a room is told) has so long, ms; less where the time is over. */
const PARTING = 10_000;
const SHORT_PARTING = 1_000;

export class RelaySession {
  readonly home: Home;
  readonly messenger: Messenger;
  readonly #until: number;
  readonly #connected: Promise<undefined>;
  readonly #trouble: () => WaxwingError | undefined;

  constructor(parts: {
    readonly home: Home;
    readonly messenger: Messenger;
    readonly ms: number;
    /** Resolves when the relay is there for the first time. */
    readonly connected: Promise<undefined>;
    readonly trouble: () => WaxwingError | undefined;
  }) {
    this.#connected = parts.connected;
    this.home = parts.home;
    this.messenger = parts.messenger;
    this.#until = performance.now() + parts.ms;
    this.#trouble = parts.trouble;
  }

  /** What is left of the time the relay has, ms. */
  get left(): number {
    return Math.max(0, this.#until - performance.now());
  }

  /** What last kept us from the relay. */
  get trouble(): WaxwingError | undefined {
    return this.#trouble();
  }

  /** What ended the messenger for good, where something has: whoever waited in vain waited for nothing. */
  async failure(): Promise<WaxwingError | undefined> {
    const soon = new Promise<undefined>((resolve) => setImmediate(() => resolve(undefined)));
    const end = await Promise.race([this.messenger.ended, soon]);
    return end?.how === 'failed' ? end.error : undefined;
  }

  /** The conversation that is meant; the relay is waited for where it alone knows. @throws WaxwingError as `inTime`, `open` */
  async find(who: string): Promise<RelayConversation> {
    try {
      return await this.inTime(this.messenger.open(who));
    } catch (error) {
      if (!isWaxwingError(error, 'not-connected')) throw error;
      await this.inTime(this.#connected);
      return await this.inTime(this.messenger.open(who));
    }
  }

  /** What the relay has to do with, within the time it has. @throws WaxwingError what kept it, or `relay-unavailable` */
  async inTime<T>(work: Promise<T>): Promise<T> {
    const stop = new AbortController();
    try {
      return await Promise.race([work, this.#tooLate(stop.signal), this.#ended()]);
    } finally {
      stop.abort();
    }
  }

  async #tooLate(signal: AbortSignal): Promise<never> {
    await sleep(this.left, undefined, { signal });
    throw (
      this.trouble ??
      new WaxwingError(
        'relay-unavailable',
        'The relay did not answer in time.',
        'Try again, or give it longer: --timeout 300.',
      )
    );
  }

  async #ended(): Promise<never> {
    const end = await this.messenger.ended;
    if (end.how === 'failed') throw end.error;
    return await new Promise<never>(() => undefined); // closed by ourselves: whoever closed it knows
  }
}

/** @throws WaxwingError, ProtocolError `link` */
export async function withRelay<T>(
  flags: RelaySessionFlags,
  use: (session: RelaySession) => Promise<T>,
  observe: (event: RelayEvent) => void = () => undefined,
): Promise<T> {
  const link = flags.relay === undefined ? undefined : readLink(flags.relay);
  return await withHome(flags, async (home) => {
    if (link === undefined) requireRelay(home);
    const log = openLog(home, relayRecord);
    const connected = Promise.withResolvers<undefined>();
    let trouble: WaxwingError | undefined;
    const messenger = await openMessenger({
      home,
      link,
      observe: (event) => {
        log(event);
        if (event.kind === 'cut' || event.kind === 'retrying') trouble = event.error;
        if (event.kind === 'connected') {
          trouble = undefined;
          connected.resolve(undefined);
        }
        observe(event);
      },
    });
    const ms = (flags.timeout ?? PATIENCE) * 1_000;
    const session = new RelaySession({
      home,
      messenger,
      ms,
      connected: connected.promise,
      trouble: () => trouble,
    });
    try {
      return await use(session);
    } finally {
      await messenger.close(Math.max(SHORT_PARTING, Math.min(PARTING, session.left)));
    }
  });
}
