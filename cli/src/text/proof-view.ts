/** What the printed proof is made of: plain data, mapped by the chat from an opened flight. Times are Unix ms. */

/** Where the trust in a peer's key comes from (in the words shown to people, see `keyStateWord`). */
export type KeyState = 'verified' | 'first-seen' | 'changed' | 'unverifiable';

/** One check of §5.4 (or of §13 for classic). `detail` is local text, made safe before it is printed. */
export type CheckView =
  | { readonly result: 'held'; readonly micros?: number }
  | { readonly result: 'failed'; readonly detail: string; readonly micros?: number }
  | { readonly result: 'not-run' };

/** The five checks, in the order in which they run. */
export interface ChecksView {
  readonly hmac: CheckView;
  readonly unwrap: CheckView;
  readonly decrypt: CheckView;
  readonly freshness: CheckView;
  readonly signature: CheckView;
}

/** Everything a proof line or a proof report says about one message. */
export interface ProofView {
  /** The message's number, shown as `#N`. */
  readonly number: number;
  readonly protocol: 'waxwing' | 'classic';
  readonly direction: 'received' | 'sent';
  readonly checks: ChecksView;
  /** Age on arrival in ms, corrected by the clock offset; may be negative (shown as 0). */
  readonly age: number;
  /** Waited at a relay: its age is told and never a reason to refuse it. */
  readonly late?: boolean;
  /** Given again as its sender signed it: signature and place were checked, and nothing was sealed for this way here. */
  readonly quoted?: boolean;
  /** What else is to be said in the proof line: `arrived late`, `written before bob was removed`. May be hostile. */
  readonly remarks?: readonly string[];
  /** Only for the report. */
  readonly peer?: {
    readonly name?: string;
    readonly fingerprint?: string;
    readonly keyState: KeyState;
    readonly keySince?: number;
  };
  readonly sent?: number;
  readonly received?: number;
  /** Seconds for which the message is fresh. */
  readonly ttl?: number;
  readonly seq?: number;
  readonly prev?: Uint8Array;
  /** Messages in the flight, and this one's place in it from 1. */
  readonly items?: { readonly count: number; readonly place: number };
  /** Flights missing before this one, and ranges the sender declared empty. */
  readonly gap?: number;
  /** Sizes in bytes. */
  readonly sizes?: {
    readonly body?: number;
    readonly envelope?: number;
    readonly ciphertext?: number;
    readonly wrap?: number;
    readonly statement?: number;
    readonly signature?: number;
  };
  /** The message's id (c_i), bytes. */
  readonly id?: Uint8Array;
  readonly record?: 'on' | 'off';
  /** How far a sent message came. */
  readonly delivery?: DeliveryState;
}

/** How far a message of ours came. */
export type DeliveryState = 'queued' | 'sent' | 'delivered' | 'read' | 'too-old' | 'failed';
