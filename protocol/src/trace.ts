/**
 * Watching: whoever asks is told what a step has computed, once it has. No check depends on it, secrets come as the opaque
 * keys they are (which redact themselves), and where nobody watches nothing is made for it.
 */

/** Somebody who watches. `tell` must return at once and never throw. */
export interface Trace<Event> {
  /** A monotonic clock in milliseconds. */
  readonly stopwatch: () => number;
  readonly tell: (event: Event) => void;
}

/** Asked anew for each step, so that watching can begin and end while a channel lives. */
export type TraceSource<Event> = () => Trace<Event> | undefined;

/** A check that held, and what it cost in milliseconds. */
export interface HeldCheck {
  readonly check: string;
  readonly took: number;
}

/** The checks of one step, in their order, each with the time since the one before. */
export class CheckWatch {
  readonly held: HeldCheck[] = [];
  readonly #stopwatch: () => number;
  #last: number;

  constructor(stopwatch: () => number) {
    this.#stopwatch = stopwatch;
    this.#last = stopwatch();
  }

  /** For a step that may be watched: undefined where nobody does. */
  static of(trace: Pick<Trace<never>, 'stopwatch'> | undefined): CheckWatch | undefined {
    return trace && new CheckWatch(trace.stopwatch);
  }

  note(check: string): void {
    const now = this.#stopwatch();
    this.held.push({ check, took: now - this.#last });
    this.#last = now;
  }
}
