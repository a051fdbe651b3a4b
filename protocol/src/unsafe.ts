/**
 * The steps that the product composes in one frozen order each, one by one: for the attack lab, which composes lists of its
 * own in which a check is missing. Only `lab/` and tests may come in here (test/architecture.test.ts), and the door is not
 * packed. Nothing here is a switch: the steps do not know whether another one ran.
 */
export * as unsafeEnvelope from './envelope/envelope.ts';
export * as unsafeFraming from './framing/frame-reader.ts';
export * as unsafeFreshness from './envelope/freshness.ts';
export * as unsafeHandshake from './handshake/messages.ts';
export * as unsafeHandshakeDriver from './channel/handshake-driver.ts';
export * as unsafeHeader from './envelope/header.ts';
export * as unsafeInitiator from './handshake/initiator.ts';
export * as unsafeKeySchedule from './handshake/key-schedule.ts';
export * as unsafeLayerKeys from './envelope/layer-keys.ts';
export * as unsafeOpening from './envelope/open.ts';
export * as unsafePayload from './envelope/payload.ts';
export * as unsafeMemberFile from './rooms/member-file.ts';
export * as unsafePeerProof from './handshake/peer-proof.ts';
export * as unsafePrekeys from './prekeys/prekey-statement.ts';
export * as unsafeRatchet from './ratchet/ratchet.ts';
export * as unsafeRecords from './channel/records.ts';
export * as unsafeRoomItem from './rooms/room-item.ts';
export * as unsafeRoomStatement from './rooms/room-statement.ts';
export * as unsafeSealing from './envelope/seal.ts';
export * as unsafeStart from './start/start-message.ts';
export * as unsafeStatement from './envelope/message-statement.ts';
export * as unsafeSymmetric from './symmetric/etm.ts';
export * as unsafeTranscript from './handshake/transcript.ts';
