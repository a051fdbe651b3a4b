/** Sealed envelopes on their way to the relay: in order, many at a time, and again under the same id until it has them. */
import { MAX_PUTS, REFUSAL, toHex } from '@waxwing/protocol';
import { Backoff } from '../connection/backoff.ts';
import { isDiskFailure } from '../errors.ts';
import { putRefusalOf, RelayFailure } from '../relay/relay-failure.ts';
import type { RelayRequests } from '../relay/relay-requests.ts';
import type { PostedEnvelope } from '../store/posted.ts';
import type { Place } from './place.ts';

/** Requests under way at once: enough to fill the way to the relay and back. */
const MAX_UNDER_WAY = 4;
/** Until a request is repeated that the relay will hardly take, ms. */
const HARDLY = 300_000;

export interface PutQueueOptions {
  readonly place: Place;
  /** The relay has these on disk. */
  readonly onStored: (envelopes: readonly PostedEnvelope[]) => void;
  /** They wait from now on: the mailbox is full, or this is too fast. */
  readonly onHeld: (envelopes: readonly PostedEnvelope[], failure: RelayFailure) => void;
  /** Their mailbox is not there, or the relay will not take them. */
  readonly onRefused: (envelopes: readonly PostedEnvelope[], failure: RelayFailure) => void;
  /** Something failed that is no word of the relay's: a disk, or a fault of ours. */
  readonly onFault: (error: unknown) => void;
}

type Sealed = PostedEnvelope & { readonly outer: NonNullable<PostedEnvelope['outer']> };

interface Pause {
  readonly backoff: Backoff;
  /** Monotonic, ms. */
  readonly until: number;
}

export class PutQueue {
  readonly #options: PutQueueOptions;
  #requests: RelayRequests | undefined;
  readonly #underWay = new Set<string>();
  #open = 0;
  readonly #running = new Set<Promise<void>>();
  /** Of mailboxes (hex) that took nothing, and of all ('') where the relay refused whole requests. */
  readonly #pauses = new Map<string, Pause>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PutQueueOptions) {
    this.#options = options;
  }

  up(requests: RelayRequests): void {
    this.#requests = requests;
    this.#underWay.clear();
    this.#open = 0;
    this.#pauses.clear();
    this.wake();
  }

  down(): void {
    this.#requests = undefined;
    clearTimeout(this.#timer);
  }

  /** There may be something to put. */
  wake(): void {
    this.#withDisk(() => {
      while (this.#requests !== undefined && this.#open < MAX_UNDER_WAY && !this.#paused('')) {
        const batch = this.#nextBatch();
        if (batch.length === 0) return;
        const run = this.#put(this.#requests, batch)
          .catch(this.#options.onFault)
          .finally(() => this.#running.delete(run));
        this.#running.add(run);
      }
    });
  }

  /** Resolves when the relay has answered what is being put to it now. */
  async answered(): Promise<void> {
    await Promise.all(this.#running);
  }

  /** The next ones in their order, but for those whose mailbox takes nothing now: they keep nobody else. */
  #nextBatch(): readonly Sealed[] {
    const { place } = this.#options;
    const passed = new Set(this.#underWay);
    const batch: Sealed[] = [];
    while (batch.length < MAX_PUTS) {
      const found = place.store.posted.toPut(place.relay, MAX_PUTS - batch.length, passed);
      if (found.length === 0) break;
      for (const { id } of found) passed.add(toHex(id));
      batch.push(...found.filter(({ target }) => !this.#paused(toHex(target))));
    }
    return batch;
  }

  async #put(requests: RelayRequests, batch: readonly Sealed[]): Promise<void> {
    this.#open += 1;
    for (const { id } of batch) this.#underWay.add(toHex(id));
    let codes: readonly number[] | undefined;
    try {
      codes = await requests.put(batch.map(({ target, id, outer }) => ({ mailbox: target, id, outer })));
    } catch (error) {
      if (!(error instanceof RelayFailure)) throw error;
      if (requests === this.#requests) this.#pause('', error.passing ? error.retry : HARDLY);
    }
    if (requests !== this.#requests) return; // the next channel puts them again
    this.#open -= 1;
    for (const { id } of batch) this.#underWay.delete(toHex(id));
    // A disk that cannot note it costs a second put of the same, which the relay knows by its id.
    if (codes !== undefined) this.#withDisk(() => this.#judge(batch, codes));
    this.wake();
  }

  #judge(batch: readonly Sealed[], codes: readonly number[]): void {
    const of = (wanted: (code: number) => boolean): Sealed[] =>
      batch.filter((_, index) => wanted(codes[index] ?? REFUSAL.cannotStore));
    const stored = of((code) => code === 0);
    if (stored.length > 0) {
      for (const { target } of stored) this.#pauses.delete(toHex(target));
      this.#options.onStored(stored);
      this.#pauses.delete('');
    }
    for (const code of new Set(codes.filter((one) => one !== 0))) {
      const refused = of((one) => one === code);
      const failure = putRefusalOf(code);
      const fresh = refused.filter(({ target }) => !this.#pauses.has(toHex(target)));
      // Also where no time helps: until it is noted what becomes of them they would be put again and again.
      for (const target of new Set(refused.map((one) => toHex(one.target)))) this.#pause(target, failure.retry);
      if (!failure.passing) this.#options.onRefused(refused, failure);
      else if (fresh.length > 0) this.#options.onHeld(fresh, failure);
    }
  }

  /** Where the disk fails it is tried again after a pause. */
  #withDisk(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!isDiskFailure(error)) throw error;
      this.#options.place.observe({ kind: 'storage', error });
      this.#pause('', 0);
    }
  }

  #paused(target: string): boolean {
    const pause = this.#pauses.get(target);
    return pause !== undefined && performance.now() < pause.until;
  }

  /** With jitter, so that all who were refused do not come at once (§11.6). */
  #pause(target: string, asked: number): void {
    const backoff = this.#pauses.get(target)?.backoff ?? new Backoff();
    this.#pauses.set(target, { backoff, until: performance.now() + backoff.next(asked) });
    this.#awaitNext();
  }

  /** One timer for all pauses: it is set again as long as one of them has not ended. */
  #awaitNext(): void {
    clearTimeout(this.#timer);
    const now = performance.now();
    const ends = [...this.#pauses.values()].map(({ until }) => until).filter((at) => at > now);
    if (ends.length === 0) return;
    this.#timer = setTimeout(
      () => {
        this.#awaitNext(); // first: a pause that ends in between is seen by one of the two
        this.wake();
      },
      Math.min(...ends) - now + 1,
    ).unref();
  }
}
