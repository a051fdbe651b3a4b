/** Every channel that is open: its ticks, its end, and who put which envelope. */
import { type Bytes, GOODBYE, type GoodbyeReason, type NoticedState } from '@waxwing/protocol/wire';
import { byteKey } from '../byte-key.ts';
import { type Bus, NOTICES } from '../bus/bus.ts';
import type { Session } from './session.ts';

/** Envelopes of one channel whose fate is told to it; older ones are asked for (`status`). */
const REMEMBERED = 1024;

export class Sessions {
  /** With the ids that were put, oldest first. */
  readonly #sessions = new Map<Session, string[]>();
  readonly #putters = new Map<string, Session>();
  readonly #unsubscribe: () => void;

  constructor(bus: Bus) {
    this.#unsubscribe = bus.subscribe(NOTICES, (message) => {
      if (message.kind === 'notices') this.#notice(message.ids, message.state);
    });
  }

  get count(): number {
    return this.#sessions.size;
  }

  add(session: Session): void {
    this.#sessions.set(session, []);
  }

  remove(session: Session): void {
    for (const id of this.#sessions.get(session) ?? []) {
      if (this.#putters.get(id) === session) this.#putters.delete(id);
    }
    this.#sessions.delete(session);
  }

  remember(session: Session, ids: readonly Bytes[]): void {
    const remembered = this.#sessions.get(session);
    if (remembered === undefined) return;
    for (const id of ids) {
      const key = byteKey(id);
      this.#putters.set(key, session);
      remembered.push(key);
    }
    // In lots: to move what is left up for every put would cost more than remembering a few more.
    if (remembered.length < 2 * REMEMBERED) return;
    for (const id of remembered.splice(0, remembered.length - REMEMBERED)) {
      if (this.#putters.get(id) === session) this.#putters.delete(id);
    }
  }

  tick(now: number): void {
    for (const session of [...this.#sessions.keys()]) session.tick(now);
  }

  /** Resolves when no request is under way, or after `within` ms. */
  async settle(within: number): Promise<void> {
    const until = performance.now() + within;
    while ([...this.#sessions.keys()].some(({ openRequests }) => openRequests > 0) && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  goodbye(reason: GoodbyeReason = GOODBYE.draining): void {
    for (const session of [...this.#sessions.keys()]) session.goodbye(reason);
    this.#unsubscribe();
  }

  #notice(ids: readonly Bytes[], state: NoticedState): void {
    const told = new Map<Session, Bytes[]>();
    for (const id of ids) {
      const session = this.#putters.get(byteKey(id));
      if (session !== undefined) told.set(session, [...(told.get(session) ?? []), id]);
    }
    for (const [session, own] of told) {
      for (let at = 0; at < own.length; at += REMEMBERED) session.notice(own.slice(at, at + REMEMBERED), state);
    }
  }
}
