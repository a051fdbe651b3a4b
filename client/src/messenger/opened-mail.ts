/** What came of one envelope of the mailbox: what to write, and what to tell once it is written. */

export interface OpenedMail {
  /** Inside the transaction of its batch: whatever it changes, and nothing that waits. */
  readonly commit: () => void;
  /** After that, when the relay is told. */
  readonly show: () => void;
}

/** To be confirmed to the relay and nothing else: a copy, or from somebody who is not heard here. */
export const DROPPED: OpenedMail = { commit: () => undefined, show: () => undefined };
