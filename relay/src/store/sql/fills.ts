/** What is remembered of mailboxes between transactions: how full they are, and what was put into them lately. */
import { type Bytes, MAX_UNCONFIRMED } from '@waxwing/protocol/wire';
import type { WaitingEnvelope } from '../store.ts';

/** Mailboxes that are remembered; above this all are read anew. */
const REMEMBERED = 10_000;
/** A mailbox with more than this is read from the disk: nobody is there who takes it away. */
const LATELY = 2 * MAX_UNCONFIRMED;
/** Of all mailboxes together, bytes of envelopes. */
const LATELY_BYTES = 32 * 2 ** 20;

/** What is in a mailbox, and the next place in it. */
export interface Fill {
  /** The mailbox's key. */
  readonly mailbox: string;
  readonly envelopes: number;
  readonly bytes: number;
  readonly next: number;
  /**
   * By their ids' keys, in order: envelopes that are on the disk and not confirmed. All that are there, where these are
   * as many as `envelopes`.
   */
  readonly lately: ReadonlyMap<string, WaitingEnvelope>;
}

type Writable = { -readonly [Key in Exclude<keyof Fill, 'lately'>]: Fill[Key] } & {
  readonly lately: Map<string, WaitingEnvelope>;
};

export class Fills {
  readonly #fills = new Map<string, Writable>();
  /** Put, by a transaction that is not yet known to be on the disk. */
  readonly #unsettled = new Map<string, { readonly fill: Writable; readonly envelope: WaitingEnvelope }>();
  #bytes = 0;

  /** Of the mailbox with this key. */
  get(mailbox: string): Fill | undefined {
    return this.#fills.get(mailbox);
  }

  remember(read: Omit<Fill, 'lately'>): Fill {
    const fill = { ...read, lately: new Map<string, WaitingEnvelope>() };
    this.#fills.set(fill.mailbox, fill);
    return fill;
  }

  /** @returns its place */
  put(fill: Fill, { key, id, outer }: { readonly key: string; readonly id: Bytes; readonly outer: Bytes }): number {
    const into = fill as Writable;
    into.envelopes += 1;
    into.bytes += outer.length;
    const envelope = { number: into.next++, id, outer };
    this.#unsettled.set(key, { fill: into, envelope });
    return envelope.number;
  }

  confirm(fill: Fill, { key, size }: { readonly key: string; readonly size: number }): void {
    const from = fill as Writable;
    from.envelopes -= 1;
    from.bytes -= size;
    this.#unsettled.delete(key);
    if (from.lately.delete(key)) this.#bytes -= size;
  }

  /** What was put is on the disk. */
  settle(): void {
    for (const [key, { fill, envelope }] of this.#unsettled) {
      if (this.#fills.get(fill.mailbox) !== fill) continue;
      if (fill.envelopes > LATELY) this.#drop(fill);
      else {
        fill.lately.set(key, envelope);
        this.#bytes += envelope.outer.length;
      }
    }
    this.#unsettled.clear();
    // Not while a transaction is under way: what it has not yet written would be read anew without it.
    if (this.#fills.size > REMEMBERED) this.forget();
    else if (this.#bytes > LATELY_BYTES) for (const fill of this.#fills.values()) this.#drop(fill);
  }

  /** What waits in a mailbox behind a place, in order; undefined where only the disk knows all of it. */
  waiting(
    mailbox: string,
    { after, count }: { readonly after: number; readonly count: number },
  ): readonly WaitingEnvelope[] | undefined {
    const fill = this.#fills.get(mailbox);
    if (fill === undefined || fill.lately.size !== fill.envelopes) return undefined;
    const found: WaitingEnvelope[] = [];
    for (const envelope of fill.lately.values()) {
      if (found.length === count) break;
      if (envelope.number > after) found.push(envelope);
    }
    return found;
  }

  forgetOne(mailbox: string): void {
    const fill = this.#fills.get(mailbox);
    if (fill !== undefined) this.#drop(fill);
    this.#fills.delete(mailbox);
  }

  forget(): void {
    this.#unsettled.clear();
    this.#fills.clear();
    this.#bytes = 0;
  }

  #drop(fill: Writable): void {
    for (const { outer } of fill.lately.values()) this.#bytes -= outer.length;
    fill.lately.clear();
  }
}
