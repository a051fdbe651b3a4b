/** Where a device's envelopes lie at a relay (§11.3). */
import { type Bytes, concat } from '../bytes.ts';
import { PREFIX_MAILBOX } from '../labels.ts';
import type { Primitives } from '../primitives.ts';

/** `mailbox = H("waxwing/1 mailbox\n" ‖ relay account ‖ account ‖ device)`, 32. */
export function mailboxOf(
  p: Pick<Primitives, 'sha256'>,
  owner: { readonly relay: Uint8Array; readonly account: Uint8Array; readonly device: Uint8Array },
): Bytes {
  return p.sha256(concat(PREFIX_MAILBOX, owner.relay, owner.account, owner.device));
}
