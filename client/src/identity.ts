/** This home's own identity: an account and its current device (§2). */
import type { Device, RsaKeyPair } from '@waxwing/protocol';

export interface Identity {
  readonly account: RsaKeyPair;
  readonly device: Device;
}

/** What may be shown to anyone. */
export interface PublicIdentity {
  /** `SHA256:…` */
  readonly fingerprint: string;
  /** Hex. */
  readonly account: string;
  readonly device: string;
  readonly serial: number;
  /** ms */
  readonly notBefore: number;
  readonly notAfter: number;
  /** The bundle (§2), base64. */
  readonly bundle: string;
}

export declare function exportIdentity(identity: Identity): PublicIdentity;
/** A new account and its first device. The RSA keys are generated in parallel. */
export declare function createIdentity(now: number): Promise<Identity>;
