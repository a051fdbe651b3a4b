/**
 * Secrets as X-ray shows them: by a mark, the first 8 hex digits of HMAC-SHA256 under a salt that lives and dies with this
 * run. Equal secrets have equal marks, and nobody can test a guess. A lab identity's secrets are shown as they are.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { SecretPart } from './block.ts';

const MARK_DIGITS = 8;

/** A key of the protocol: SecretKey and its like. */
interface Exposable {
  exposeSecretBytes(): Uint8Array;
}

export class SecretMarks {
  readonly #salt = randomBytes(32);
  /** Whether what is shown belongs to a lab identity. */
  readonly lab: boolean;

  constructor(lab: boolean) {
    this.lab = lab;
  }

  /** The only place where X-ray looks into a key. */
  show(name: string, secret: Exposable | Uint8Array): SecretPart {
    const bytes = secret instanceof Uint8Array ? secret : secret.exposeSecretBytes();
    const mark = createHmac('sha256', this.#salt).update(bytes).digest('hex').slice(0, MARK_DIGITS);
    const part = { kind: 'secret', name, size: bytes.length, mark } as const;
    return this.lab ? { ...part, hex: Buffer.from(bytes).toString('hex') } : part;
  }
}
