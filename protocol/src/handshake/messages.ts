/** The wire structures F1 to F4 (§3): types, encoders, decoders. */
import type { Bytes } from '../bytes.ts';
import { bytes, bytesBetween, decodeCborAs, encodeCbor, list, text, tuple, uint } from '../codec/cbor.ts';
import { encodeFrame, FRAME, type Frame } from '../codec/frame.ts';
import { ProtocolError } from '../errors.ts';
import { PROTOCOL, SUITE } from '../labels.ts';
import {
  HASH_SIZE,
  MAX_FRAME_HANDSHAKE,
  MAX_PUZZLE_BITS_ACCEPTED,
  MAX_SUITES,
  MLKEM_CT_SIZE,
  MLKEM_EK_SIZE,
  NONCE_SIZE,
  PUZZLE_SIZE,
  SIGNATURE_SIZE,
  TAG_SIZE,
  X25519_SIZE,
} from '../limits.ts';
import type { GenericSchema, InferOutput } from 'valibot';
import { type HandshakeCode, requireFrame } from './expected-frame.ts';
import { failAs } from './failure.ts';

/** F1, server to client. */
export interface HelloMessage {
  /** H("waxwing/1 commit\n" ‖ r_S), 32. */
  readonly commitment: Bytes;
  /** X_s, 32. */
  readonly dhPublic: Bytes;
  /** EK, 1184. */
  readonly mlKemPublic: Bytes;
  /** Milliseconds, the server's clock. */
  readonly time: number;
  /** 0: no puzzle. */
  readonly puzzleBits: number;
}

/** F2, client to server. */
export interface AnswerMessage {
  /** n_C, 32. */
  readonly nonce: Bytes;
  /** X_c, 32. */
  readonly dhPublic: Bytes;
  /** CT, 1088. */
  readonly mlKemCiphertext: Bytes;
  /** Milliseconds, the client's clock. */
  readonly time: number;
  /** 8, or empty exactly when none was asked. */
  readonly puzzle: Bytes;
}

/** What F3 and F4 prove. */
export interface IdentityProof {
  readonly bundle: Bytes;
  /** 256, PSS by the device over the transcript statement. */
  readonly signature: Bytes;
  /** 32, from the agreed secret. */
  readonly mac: Bytes;
}

/** F3, server to client, inside its box. */
export interface ServerProof extends IdentityProof {
  /** r_S, 32: opens the commitment of F1. */
  readonly opening: Bytes;
}

const BUNDLE = bytesBetween(1, MAX_FRAME_HANDSHAKE); // judged by openBundle
const F1_SCHEMA = tuple([
  text(),
  list(uint(), 1, MAX_SUITES),
  bytes(HASH_SIZE),
  bytes(X25519_SIZE),
  bytes(MLKEM_EK_SIZE),
  uint(),
  uint(),
]);
const F2_SCHEMA = tuple([
  uint(),
  bytes(NONCE_SIZE),
  bytes(X25519_SIZE),
  bytes(MLKEM_CT_SIZE),
  uint(),
  bytesBetween(0, PUZZLE_SIZE),
]);
const F3_SCHEMA = tuple([BUNDLE, bytes(NONCE_SIZE), bytes(SIGNATURE_SIZE), bytes(TAG_SIZE)]);
const F4_SCHEMA = tuple([BUNDLE, bytes(SIGNATURE_SIZE), bytes(TAG_SIZE)]);

/** The whole frame F1. */
export function encodeF1(hello: HelloMessage): Bytes {
  const { commitment, dhPublic, mlKemPublic, time, puzzleBits } = hello;
  const fields = [PROTOCOL, [SUITE], commitment, dhPublic, mlKemPublic, time, puzzleBits];
  return encodeFrame(FRAME.F1, encodeCbor(fields));
}

/** @throws ProtocolError `handshake-f1`: check `type`, `rejected`, `encoding`, `protocol`, `suite`, `puzzle` */
export function decodeF1(frame: Frame): HelloMessage {
  requireFrame(frame, FRAME.F1, 'handshake-f1');
  const fields = decodeFields(F1_SCHEMA, frame.body, 'handshake-f1');
  const [protocol, suites, commitment, dhPublic, mlKemPublic, time, puzzleBits] = fields;
  if (protocol !== PROTOCOL) {
    throw new ProtocolError('handshake-f1', 'protocol', 'The server speaks another protocol than waxwing/1.');
  }
  if (!suites.includes(SUITE)) throw new ProtocolError('handshake-f1', 'suite', 'The server does not offer suite 1.');
  if (puzzleBits > MAX_PUZZLE_BITS_ACCEPTED) {
    throw new ProtocolError('handshake-f1', 'puzzle', 'The server asks for more work than a client does.');
  }
  return { commitment, dhPublic, mlKemPublic, time, puzzleBits };
}

/** The whole frame F2. */
export function encodeF2(answer: AnswerMessage): Bytes {
  const { nonce, dhPublic, mlKemCiphertext, time, puzzle } = answer;
  return encodeFrame(FRAME.F2, encodeCbor([SUITE, nonce, dhPublic, mlKemCiphertext, time, puzzle]));
}

/** @throws ProtocolError `handshake-f2`: check `type`, `rejected`, `encoding`, `suite`; the puzzle is not judged here */
export function decodeF2(frame: Frame): AnswerMessage {
  requireFrame(frame, FRAME.F2, 'handshake-f2');
  const fields = decodeFields(F2_SCHEMA, frame.body, 'handshake-f2');
  const [suite, nonce, dhPublic, mlKemCiphertext, time, puzzle] = fields;
  if (suite !== SUITE)
    throw new ProtocolError('handshake-f2', 'suite', 'The client chose a suite that was not offered.');
  return { nonce, dhPublic, mlKemCiphertext, time, puzzle };
}

/** What F3's box holds. */
export function encodeServerProof({ bundle, opening, signature, mac }: ServerProof): Bytes {
  return encodeCbor([bundle, opening, signature, mac]);
}

/** @throws ProtocolError `handshake-f3`, check `encoding` */
export function decodeServerProof(plain: Uint8Array): ServerProof {
  const [bundle, opening, signature, mac] = decodeFields(F3_SCHEMA, plain, 'handshake-f3');
  return { bundle, opening, signature, mac };
}

/** What F4's box holds. */
export function encodeClientProof({ bundle, signature, mac }: IdentityProof): Bytes {
  return encodeCbor([bundle, signature, mac]);
}

/** @throws ProtocolError `handshake-f4`, check `encoding` */
export function decodeClientProof(plain: Uint8Array): IdentityProof {
  const [bundle, signature, mac] = decodeFields(F4_SCHEMA, plain, 'handshake-f4');
  return { bundle, signature, mac };
}

function decodeFields<const Schema extends GenericSchema>(
  schema: Schema,
  encoded: Uint8Array,
  code: HandshakeCode,
): InferOutput<Schema> {
  const message = 'A handshake frame does not have the fields it must have.';
  return failAs({ from: 'cbor', code, check: 'encoding', message }, () => decodeCborAs(schema, encoded));
}
