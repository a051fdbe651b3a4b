/** Envelopes on their way to one device: in order, a bounded number unconfirmed (§11.4). */
import {
  type Bytes,
  MAX_UNCONFIRMED,
  MAX_UNCONFIRMED_BYTES,
  MAX_UNWRITTEN,
  type RelayEvent,
} from '@waxwing/protocol/wire';
import { byteKey } from '../byte-key.ts';
import type { RelayStore, WaitingEnvelope } from '../store/store.ts';

/** What one deliver event may hold, bytes: it must fit a record. */
const LARGEST_EVENT = 100_000;

export interface DeliveryOptions {
  readonly store: Pick<RelayStore, 'waiting'>;
  readonly mailbox: Bytes;
  readonly send: (event: RelayEvent) => void;
  /** Whether the channel has too much to write already. */
  readonly congested: () => boolean;
  readonly failed: (error: unknown) => void;
}

export class Delivery {
  readonly #options: DeliveryOptions;
  /** Sent and not confirmed, oldest first. */
  readonly #unconfirmed = new Map<string, { readonly number: number; readonly size: number }>();
  #bytes = 0;
  /** Counts `receive`s: what was read for an earlier one is not sent. */
  #round = 0;
  #pumping = false;
  #wanted = false;
  #ended = false;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** Begins anew with the oldest. */
  start(): void {
    this.#round += 1;
    this.#unconfirmed.clear();
    this.#bytes = 0;
    this.wake();
  }

  end(): void {
    this.#ended = true;
  }

  confirmed(ids: readonly Bytes[]): void {
    for (const id of ids) {
      const key = byteKey(id);
      this.#bytes -= this.#unconfirmed.get(key)?.size ?? 0;
      this.#unconfirmed.delete(key);
    }
    this.wake();
  }

  /** Something may be there, or may be sent again. */
  wake(): void {
    if (this.#round === 0) return;
    this.#wanted = true;
    if (this.#pumping) return;
    this.#pumping = true;
    this.#pump().catch((error: unknown) => this.#options.failed(error));
  }

  async #pump(): Promise<void> {
    try {
      while (this.#wanted) {
        this.#wanted = false;
        while (!this.#ended && !this.#options.congested() && (await this.#sendSome()));
      }
    } finally {
      this.#pumping = false; // in the same step as the last look at #wanted
    }
  }

  /** @returns whether anything was sent */
  async #sendSome(): Promise<boolean> {
    const { store, mailbox } = this.#options;
    const count = MAX_UNCONFIRMED - this.#unconfirmed.size;
    const left = MAX_UNCONFIRMED_BYTES - this.#bytes;
    if (count <= 0 || left <= 0) return false;
    const bytes = Math.min(left, MAX_UNWRITTEN); // then the channel is looked at again
    const round = this.#round;
    // Whatever lies before the last one sent is on its way too, or confirmed and gone. Not further: places are used again.
    const after = [...this.#unconfirmed.values()].at(-1)?.number ?? 0;
    const found = await store.waiting({ mailbox, after, count, bytes });
    if (round !== this.#round || this.#ended) return round !== this.#round;
    const fitting = found.length === 1 && (found[0]?.outer.length ?? 0) > left ? [] : found;
    for (const group of inEvents(fitting)) {
      for (const { id, number, outer } of group) {
        this.#unconfirmed.set(byteKey(id), { number, size: outer.length });
        this.#bytes += outer.length;
      }
      this.#options.send({ event: 'deliver', envelopes: group.map(({ id, outer }) => ({ id, outer })) });
    }
    return fitting.length > 0;
  }
}

/** Envelopes in groups that fit one record each. */
function* inEvents(envelopes: readonly WaitingEnvelope[]): Generator<readonly WaitingEnvelope[]> {
  let group: WaitingEnvelope[] = [];
  let size = 0;
  for (const envelope of envelopes) {
    if (group.length > 0 && size + envelope.outer.length > LARGEST_EVENT) {
      yield group;
      group = [];
      size = 0;
    }
    group.push(envelope);
    size += envelope.outer.length;
  }
  if (group.length > 0) yield group;
}
