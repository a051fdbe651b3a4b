/** Names that are claimed at a relay (§11.4): first come, and never proof of identity. */
import { textOf } from '../bytes.ts';
import { MAX_CLAIMED_NAME } from '../limits.ts';

const NAME = new RegExp(`^[a-z0-9][a-z0-9._-]{0,${String(MAX_CLAIMED_NAME - 1)}}$`);

/** Whether a text, without its `@`, may be claimed. */
export function isClaimedName(text: string): boolean {
  return NAME.test(text);
}

/** The name that these bytes are, or undefined where they are none that may be claimed. */
export function claimedNameOf(bytes: Uint8Array): string | undefined {
  const text = textOf(bytes);
  return text !== undefined && isClaimedName(text) ? text : undefined;
}
