/** Proving the own identity in F3 or F4, and judging the peer's, in the order of §3. */
import { type Bytes, equalBytes, toHex } from '../bytes.ts';
import { encodeStatement } from '../codec/statement.ts';
import { isProtocolError, ProtocolError } from '../errors.ts';
import { type Bundle, openBundle } from '../keys/bundle.ts';
import { signStatement, verifyStatement } from '../keys/profile.ts';
import { KIND_HANDSHAKE_CLIENT, KIND_HANDSHAKE_SERVER } from '../labels.ts';
import type { Primitives, SecretKey } from '../primitives.ts';
import type { CheckWatch } from '../trace.ts';
import type { HandshakeDevice, Role } from './handshake-result.ts';
import { finishMac } from './key-schedule.ts';
import type { IdentityProof } from './messages.ts';
import { PinMismatchError } from './pin-mismatch-error.ts';

/** The statement a side signs; the kinds keep one side's signature from serving as the other's. */
function transcriptStatement(sender: Role, transcript: Uint8Array): Bytes {
  const kind = sender === 'server' ? KIND_HANDSHAKE_SERVER : KIND_HANDSHAKE_CLIENT;
  return encodeStatement(kind, [['transcript', toHex(transcript)]]);
}

export interface ProveOptions {
  readonly sender: Role;
  readonly device: HandshakeDevice;
  /** TH2 of the server, TH4 of the client. */
  readonly transcript: Bytes;
  readonly finishKey: SecretKey;
}

/** bundle, signature and mac of the own side. */
export async function proveIdentity(p: Primitives, options: ProveOptions): Promise<IdentityProof> {
  const { sender, device, transcript, finishKey } = options;
  const signature = await signStatement(p, device.signKey, transcriptStatement(sender, transcript));
  return { bundle: device.bundle.bytes, signature, mac: finishMac(p, finishKey, transcript, signature) };
}

export interface CheckOptions {
  /** The peer. */
  readonly sender: Role;
  readonly proof: IdentityProof;
  /** The own device. */
  readonly device: HandshakeDevice;
  /** The account the peer must have. */
  readonly pin: Bytes | undefined;
  /** TH2 or TH4, made with the hash of the peer's bundle. */
  readonly transcript: (bundleHash: Bytes) => Bytes;
  readonly finishKey: SecretKey;
  readonly now: number;
  readonly watch?: CheckWatch | undefined;
}

/** The code of a failure of the proof of `sender`. */
type ProofCode = 'handshake-f3' | 'handshake-f4';

/**
 * The peer's bundle, authenticated. Checks in the order bundle, pin, own device, signature, mac (§3).
 * @throws ProtocolError `handshake-f3` for a server, `handshake-f4` for a client, with that check
 */
export async function checkIdentity(p: Primitives, options: CheckOptions): Promise<Bundle> {
  const { sender, proof, device, pin, finishKey, now, watch } = options;
  const code = sender === 'server' ? 'handshake-f3' : 'handshake-f4';
  const bundle = await openPeerBundle(p, code, proof.bundle, now);
  watch?.note('bundle');
  checkPin(code, bundle, pin);
  if (pin !== undefined) watch?.note('pin');
  checkOwnDevice(code, bundle, device);
  watch?.note('own device');
  const transcript = options.transcript(bundle.hash);
  await checkSignature(p, code, { sender, bundle, transcript, signature: proof.signature });
  watch?.note('signature');
  checkMac(p, code, { finishKey, transcript, proof });
  watch?.note('mac');
  return bundle;
}

/** @throws ProtocolError `code`, check `bundle` */
export async function openPeerBundle(p: Primitives, code: ProofCode, bytes: Bytes, now: number): Promise<Bundle> {
  try {
    return await openBundle(p, bytes, now);
  } catch (cause) {
    if (!isProtocolError(cause)) throw cause;
    throw new ProtocolError(code, 'bundle', `The bundle of the peer is not good: ${cause.message}`, { cause });
  }
}

/** @throws PinMismatchError `code`, check `pin` */
export function checkPin(code: ProofCode, bundle: Bundle, pin: Bytes | undefined): void {
  if (pin !== undefined && !equalBytes(bundle.account, pin)) throw new PinMismatchError(code, bundle);
}

/**
 * Another device of the own account is welcome; this very one is a reflection.
 * @throws ProtocolError `code`, check `own device`
 */
export function checkOwnDevice(code: ProofCode, bundle: Bundle, own: HandshakeDevice): void {
  if (equalBytes(bundle.account, own.bundle.account) && equalBytes(bundle.device, own.bundle.device)) {
    throw new ProtocolError(code, 'own device', 'The peer presented this very device.');
  }
}

/** @throws ProtocolError `code`, check `signature` */
export async function checkSignature(
  p: Primitives,
  code: ProofCode,
  signed: { readonly sender: Role; readonly bundle: Bundle; readonly transcript: Bytes; readonly signature: Bytes },
): Promise<void> {
  const statement = transcriptStatement(signed.sender, signed.transcript);
  if (!(await verifyStatement(p, signed.bundle.certificate.signKey, statement, signed.signature))) {
    throw new ProtocolError(code, 'signature', 'The peer did not sign this handshake with the key it presented.');
  }
}

/** @throws ProtocolError `code`, check `mac` */
export function checkMac(
  p: Primitives,
  code: ProofCode,
  given: { readonly finishKey: SecretKey; readonly transcript: Bytes; readonly proof: IdentityProof },
): void {
  const { finishKey, transcript, proof } = given;
  if (!equalBytes(finishMac(p, finishKey, transcript, proof.signature), proof.mac)) {
    throw new ProtocolError(code, 'mac', 'Whoever signed this handshake does not hold its secret.');
  }
}
