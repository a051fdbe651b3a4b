/** What a process of the load can be told, each with its answer. Times are ms of the machine's clock. */
import type { NetworkDescription } from './network.ts';

export interface Commands {
  /** Whom to load. */
  network: { told: NetworkDescription; answer: undefined };
  /** Connects peers that receive; answers with their addresses. */
  listen: { told: Numbers; answer: readonly string[] };
  /** Connects peers that send, each to one address. */
  connect: { told: Numbers & { readonly to: readonly string[] }; answer: undefined };
  /** Opens connections that say nothing more. */
  hold: { told: Numbers; answer: undefined };
  /** Ends every connection. What a server keeps for their owners stays kept. */
  leave: { told: undefined; answer: undefined };
  /** Those who send do so for so long, each with at most `window` messages unacknowledged; answers when none is. */
  flood: {
    told: { readonly seconds: number; readonly window: number };
    answer: { readonly sent: number; readonly began: number; readonly ended: number };
  };
  /** They send so many a second together, each when it is due; answers when none is unacknowledged. */
  pace: {
    told: { readonly seconds: number; readonly perSecond: number };
    answer: { readonly sent: number };
  };
  /** Answers when so many have come since this was told last: how long after it was due each of them came. */
  await: {
    told: { readonly count: number };
    answer: { readonly ended: number; readonly latencies: readonly number[] };
  };
}

/** Peers by number: the same number is the same account or session every time. */
export interface Numbers {
  readonly first: number;
  readonly count: number;
}

export type CommandName = keyof Commands;

export type Told = {
  [Name in CommandName]: { readonly name: Name; readonly told: Commands[Name]['told'] };
}[CommandName];
