/** Exporting one item of a flight as an evidence bundle (§7). */
import { concat, utf8 } from '../bytes.ts';
import type { Primitives, RsaPublicKey } from '../primitives.ts';
import { type EvidenceFiles, encodeItem, encodePublicPem } from './files.ts';
import { README } from './readme.ts';
import { verifyEvidence } from './verify.ts';
import { VERIFY_SCRIPT } from './verify-script.ts';

export interface EvidenceSource {
  /** The sender's account key. */
  readonly accountKey: RsaPublicKey;
  /** The sender's certificate at the time, and the account's signature over it (256). */
  readonly certificateBytes: Uint8Array;
  readonly certificateSignature: Uint8Array;
  /** The flight's statement and the device's signature over it (256). */
  readonly statement: Uint8Array;
  readonly signature: Uint8Array;
  /** c_1 … c_count of the flight, 32 each. */
  readonly commitments: readonly Uint8Array[];
  /** Of the one item to show: r (32), media type and body. */
  readonly opening: Uint8Array;
  readonly type: string;
  readonly body: Uint8Array;
}

/**
 * The ten files, by name. They have passed verification: what does not prove anything is not exported.
 * @throws ProtocolError `evidence`
 */
export async function exportEvidence(p: Primitives, source: EvidenceSource): Promise<EvidenceFiles> {
  const files: EvidenceFiles = {
    'account.pub.pem': encodePublicPem(source.accountKey),
    'device.txt': concat(source.certificateBytes),
    'device.sig': concat(source.certificateSignature),
    'message.txt': concat(source.statement),
    'message.sig': concat(source.signature),
    'commitments.bin': concat(...source.commitments),
    'opening.bin': concat(source.opening),
    'item.txt': encodeItem(source.type, source.body),
    'README.txt': utf8(README),
    'verify.sh': utf8(VERIFY_SCRIPT),
  };
  await verifyEvidence(p, files);
  return files;
}
