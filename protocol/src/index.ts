/** What other packages may import: the whole protocol but the channel (`/channel`), classic (`/classic`) and the adapters. */
export type { Bytes } from './bytes.ts';
export * from './bytes.ts';
export { type CborValue, decodeCbor, encodeCbor } from './codec/cbor.ts';
export type {
  ChainEnd,
  ChainState,
  ControlEntry,
  FlightItem,
  OpenedFlight,
  OutgoingItem,
  SealedFlight,
  VoidRange,
} from './conversation/flight.ts';
export type { FlightTraceEvent, OpenedTrace, SealedTrace } from './conversation/flight-trace.ts';
export { LiveConversation } from './conversation/live-conversation.ts';
export {
  MailboxConversation,
  type MailboxConversationOptions,
  type MailboxFlightToSeal,
  type OpenedMailboxFlight,
  readMailboxHeader,
  type SealedMailboxFlight,
} from './conversation/mailbox-conversation.ts';
export {
  decodeMailboxControl,
  encodeMailboxControl,
  isDelivered,
  isWithin,
  type MailboxControl,
} from './conversation/mailbox-control.ts';
export { type MailboxChange, mailboxChange, type SkippedKeyName } from './conversation/mailbox-change.ts';
export type { MailboxSession } from './conversation/mailbox-session.ts';
export {
  decodeMailboxState,
  encodeMailboxState,
  type GoneSession,
  type MailboxState,
  newMailboxState,
  sendingSession,
  type StoredMailbox,
  withLostSession,
} from './conversation/mailbox-state.ts';
export { createRoom, joinRoom } from './conversation/begin-room.ts';
export {
  type OpenedQuote,
  openQuote,
  placeBetween,
  type QuoteContext,
  type QuotePlace,
} from './conversation/open-quote.ts';
export { quoteFlight, type SignedFlight } from './conversation/quote.ts';
export { RoomConversation, type RoomConversationOptions } from './conversation/room-conversation.ts';
export type {
  ItemTo,
  MadeItems,
  OpenedHeld,
  OpenedRoomFlight,
  RoomCopy,
  SealedRoomFlight,
  TakenRoomState,
} from './conversation/room-flight.ts';
export {
  type HeldEnvelope,
  leaverOf,
  newestEpoch,
  type RoomAlarm,
  type RoomAuthor,
  type RoomEpoch,
  type RoomRecord,
} from './conversation/room-record.ts';
export { decodeRoomRecord, encodeRoomRecord, type StoredRoom } from './conversation/stored-room.ts';
export type { RoomFlightToSeal } from './conversation/seal-room-flight.ts';
export type { CameInSession } from './conversation/take-room-state.ts';
export { decodeEnvelope, type Envelope } from './envelope/envelope.ts';
export { decodeHeader, type Header, KIND_MAILBOX, KIND_ROOM } from './envelope/header.ts';
export { layerKeys } from './envelope/layer-keys.ts';
export type { Party } from './envelope/message-statement.ts';
export type { OpeningStep } from './envelope/open.ts';
export type { CheckResult, Proof } from './envelope/proof.ts';
export { type Got, gotOf, type ReceivedChain } from './envelope/received-chain.ts';
export { type EvidenceSource, exportEvidence } from './evidence/export.ts';
export { EVIDENCE_FILES, type EvidenceFile } from './evidence/files.ts';
export { type Verdict as EvidenceVerdict, verifyEvidence } from './evidence/verify.ts';
export { isProtocolError, ProtocolError, type ProtocolErrorCode } from './errors.ts';
export { type Bundle, checkSerial, type KnownSerial, encodeBundle, openBundle, readBundle } from './keys/bundle.ts';
export { type Certificate, isValidAt } from './keys/certificate.ts';
export {
  createAccount,
  createDevice,
  decodeDevice,
  type Device,
  deviceDue,
  dropOldWrapKeys,
  encodeDevice,
  renewDevice,
} from './keys/device.ts';
export { accountOf, decodeFingerprint, encodeFingerprint } from './keys/fingerprint.ts';
export { loadRsaPublicKey } from './keys/profile.ts';
export { safetyNumber } from './keys/safety-number.ts';
export * from './links/relay-link.ts';
export { TYPE_QUOTE, TYPE_ROOM, TYPE_ROOM_LEAVE, TYPE_STEP, TYPE_TEXT } from './labels.ts';
export * from './limits.ts';
export * from './outer/inner.ts';
export { openOuter, type OuterOpening, type OuterSealing, sealOuter } from './outer/outer.ts';
export { openTypingSignal, sealTypingSignal, type TypingKey, type TypingSignal } from './outer/typing-signal.ts';
export { auditPath, pathHolds, treeRoot } from './prekeys/merkle-tree.ts';
export {
  createPrekeys,
  decodeHeldPrekeys,
  dropOldPrekeys,
  encodeHeldPrekeys,
  type HeldPrekeys,
  type NewPrekeys,
  type PrekeyUse,
  spendPrekeys,
} from './prekeys/held-prekeys.ts';
export {
  type KnownPrekeys,
  type OpenedPrekeySet,
  openPrekeySet,
  type OpenPrekeySetOptions,
} from './prekeys/open-prekey-set.ts';
export { decodePrekeyEntry, encodePrekeyEntry, entryLeaves, type PrekeyEntry } from './prekeys/prekey-entry.ts';
export type { PrekeySet } from './prekeys/prekey-set.ts';
export {
  encodePrekeyStatement,
  openPrekeyStatement,
  type PrekeyStatement,
} from './prekeys/prekey-statement.ts';
export {
  MlKemPrivateKey,
  type Primitives,
  type RsaKeyPair,
  RsaPrivateKey,
  RsaPublicKey,
  SecretKey,
  X25519PrivateKey,
} from './primitives.ts';
export { claimedNameOf, isClaimedName } from './relay-messages/claimed-name.ts';
export * from './relay-messages/event.ts';
export { mailboxOf } from './relay-messages/mailbox.ts';
export * from './relay-messages/reply.ts';
export * from './relay-messages/request.ts';
export type { RoomChange } from './rooms/change.ts';
export { isAdmin, type MemberFile, memberOf, type RoomMember, type RoomRole } from './rooms/member-file.ts';
export type { Certificates } from './rooms/open-room-item.ts';
export { encodeParty, sameParty } from './rooms/party.ts';
export {
  decodeRoomGot,
  decodeRoomQuestion,
  encodeRoomGot,
  encodeRoomQuestion,
  type RoomGot,
  type RoomQuestion,
} from './rooms/room-control.ts';
export { decodeLeaveItem, decodeRoomItem, type RoomItem } from './rooms/room-item.ts';
export { firstHalf, roomAddress, type RoomState } from './rooms/room-state.ts';
export {
  type ChangeKind,
  decodeLeaveStatement,
  decodeRoomStatement,
  type LeaveStatement,
  type RoomStatement,
} from './rooms/room-statement.ts';
export { type Initiation, initiate } from './start/initiate.ts';
export { type OpenStart, respond, type StartContext, type StartOpening } from './start/respond.ts';
export type { StartedSession } from './start/start-session.ts';
export type { HeldCheck, Trace, TraceSource } from './trace.ts';
