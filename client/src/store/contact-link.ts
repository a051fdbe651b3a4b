/** Contact links that were made here (§11.2): what tells a visit by one from a stranger's. */
import type { Bytes } from '@waxwing/protocol';

export interface ContactLink {
  /** 16: what its user shows. */
  readonly proof: Bytes;
  /** 16: s of the link. */
  readonly secret: Bytes;
  /** 32 */
  readonly relay: Bytes;
  readonly made: number;
  readonly ends: number;
  readonly usedBy: Bytes | undefined;
  readonly usedAt: number | undefined;
}

export interface ContactLinks {
  add(link: Omit<ContactLink, 'usedBy' | 'usedAt'>): void;
  /** The link of a proof, as it was before this use; it is used from now on. Undefined where none of ours has it. */
  use(proof: Bytes, account: Bytes): ContactLink | undefined;
  get(proof: Bytes): ContactLink | undefined;
  list(): readonly ContactLink[];
}
