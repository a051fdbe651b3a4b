/** Verifying an evidence bundle (§7): whether the holder of an account signed one item, for whom, where in the chain. */
import { type Bytes, concat, equalBytes, toHex } from '../bytes.ts';
import { isProtocolError, ProtocolError } from '../errors.ts';
import { type Certificate, decodeCertificate, isValidAt } from '../keys/certificate.ts';
import { accountOf, encodeFingerprint } from '../keys/fingerprint.ts';
import { sameKey, verifyStatement } from '../keys/profile.ts';
import { HASH_SIZE } from '../limits.ts';
import type { Primitives } from '../primitives.ts';
import { type Claim, decodeClaim } from './claim.ts';
import { decodeItem, decodePublicPem, type EvidenceFile } from './files.ts';

/** What a good bundle proves. */
export interface Verdict extends Claim {
  /** Of the account: compare it with one from elsewhere. */
  readonly fingerprint: string;
  /** 32 bytes. */
  readonly account: Bytes;
  /** 16 bytes. */
  readonly device: Bytes;
  /** The sender's certificate. */
  readonly certificate: Certificate;
  /** Media type and body of the one item that is shown. */
  readonly type: string;
  readonly body: Bytes;
  /** The item's commitment, which is the message's id, and its place in the flight, from 0. */
  readonly id: Bytes;
  readonly position: number;
}

function refuse(check: string, message: string, options?: ErrorOptions): ProtocolError {
  return new ProtocolError('evidence', check, message, options);
}

function certificateOf(statement: Uint8Array): Certificate {
  try {
    return decodeCertificate(statement);
  } catch (error) {
    if (isProtocolError(error, 'bundle')) throw refuse('device.txt', `device.txt: ${error.message}`, { cause: error });
    throw error;
  }
}

/**
 * Checks the eight files that prove something; README.txt and verify.sh are not looked at.
 * @throws ProtocolError `evidence`, whose `check` names the step that failed
 */
export async function verifyEvidence(
  p: Primitives,
  files: Readonly<Partial<Record<EvidenceFile, Uint8Array>>>,
): Promise<Verdict> {
  const file = (name: EvidenceFile): Uint8Array => {
    const contents = files[name];
    if (contents === undefined) throw refuse('files', `${name} is missing`);
    return contents;
  };
  const accountKey = decodePublicPem(file('account.pub.pem'));
  const account = accountOf(p, accountKey);

  const certificate = certificateOf(file('device.txt'));
  if (!equalBytes(certificate.account, account)) throw refuse('account', 'the certificate names another account');
  if (sameKey(accountKey, certificate.signKey) || sameKey(accountKey, certificate.wrapKey)) {
    throw refuse('keys differ', 'one key has two uses');
  }
  if (!(await verifyStatement(p, accountKey, file('device.txt'), file('device.sig')))) {
    throw refuse('device.sig', "device.sig is not the account's signature over device.txt");
  }

  if (!(await verifyStatement(p, certificate.signKey, file('message.txt'), file('message.sig')))) {
    throw refuse('message.sig', "message.sig is not the device's signature over message.txt");
  }
  const claim = decodeClaim(file('message.txt'));
  if (claim.from !== `${toHex(account)}/${toHex(certificate.device)}`) {
    throw refuse('from', 'from: is not the device of device.txt');
  }
  if (!isValidAt(certificate, claim.sent)) throw refuse('validity', "sent: lies outside the certificate's validity");

  const commitments = file('commitments.bin');
  if (toHex(p.sha256(commitments)) !== claim.items) throw refuse('items', 'commitments.bin is not what items: names');
  if (commitments.length !== claim.count * HASH_SIZE) throw refuse('count', 'count: is not the number of commitments');

  const opening = file('opening.bin');
  if (opening.length !== HASH_SIZE) throw refuse('item', `opening.bin has not ${HASH_SIZE} bytes`);
  const id = p.sha256(concat(opening, file('item.txt')));
  const entries = Array.from({ length: claim.count }, (_, i) =>
    commitments.subarray(i * HASH_SIZE, (i + 1) * HASH_SIZE),
  );
  const position = entries.findIndex((entry) => equalBytes(entry, id));
  if (position < 0) throw refuse('item', 'item.txt is not in this flight');
  return {
    ...claim,
    ...decodeItem(file('item.txt')),
    fingerprint: encodeFingerprint(account),
    account,
    device: certificate.device,
    certificate,
    id,
    position,
  };
}
