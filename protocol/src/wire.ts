/**
 * The only door for a relay beside `/channel`: sealed envelopes and the identities that carry them. Nothing that is
 * reachable from here opens or seals an envelope (test/architecture.test.ts proves it).
 */
export type { Bytes } from './bytes.ts';
export * from './bytes.ts';
export { decodeEnvelope, type Envelope } from './envelope/envelope.ts';
export { type Header, KIND_LIVE, KIND_MAILBOX, KIND_ROOM } from './envelope/header.ts';
export { isProtocolError, ProtocolError, type ProtocolErrorCode } from './errors.ts';
export { type Bundle, checkSerial, openBundle, readBundle } from './keys/bundle.ts';
export type { Certificate } from './keys/certificate.ts';
export {
  createAccount,
  createDevice,
  decodeDevice,
  type Device,
  deviceDue,
  encodeDevice,
  renewDevice,
} from './keys/device.ts';
export { decodeFingerprint, encodeFingerprint } from './keys/fingerprint.ts';
export { loadRsaPublicKey } from './keys/profile.ts';
export * from './limits.ts';
export * from './links/relay-link.ts';
export { entryLeaves, encodePrekeyEntry, type PrekeyEntry } from './prekeys/prekey-entry.ts';
export { auditPath, treeRoot } from './prekeys/merkle-tree.ts';
export type { PrekeySet } from './prekeys/prekey-set.ts';
export { openPrekeyStatement, type PrekeyStatement } from './prekeys/prekey-statement.ts';
export { type Primitives, type RsaKeyPair, RsaPrivateKey } from './primitives.ts';
export { claimedNameOf, isClaimedName } from './relay-messages/claimed-name.ts';
export * from './relay-messages/event.ts';
export { mailboxOf } from './relay-messages/mailbox.ts';
export * from './relay-messages/reply.ts';
export * from './relay-messages/request.ts';
