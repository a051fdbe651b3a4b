/** Making a session with a device that is away (§9.2). */
import type { Device } from '../keys/device.ts';
import { X25519_SIZE } from '../limits.ts';
import type { OpenedPrekeySet } from '../prekeys/open-prekey-set.ts';
import { type Primitives, X25519PrivateKey } from '../primitives.ts';
import { startInitiator } from '../ratchet/start-from-prekeys.ts';
import { sealEtm } from '../symmetric/etm.ts';
import { concat } from '../bytes.ts';
import { agree } from './agree.ts';
import { encodeStart } from './start-message.ts';
import { bundleKey, firstKey, startRoot, startSid, startTranscript } from './start-schedule.ts';
import { type StartedSession, typingKeys } from './start-session.ts';

export interface Initiation {
  /** The own device. */
  readonly device: Device;
  /** A set is good for one start. */
  readonly prekeys: OpenedPrekeySet;
  /** Unix milliseconds. */
  readonly now: number;
}

/**
 * The session, and in it the start that makes the same one at the other device. SK and e are not kept.
 * @throws ProtocolError `start`, check `key`, for a key of the set that gives no shared secret
 */
export function initiate(p: Primitives, { device, prekeys, now }: Initiation): StartedSession {
  const { bundle: responder, statement, entry } = prekeys;
  const { signedPrekey } = statement;
  const encapsulation = entry?.ek ?? statement.lastResort;
  const e = new X25519PrivateKey(p.randomBytes(X25519_SIZE));
  const ephemeral = p.x25519PublicKey(e);
  const { ciphertext, shared } = p.mlKemEncapsulate(encapsulation);

  const withSigned = agree(p, e, signedPrekey);
  const k0 = firstKey(p, shared, withSigned);
  const aad = concat(ephemeral, ciphertext);
  const sealed = sealEtm(p, { key: bundleKey(p, k0), aad, plain: device.bundle.bytes });
  const transcript = startTranscript(p, {
    initiator: device.bundle,
    responder,
    statementHash: prekeys.statementHash,
    signedPrekey,
    oneTime: entry?.opk,
    encapsulation,
    ephemeral,
    ciphertext,
  });
  const agreed = [agree(p, device.dhKey, signedPrekey), agree(p, e, responder.certificate.dhKey), withSigned];
  if (entry !== undefined) agreed.push(agree(p, e, entry.opk));
  const root = startRoot(p, k0, agreed, transcript);

  const ends = { self: device.bundle, peer: responder };
  return {
    sid: startSid(p, root, transcript),
    ratchet: startInitiator(p, { root, signedPrekey, ...ends, now }),
    ...typingKeys(p, root, ends),
    start: encodeStart({
      counter: statement.counter,
      entry: entry === undefined ? 0 : entry.index + 1,
      serial: responder.certificate.serial,
      ephemeral,
      ciphertext,
      sealed,
    }),
    madeAt: now,
  };
}
