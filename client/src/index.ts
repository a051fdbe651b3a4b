/** The SDK: homes, direct conversations, trust, history. */
export {
  type Address,
  DEFAULT_HOST,
  DEFAULT_PORT,
  formatAddress,
  isLoopback,
  parseAddress,
} from './connection/address.ts';
export type { ConnectionTrace, TraceEvent, Watch } from './connection/connection-trace.ts';
export type { Conversation, Delivery } from './direct/conversation.ts';
export { type ClientEnd, dial, type DialOptions, DirectClient } from './direct/dial.ts';
export type { DirectEvent, FailureDetail, Observer, ReceivedMessage } from './direct/event.ts';
export { type DirectServer, listen, type ListenOptions } from './direct/listen.ts';
export { dialError, listenError } from './connection/network-error.ts';
export type { PeerView } from './direct/peer-view.ts';
export { type ClientErrorCode, isWaxwingError, WaxwingError } from './errors.ts';
export {
  backupHome,
  type BackupOptions,
  type BackupResult,
  restoreHome,
  type RestoreOptions,
  type RestoreResult,
} from './home/backup.ts';
export { type Home, openHome, type OpenHomeOptions, type Protection } from './home/home.ts';
export { dataFolder, type HomeLocation, listProfiles, resolveHome, type ResolveHomeOptions } from './home/location.ts';
export { homeExists, type HomeLook, lookHome } from './home/look.ts';
export { passphraseFromFile } from './home/passphrase.ts';
export { protectHome, type ProtectOptions, unprotectHome } from './home/protection.ts';
export { createIdentity, exportIdentity, type Identity, type PublicIdentity } from './identity.ts';
export type {
  ConversationView,
  JoinedRelay,
  JoinOptions,
  Messenger,
  MessengerEnd,
  MessengerOptions,
  RelayConversation,
  RelayConversationKey,
  StoredRow,
} from './messenger/messenger.ts';
export type { DoctorReport, Finding, FindingCause } from './messenger/doctor-report.ts';
export { joinRelay } from './messenger/join-relay.ts';
export { openMessenger } from './messenger/open-messenger.ts';
export { storedRoomNames } from './messenger/stored-room-names.ts';
export { joinedRelays } from './messenger/view-relay.ts';
export type { PrekeyHealth } from './messenger/prekey-keeper.ts';
export type { RelayEvent, RelayObserver, Unopenable, Where } from './messenger/relay-event.ts';
export type { RelayMessage } from './messenger/relay-message.ts';
export type { RelayView } from './messenger/relay-view.ts';
export type { RoomMember, RoomView } from './messenger/room-view.ts';
export type { RelayAddress } from './relay/relay-address.ts';
export { RelayLine, type RelayLineOptions } from './relay/relay-line.ts';
export { isPassing, putRefusalOf, RelayFailure, refusalOf, type RelayFailureDetails } from './relay/relay-failure.ts';
export type { RelayLineObserver, RelayNews, RelayWelcome } from './relay/relay-line-events.ts';
export type {
  MailboxRequests,
  MembershipRequests,
  PrekeyRequests,
  PrekeyUpload,
  RelayRequests,
  StoredPage,
} from './relay/relay-requests.ts';
export type { ChainKey, Chains, StoredChain } from './store/chain.ts';
export type {
  ConversationKey,
  EvidenceInputs,
  History,
  HistoryQuery,
  Outbox,
  QueuedMessage,
  StoredMessage,
  StoredProof,
} from './store/message.ts';
export type { Peer, PeerEvent, Peers, Pin, Pins, Verdict, VerifiedHow } from './store/peer.ts';
export type { Settings, Store } from './store/store.ts';
