/** The chains of a room's epoch (§10.3): one a member, all from one secret, and the keys skipped in them. */
import { type Bytes, concat, equalBytes } from '../bytes.ts';
import type { Party } from '../envelope/message-statement.ts';
import { ProtocolError } from '../errors.ts';
import { LABEL_SENDER, PREFIX_SENDER } from '../labels.ts';
import { MAX_SKIP_PER_CHAIN, MAX_SKIPPED_KEYS, MAX_U32, SKIPPED_KEY_LIFE } from '../limits.ts';
import type { Primitives, SecretKey } from '../primitives.ts';
import { chainStep } from '../ratchet/steps.ts';
import { expand } from '../symmetric/expand.ts';
import type { RoomMember } from './member-file.ts';

export interface SenderChain {
  /** 32 */
  readonly account: Bytes;
  /** 16 */
  readonly device: Bytes;
  /** What the header of its envelopes names it by, 32. */
  readonly dh: Bytes;
  /** CK */
  readonly chain: SecretKey;
  /** The next place, from 0. */
  readonly n: number;
}

/** The key of a place whose envelope has not come. */
export interface SkippedPlace {
  /** The chain's, 32: it names state and sender. */
  readonly dh: Bytes;
  readonly n: number;
  readonly key: SecretKey;
  /** When it was skipped, Unix milliseconds. */
  readonly at: number;
}

/** H("waxwing/1 sender\n" ‖ state ‖ account ‖ device), 32. */
export function senderName(p: Primitives, state: Uint8Array, { account, device }: Party): Bytes {
  return p.sha256(concat(PREFIX_SENDER, state, account, device));
}

/** The chains of all members at their beginning. After this nobody needs the secret any more. */
export function senderChains(
  p: Primitives,
  state: Uint8Array,
  { members, secret }: { readonly members: readonly RoomMember[]; readonly secret: SecretKey },
): readonly SenderChain[] {
  return members.map(({ account, device }) => ({
    account,
    device,
    dh: senderName(p, state, { account, device }),
    chain: expand(p, secret, LABEL_SENDER, { context: concat(account, device) }),
    n: 0,
  }));
}

/** The key of the next place. @throws ProtocolError `reuse` where the chain is at its end */
export function sendPlace(
  p: Primitives,
  chain: SenderChain,
): { readonly messageKey: SecretKey; readonly next: SenderChain } {
  if (chain.n >= MAX_U32) throw new ProtocolError('reuse', 'chain', 'the chain of an epoch is at its end');
  const { key, next } = chainStep(p, chain.chain);
  return { messageKey: key, next: { ...chain, chain: next, n: chain.n + 1 } };
}

export interface ReceivedPlace {
  readonly messageKey: SecretKey;
  readonly chain: SenderChain;
  readonly skipped: readonly SkippedPlace[];
}

/**
 * The key of place n, and chain and skipped keys once its envelope is accepted.
 * @throws ProtocolError `envelope-0`, check `used` for a copy or one whose key is gone, `skip` for one too far ahead
 */
export function receivePlace(
  p: Primitives,
  held: { readonly chain: SenderChain; readonly skipped: readonly SkippedPlace[] },
  { n, now }: { readonly n: number; readonly now: number },
): ReceivedPlace {
  const { skipped } = held;
  let { chain } = held;
  if (n < chain.n) {
    const stored = skipped.find((one) => one.n === n && equalBytes(one.dh, chain.dh));
    if (stored === undefined) {
      throw new ProtocolError(
        'envelope-0',
        'used',
        'the envelope is a copy of one that was opened, or its key is gone',
      );
    }
    return { messageKey: stored.key, chain, skipped: skipped.filter((one) => one !== stored) };
  }
  if (n - chain.n > MAX_SKIP_PER_CHAIN) {
    throw new ProtocolError('envelope-0', 'skip', `${n - chain.n} places of one chain are missing`);
  }
  const passed: SkippedPlace[] = [];
  while (chain.n < n) {
    const { messageKey, next } = sendPlace(p, chain);
    passed.push({ dh: chain.dh, n: chain.n, key: messageKey, at: now });
    chain = next;
  }
  const { messageKey, next } = sendPlace(p, chain);
  return { messageKey, chain: next, skipped: [...skipped, ...passed] };
}

/** Of a room 1,000 skipped keys are kept, each 30 days: the oldest go first. */
export function dropOldPlaces(skipped: readonly SkippedPlace[], now: number): readonly SkippedPlace[] {
  const young = skipped.filter(({ at }) => now - at <= SKIPPED_KEY_LIFE);
  return young.length > MAX_SKIPPED_KEYS ? young.slice(-MAX_SKIPPED_KEYS) : young;
}
