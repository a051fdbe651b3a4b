/**
 * The port between the parts of a relay that hold channels: what one of them must know at once of a mailbox. Losing a
 * message costs time and never an envelope, because envelopes are in the store. Adapter: `in-process.ts`.
 */
import type { Bytes, NoticedState } from '@waxwing/protocol/wire';

export type BusMessage =
  /** Something was put into the mailbox. */
  | { readonly kind: 'stored' }
  /** To be passed on to a live channel, or dropped (§11.4). */
  | { readonly kind: 'signal'; readonly outer: Bytes }
  | { readonly kind: 'entries'; readonly left: number }
  /** Another channel of this device is there; `by` names it. */
  | { readonly kind: 'replaced'; readonly by: string }
  /** The account is a member no more, or has another device. */
  | { readonly kind: 'removed' }
  /** On `NOTICES`: what became of envelopes. */
  | { readonly kind: 'notices'; readonly ids: readonly Bytes[]; readonly state: NoticedState };

export type TakeMessage = (message: BusMessage) => void;

/** The subject on which every part listens for what became of envelopes. */
export const NOTICES = 'notices';

/** The subject of a mailbox (32). */
export function mailboxSubject(mailbox: Bytes): string {
  return `mailbox.${Buffer.from(mailbox).toString('base64url')}`;
}

export interface Bus {
  publish(subject: string, message: BusMessage): void;
  /** @returns what ends the subscription */
  subscribe(subject: string, take: TakeMessage): () => void;
  close(): Promise<void>;
}
