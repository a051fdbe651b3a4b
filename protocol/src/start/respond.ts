/** Opening a start (§9.3, step 4): the checks in their order, and the session that they leave. Nothing is changed here. */
import { type Bytes, concat, equalBytes } from '../bytes.ts';
import { isProtocolError, ProtocolError } from '../errors.ts';
import { type Bundle, checkSerial, type KnownSerial, readBundle } from '../keys/bundle.ts';
import type { Device } from '../keys/device.ts';
import { type HeldEntry, type HeldPrekeys, isRemembered, type PrekeyUse } from '../prekeys/held-prekeys.ts';
import type { Primitives, SecretKey } from '../primitives.ts';
import { startResponder } from '../ratchet/start-from-prekeys.ts';
import { openEtm } from '../symmetric/etm.ts';
import { agree } from './agree.ts';
import { decodeStart, type StartMessage } from './start-message.ts';
import { bundleKey, firstKey, startRoot, startSid, startTranscript } from './start-schedule.ts';
import { type StartedSession, typingKeys } from './start-session.ts';

export interface StartContext {
  /** The own device. */
  readonly device: Device;
  /** The own bundles of the last 60 days, of this device. */
  readonly bundles: readonly Bundle[];
  readonly prekeys: readonly HeldPrekeys[];
  /** What was kept of the newest certificate seen of the device that this turns out to be. */
  readonly knownSerial: (bundle: Bundle) => KnownSerial | undefined;
}

export interface StartOpening {
  readonly start: Uint8Array;
  /** The sid (16) in the header of the envelope that came with it. */
  readonly sid: Uint8Array;
  /** Unix milliseconds. */
  readonly now: number;
}

/** Held aside until the envelope is accepted too; then all of it is stored in one transaction (§9.3, step 6). */
export interface OpenStart {
  /** The initiator's, good but for its validity, which the envelope's `sent` judges. */
  readonly peer: Bundle;
  readonly serial: KnownSerial;
  readonly session: StartedSession;
  /** For `spendPrekeys`. */
  readonly use: PrekeyUse;
  /** Started without a one-time key (§9.2): the interface says so. */
  readonly weaker: boolean;
}

/**
 * @throws ProtocolError `start`, check `shape`, `counter`, `entry`, `serial`, `replay`, `key`, `sealed`, `bundle`,
 *   `bundle serial`, `own device` or `sid`: of several faults the first in this order
 */
export async function respond(p: Primitives, context: StartContext, opening: StartOpening): Promise<OpenStart> {
  const { device } = context;
  const start = decodeStart(opening.start);
  const keys = findKeys(p, context, start);
  const { held } = keys;

  const withSigned = agree(p, held.signedPrekey, start.ephemeral);
  const k0 = firstKey(p, p.mlKemDecapsulate(keys.entry?.ek ?? held.lastResort, start.ciphertext), withSigned);
  const peer = await openPeer(p, k0, start);
  const serial = await asStart('bundle serial', () => checkSerial(context.knownSerial(peer), peer));
  if (equalBytes(peer.account, device.bundle.account) && equalBytes(peer.device, device.bundle.device)) {
    throw refuse('own device', 'A device does not write to itself.');
  }

  const agreed = [
    agree(p, held.signedPrekey, peer.certificate.dhKey),
    agree(p, device.dhKey, start.ephemeral),
    withSigned,
  ];
  if (keys.entry !== undefined) agreed.push(agree(p, keys.entry.opk, start.ephemeral));
  const transcript = transcriptOf(p, { start, peer, ...keys });
  const root = startRoot(p, k0, agreed, transcript);
  const sid = startSid(p, root, transcript);
  if (!equalBytes(sid, opening.sid)) throw refuse('sid', 'A start does not belong to the envelope it came with.');

  const ends = { self: device.bundle, peer };
  const ratchet = startResponder(p, { root, signedPrekey: held.signedPrekey, ...ends, now: opening.now });
  return {
    peer,
    serial,
    session: { sid, ratchet, ...typingKeys(p, root, ends), start: new Uint8Array(0), madeAt: opening.now },
    use: keys.use,
    weaker: keys.entry === undefined,
  };
}

interface StartKeys {
  readonly held: HeldPrekeys;
  /** Undefined for a last resort. */
  readonly entry: HeldEntry | undefined;
  /** The own bundle that the initiator used. */
  readonly own: Bundle;
  readonly use: PrekeyUse;
}

/** The own keys that a start names; no secret is used yet. */
function findKeys(p: Primitives, context: StartContext, start: StartMessage): StartKeys {
  const { counter } = start;
  const held = context.prekeys.find((one) => one.counter === counter);
  if (held === undefined) throw refuse('counter', 'A start names prekeys that are not held.');
  const index = start.entry - 1;
  const entry = held.entries.find((one) => one.index === index);
  if (start.entry > 0 && entry === undefined) {
    throw refuse('entry', 'A start names a one-time prekey that is not held: it was used before.');
  }
  const own = context.bundles.find(({ certificate }) => certificate.serial === start.serial);
  if (own === undefined) throw refuse('serial', 'A start names a certificate that is not of the last 60 days.');
  if (entry !== undefined) return { held, entry, own, use: { counter, kind: 'entry', index } };
  const ciphertextHash = p.sha256(start.ciphertext);
  if (isRemembered(held, ciphertextHash)) throw refuse('replay', 'A start without a one-time key came before.');
  return { held, entry, own, use: { counter, kind: 'last resort', ciphertextHash } };
}

async function openPeer(p: Primitives, k0: SecretKey, start: StartMessage): Promise<Bundle> {
  const aad = concat(start.ephemeral, start.ciphertext);
  let plain: Bytes;
  try {
    plain = openEtm(p, { key: bundleKey(p, k0), aad, box: start.sealed });
  } catch (cause) {
    if (!isProtocolError(cause, 'etm')) throw cause;
    throw refuse('sealed', 'The sealed bundle of a start does not open.', { cause });
  }
  return asStart('bundle', () => readBundle(p, plain));
}

function transcriptOf(
  p: Primitives,
  of: Omit<StartKeys, 'use'> & { readonly start: StartMessage; readonly peer: Bundle },
): Bytes {
  const { start, peer, own, held, entry } = of;
  return startTranscript(p, {
    initiator: peer,
    responder: own,
    statementHash: held.statementHash,
    signedPrekey: p.x25519PublicKey(held.signedPrekey),
    oneTime: entry && p.x25519PublicKey(entry.opk),
    encapsulation: p.mlKemPublicKey(entry?.ek ?? held.lastResort),
    ephemeral: start.ephemeral,
    ciphertext: start.ciphertext,
  });
}

async function asStart<Value>(check: string, run: () => Value | Promise<Value>): Promise<Value> {
  try {
    return await run();
  } catch (cause) {
    if (!isProtocolError(cause, 'bundle')) throw cause;
    throw refuse(check, cause.message, { cause });
  }
}

function refuse(check: string, message: string, options?: ErrorOptions): ProtocolError {
  return new ProtocolError('start', check, message, options);
}
