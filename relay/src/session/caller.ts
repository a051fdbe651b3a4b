/** Whoever asks: what the handlers of requests know of a session and of the relay around it. */
import type { Bytes, Primitives, RelayAnswer } from '@waxwing/protocol/wire';
import type { Bus } from '../bus/bus.ts';
import type { RelayLog } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Rates } from '../rates.ts';
import type { CommitQueue } from '../store/commit-queue.ts';
import type { RelayStore } from '../store/store.ts';

export interface Quota {
  readonly envelopes: number;
  readonly bytes: number;
}

/** The relay's parts, the same for every session. */
export interface RelayParts {
  readonly primitives: Primitives;
  readonly store: RelayStore;
  readonly commits: CommitQueue;
  readonly bus: Bus;
  readonly rates: Rates;
  readonly metrics: Metrics;
  readonly log: RelayLog;
  /** Anybody may join without an invite. */
  readonly open: boolean;
  /** Of one mailbox. */
  readonly quota: Quota;
  /** Unix milliseconds. */
  readonly now: () => number;
}

export interface Caller {
  readonly parts: RelayParts;
  /** Names this channel, in memory. */
  readonly channel: string;
  /** The machine, for limits. */
  readonly address: string;
  /** 32 */
  readonly account: Bytes;
  /** 16 */
  readonly device: Bytes;
  /** 32 */
  readonly mailbox: Bytes;
  /** The key under which the account's rates are counted. */
  readonly key: string;
  /** The mailbox's subject on the bus. */
  readonly subject: string;
  /** The bundle that it showed, until it is a member: then the store has it. */
  readonly shown: Bytes | undefined;
  /** From now on: this device is here. */
  becomeMember(): void;
  /** A new `receive`: begin with the oldest. */
  startDelivery(): void;
  confirmed(ids: readonly Bytes[]): void;
  /** These were put over this channel: what becomes of them is told to it. */
  remember(ids: readonly Bytes[]): void;
}

/**
 * What a handler gives: it resolves as soon as the request has its place in the order of things, and the answer comes
 * when it is true (on disk, above all). @throws Refusal, at once or in the answer
 */
export interface Handled {
  readonly answer: Promise<RelayAnswer>;
}

/** The day of a time. */
export function dayOf(time: number): number {
  return Math.floor(time / 86_400_000);
}
