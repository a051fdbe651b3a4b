/** What a watched handshake tells (§3): each frame with what was made of it, and how it ended. */
import type { Bytes } from '../bytes.ts';
import type { ProtocolError } from '../errors.ts';
import type { Bundle } from '../keys/bundle.ts';
import type { SecretKey } from '../primitives.ts';
import type { HeldCheck, TraceSource } from '../trace.ts';
import type { HandshakeResult } from './handshake-result.ts';
import type { AnswerMessage, HelloMessage, IdentityProof, ServerProof } from './messages.ts';

/** As the own side sees it. */
export type Direction = 'out' | 'in';

interface FrameTrace {
  readonly direction: Direction;
  /** The whole frame, its five header bytes included. */
  readonly frame: Bytes;
  /** What the receiver checked; empty at the sender. */
  readonly checks: readonly HeldCheck[];
}

export interface HelloTrace extends FrameTrace {
  readonly kind: 'f1';
  readonly hello: HelloMessage;
}

/** With F2 both sides have the two shared secrets, and from them prk and TH1. */
export interface AnswerTrace extends FrameTrace {
  readonly kind: 'f2';
  readonly answer: AnswerMessage;
  readonly dhShared: SecretKey;
  readonly mlKemShared: SecretKey;
  readonly prk: SecretKey;
  readonly th1: Bytes;
}

interface BoxTrace extends FrameTrace {
  /** The sender's, as it stands in the box. */
  readonly bundle: Bundle;
  /** k_s or k_c, 64: the first half encrypts, the second authenticates. */
  readonly key: SecretKey;
  /** The key of mac_S or mac_C. */
  readonly finishKey: SecretKey;
  /** TH2 or TH4: what the sender signs. */
  readonly transcript: Bytes;
}

export interface ServerProofTrace extends BoxTrace {
  readonly kind: 'f3';
  readonly proof: ServerProof;
}

export interface ClientProofTrace extends BoxTrace {
  readonly kind: 'f4';
  readonly proof: IdentityProof;
}

/** All secrets of the channel are there; a client's count once F5 has opened. */
export interface EstablishedTrace {
  readonly kind: 'established';
  readonly handshake: HandshakeResult;
}

/** What was received did not pass. The frame is undefined where its announced length was refused. */
export interface RefusedTrace {
  readonly kind: 'refused';
  readonly frame: Bytes | undefined;
  readonly error: ProtocolError;
}

export type HandshakeTraceEvent =
  | HelloTrace
  | AnswerTrace
  | ServerProofTrace
  | ClientProofTrace
  | EstablishedTrace
  | RefusedTrace;

export type HandshakeTrace = TraceSource<HandshakeTraceEvent>;
