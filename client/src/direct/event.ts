/** What happens in a direct chat, as plain values: the interface shows them, a program may log or ignore them. */
import type { Bytes, Proof, ProtocolErrorCode } from '@waxwing/protocol';
import type { WaxwingError } from '../errors.ts';
import type { Address } from '../connection/address.ts';
import type { PeerView } from './peer-view.ts';

/** A message that passed every check and is on disk. */
export interface ReceivedMessage {
  /** `#N` */
  readonly number: number;
  readonly peer: PeerView;
  /** Media type; `text/plain` has `text`. */
  readonly type: string;
  readonly body: Bytes;
  /** The text as it was sent. It is remote: sanitise it before it reaches a screen. */
  readonly text: string | undefined;
  /** The sender's clock, ms. */
  readonly sent: number;
  /** Own clock, ms. */
  readonly received: number;
  /** Milliseconds on the clock both ends agreed on; may be negative (§5.5). */
  readonly age: number;
  /** Deliveries missing before this message's flight (first message of a flight only). */
  readonly gap: number;
  /** The message's place in its sender's sequence of flights (§5.2). */
  readonly seq: number;
  /** One typed result per check (§5.4). */
  readonly proof: Proof;
}

/** Why a channel or a handshake ended in a failure. Local detail: the peer is told nothing. */
export interface FailureDetail {
  /** `unexpected`: no failure of the peer's but a fault of ours, please report it. */
  readonly code: ProtocolErrorCode | 'unexpected';
  readonly check: string;
  readonly message: string;
}

export type DirectEvent =
  /** The server listens. */
  | { readonly kind: 'listening'; readonly address: Address }
  /** Texts of an earlier run still wait for a peer. */
  | { readonly kind: 'waiting'; readonly count: number }
  | { readonly kind: 'connecting'; readonly address: Address }
  /** A socket stands; the handshake begins. */
  | { readonly kind: 'exchanging'; readonly remote: string }
  /** The handshake ended well and the peer may stay. `firstContact`: nothing was known of this key before. */
  | {
      readonly kind: 'connected';
      readonly peer: PeerView;
      readonly firstContact: boolean;
      /** Whether either end is reached over more than the own machine. */
      readonly beyondLoopback: boolean;
      readonly sas: string;
      /** Milliseconds, the peer's clock minus the own; over a minute the user should know (§3). */
      readonly clockOffset: number;
      /** This connection took the place of a cut one. */
      readonly again: boolean;
    }
  | { readonly kind: 'message'; readonly message: ReceivedMessage }
  | { readonly kind: 'sent'; readonly numbers: readonly number[] }
  | { readonly kind: 'delivered'; readonly numbers: readonly number[] }
  /** The peer refused these for their age alone; `resend` sends them anew. */
  | { readonly kind: 'too-old'; readonly numbers: readonly number[] }
  /** A flight of the peer was outside the time window: nothing of it is shown, the conversation lives (§5.4). */
  | { readonly kind: 'refused-for-age'; readonly peer: PeerView; readonly seq: number; readonly age: number }
  | { readonly kind: 'nick'; readonly peer: PeerView }
  /** The peer left in order; `missing` flights it says it sent never came. */
  | { readonly kind: 'left'; readonly peer: PeerView; readonly missing: number }
  /** The channel ended without a close: a cut, not a leave (§4). */
  | { readonly kind: 'cut'; readonly peer: PeerView; readonly reason: string }
  /** The channel ended because something the peer sent did not pass, or it refused something of ours. */
  | {
      readonly kind: 'failed';
      readonly remote: string;
      readonly peer: PeerView | undefined;
      readonly detail: FailureDetail;
      /** A caller that came to nothing while another chats: for the log, nothing to interrupt people for. */
      readonly aside?: boolean;
    }
  /** This peer failed too often behind a good HMAC: it is malicious or broken (§5.4). */
  | { readonly kind: 'quarantined'; readonly peer: PeerView }
  /** A caller was turned away while another chats. */
  | { readonly kind: 'turned-away'; readonly peer: PeerView }
  /** A caller was refused by the own rules: blocked, quarantined, or with an older certificate than one already seen. */
  | { readonly kind: 'refused'; readonly remote: string; readonly error: WaxwingError }
  /** The peer has accepted more than this home ever sent: this home is an older copy (§4). */
  | { readonly kind: 'restored-copy'; readonly peer: PeerView }
  | { readonly kind: 'retrying'; readonly inMs: number; readonly error: WaxwingError }
  /** The home could not keep something: the connection ended, nothing was acknowledged. */
  | { readonly kind: 'storage'; readonly error: WaxwingError };

export type Observer = (event: DirectEvent) => void;
