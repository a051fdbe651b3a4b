/** The public door of `@waxwing/protocol/channel`: an authenticated, forward-secret stream between two ends (§3, §4). */
export { createSharedEphemeral, type SharedEphemeral } from '../handshake/shared-ephemeral.ts';
export type {
  ClientResult,
  HandshakeDevice,
  HandshakeResult,
  Role,
  ServerResult,
} from '../handshake/handshake-result.ts';
export { PinMismatchError } from '../handshake/pin-mismatch-error.ts';
export { Channel, ChannelError, misplaced, REJECT } from './channel.ts';
export type { HandshakeTraceEvent } from '../handshake/handshake-trace.ts';
export type { ChannelTraceEvent, RecordTrace } from './record-trace.ts';
export { HandshakingClient, type HandshakingClientOptions } from './client-channel.ts';
export type { Content } from './content.ts';
export type { Step } from './handshake-driver.ts';
export { type Admission, HandshakeGate, type HandshakeTicket } from './handshake-gate.ts';
export { type RelayContent, requireRelayContent } from './relay-content.ts';
export { HandshakingServer, type HandshakingServerOptions } from './server-channel.ts';
