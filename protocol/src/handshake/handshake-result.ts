/** What a finished handshake gives both ends (§3). */
import type { Bytes } from '../bytes.ts';
import type { Bundle } from '../keys/bundle.ts';
import type { Device } from '../keys/device.ts';
import type { SecretKey, X25519PrivateKey } from '../primitives.ts';

/** The side that listens speaks first and is the server. */
export type Role = 'server' | 'client';

/** What a handshake uses of the own device: its bundle and its signing key, nothing that wraps or agrees. */
export type HandshakeDevice = Pick<Device, 'bundle' | 'signKey'>;

/** Keys (32) and static nonces (12) of both directions of the record layer (§4). */
export interface RecordKeys {
  readonly sendKey: SecretKey;
  readonly sendIv: Bytes;
  readonly receiveKey: SecretKey;
  readonly receiveIv: Bytes;
}

interface CommonResult {
  /** The peer's bundle: authenticated, but whose it is only a pin or a comparison by people can say. */
  readonly peer: Bundle;
  /** Milliseconds, the peer's clock minus the own one (§3: corrects §5.5; over CLOCK_WARNING the user is told). */
  readonly clockOffset: number;
  /** 32: what the ratchet starts from (§6). */
  readonly root: SecretKey;
  /** 16: names this run in every envelope (§5). */
  readonly sid: Bytes;
  /** 32: for uses outside this protocol. */
  readonly exporter: SecretKey;
  /** Six digits for people to compare; derived from values committed to before either side saw the other's. */
  readonly sas: string;
  /** 32: hash of the whole handshake. */
  readonly th5: Bytes;
  readonly recordKeys: RecordKeys;
}

export interface ServerResult extends CommonResult {
  readonly role: 'server';
  /** X_c of F2: the client's first ratchet key (§6). */
  readonly peerDh: Bytes;
}

export interface ClientResult extends CommonResult {
  readonly role: 'client';
  /** The private half of X_c of F2: the client's first ratchet key (§6). */
  readonly ownDh: X25519PrivateKey;
}

/** Both ends hold equal root, sid, exporter, sas and th5; record keys are each other's mirror. */
export type HandshakeResult = ServerResult | ClientResult;
