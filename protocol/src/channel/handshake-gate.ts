/** Who may begin a handshake with a listener, and how much it must work for that (§3, §12). */
import {
  HANDSHAKE_DEADLINE,
  MAX_PUZZLE_BITS,
  MAX_UNFINISHED_HANDSHAKES,
  MAX_UNFINISHED_PER_ADDRESS,
  MIN_PUZZLE_BITS,
  PUZZLE_FROM_UNFINISHED,
} from '../limits.ts';

/** An admitted, unfinished handshake. */
export interface HandshakeTicket {
  readonly address: string;
  /** What its F1 asks for: 0, or 12..20 while more than 64 are unfinished. */
  readonly puzzleBits: number;
  /** Milliseconds: it is to be over by then. */
  readonly deadline: number;
}

export type Admission =
  | { readonly admitted: true; readonly ticket: HandshakeTicket }
  | { readonly admitted: false; readonly reason: 'full' | 'address' };

/** Counts unfinished handshakes. Give every ticket back with `finish`, however its handshake ended. */
export class HandshakeGate {
  readonly #tickets = new Set<HandshakeTicket>();

  get unfinished(): number {
    return this.#tickets.size;
  }

  /** A place for one more handshake from `address` (any text that names the caller's machine), or why there is none. */
  admit(address: string, now: number): Admission {
    if (this.#unfinishedOf(address) >= MAX_UNFINISHED_PER_ADDRESS) return { admitted: false, reason: 'address' };
    if (this.#tickets.size >= MAX_UNFINISHED_HANDSHAKES) return { admitted: false, reason: 'full' };
    const ticket = {
      address,
      puzzleBits: puzzleBitsFor(this.#tickets.size + 1),
      deadline: now + HANDSHAKE_DEADLINE,
    };
    this.#tickets.add(ticket);
    return { admitted: true, ticket };
  }

  /** The handshake ended, well or not. A ticket given back before is ignored. */
  finish(ticket: HandshakeTicket): void {
    this.#tickets.delete(ticket);
  }

  /** Takes back and returns the tickets whose deadline has passed: close their connections. */
  expire(now: number): HandshakeTicket[] {
    const late = [...this.#tickets].filter((ticket) => now >= ticket.deadline);
    for (const ticket of late) this.finish(ticket);
    return late;
  }

  #unfinishedOf(address: string): number {
    let count = 0;
    for (const ticket of this.#tickets) if (ticket.address === address) count += 1; // of 256 at most
    return count;
  }
}

/** Bits asked of the handshake that makes `unfinished`: none up to 64, then evenly from 12 to 20 at 256 (§3). */
export function puzzleBitsFor(unfinished: number): number {
  const above = unfinished - PUZZLE_FROM_UNFINISHED;
  if (above <= 0) return 0;
  const steps = MAX_PUZZLE_BITS - MIN_PUZZLE_BITS;
  const span = MAX_UNFINISHED_HANDSHAKES - PUZZLE_FROM_UNFINISHED;
  return Math.min(MAX_PUZZLE_BITS, MIN_PUZZLE_BITS + Math.floor((above * steps) / span));
}
