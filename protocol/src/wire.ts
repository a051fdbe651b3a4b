/**
 * The only door for a relay beside `/channel`: sealed envelopes and the identities that carry them. Nothing that is
 * reachable from here opens or seals an envelope (test/architecture.test.ts proves it).
 */
export type { Bytes } from './bytes.ts';
export { decodeEnvelope, type Envelope } from './envelope/envelope.ts';
export { type Header, KIND_LIVE, KIND_MAILBOX, KIND_ROOM } from './envelope/header.ts';
export { isProtocolError, ProtocolError, type ProtocolErrorCode } from './errors.ts';
export { type Bundle, openBundle } from './keys/bundle.ts';
export type { Certificate } from './keys/certificate.ts';
export { decodeFingerprint, encodeFingerprint } from './keys/fingerprint.ts';
export type { Primitives } from './primitives.ts';
