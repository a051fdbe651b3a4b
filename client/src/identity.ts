/** This home's own identity: an account and its current device (§2). */
import {
  createAccount,
  createDevice,
  type Device,
  encodeFingerprint,
  type Primitives,
  type RsaKeyPair,
  toBase64,
  toHex,
} from '@waxwing/protocol';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';

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
  /** Unix milliseconds. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** The bundle (§2), base64. */
  readonly bundle: string;
}

export function exportIdentity({ device }: Pick<Identity, 'device'>): PublicIdentity {
  const { bundle } = device;
  return {
    fingerprint: encodeFingerprint(bundle.account),
    account: toHex(bundle.account),
    device: toHex(bundle.device),
    serial: bundle.certificate.serial,
    notBefore: bundle.certificate.notBefore,
    notAfter: bundle.certificate.notAfter,
    bundle: toBase64(bundle.bytes),
  };
}

/** A new account and its first device. */
export async function createIdentity(now: number, p: Primitives = nodePrimitives): Promise<Identity> {
  // The device's two RSA keys are made on other threads while the account's is, instead of after it.
  const spare = [p.generateRsa(), p.generateRsa()];
  const ahead: Primitives = { ...p, generateRsa: () => spare.shift() ?? p.generateRsa() };
  try {
    const account = await createAccount(p);
    return { account, device: await createDevice(ahead, account, now) };
  } finally {
    await Promise.allSettled(spare);
  }
}
