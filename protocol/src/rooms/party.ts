/** An account and device as they stand in the statements of a room: `<account hex>/<device hex>` (§10.1). */
import { type Bytes, equalBytes, toHex } from '../bytes.ts';
import { hexOf } from '../codec/statement.ts';
import type { Party } from '../envelope/message-statement.ts';
import { DEVICE_ID_SIZE, HASH_SIZE } from '../limits.ts';

export function encodeParty({ account, device }: Party): string {
  return `${toHex(account)}/${toHex(device)}`;
}

/** The device that `text` names, or undefined where it is not of this form. */
export function decodeParty(text: string): { readonly account: Bytes; readonly device: Bytes } | undefined {
  const slash = 2 * HASH_SIZE;
  const account = hexOf(text.slice(0, slash), HASH_SIZE);
  const device = hexOf(text.slice(slash + 1), DEVICE_ID_SIZE);
  return account === undefined || device === undefined || text[slash] !== '/' ? undefined : { account, device };
}

/** Whether the two are one device. A device id alone may be anyone's. */
export function sameParty(a: Party, b: Party): boolean {
  return equalBytes(a.account, b.account) && equalBytes(a.device, b.device);
}
