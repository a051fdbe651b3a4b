/** prekeys and fetch (§9.1, §11.4). */
import {
  concat,
  DAY,
  entryLeaves,
  equalBytes,
  isProtocolError,
  openPrekeyStatement,
  PREKEY_REFILL_AT,
  readBundle,
  REFUSAL,
  type RelayRequest,
  treeRoot,
} from '@waxwing/protocol/wire';
import { mailboxSubject } from '../../bus/bus.ts';
import { isRefused } from '../../store/change.ts';
import type { Caller, Handled, RelayParts } from '../caller.ts';
import { Refusal } from '../refusal.ts';
import { accountKey } from './membership.ts';

type Request<Op extends RelayRequest['op']> = Extract<RelayRequest, { op: Op }>;

export async function uploadPrekeys(caller: Caller, request: Request<'prekeys'>): Promise<Handled> {
  const { parts, key, mailbox } = caller;
  const { statement, signature, keys } = request;
  const retry = await parts.rates.uploads.take(key);
  if (retry > 0) throw new Refusal(REFUSAL.tooMany, retry);
  const leaves = entryLeaves(parts.primitives, keys);
  const counter = await goodCounter(caller, request, leaves);
  const uploaded = parts.commits.submit({
    kind: 'prekeys',
    mailbox,
    counter,
    statement,
    signature,
    leaves: concat(...leaves),
    keys,
  });
  return {
    answer: uploaded.then((outcome) => {
      if (isRefused(outcome)) throw new Refusal(outcome.refusal);
      return { op: 'prekeys' };
    }),
  };
}

/** The counter of a statement that is good for these entries, now. @throws Refusal 10 */
async function goodCounter(
  { parts, account, device }: Caller,
  request: Request<'prekeys'>,
  leaves: readonly Uint8Array[],
): Promise<number> {
  const now = parts.now();
  const member = await parts.store.member(account);
  if (member === undefined || !equalBytes(member.device, device)) throw new Refusal(REFUSAL.noMember);
  const bundle = await readBundle(parts.primitives, member.bundle);
  try {
    const { counter, root, made, notAfter } = await openPrekeyStatement(parts.primitives, bundle, request);
    if (made - DAY <= now && now <= notAfter && equalBytes(root, treeRoot(parts.primitives, leaves))) return counter;
  } catch (error) {
    if (!isProtocolError(error, 'prekeys')) throw error;
  }
  throw new Refusal(REFUSAL.prekeysRefused);
}

export async function fetchPrekeys(caller: Caller, { account, withEntry }: Request<'fetch'>): Promise<Handled> {
  const { parts, key: own } = caller;
  const retry = await parts.rates.fetches.take(own);
  if (retry > 0) throw new Refusal(REFUSAL.tooMany, retry);
  const target = accountKey({ account });
  // Who takes too many gets what cannot be depleted, and is not told.
  const mayTake = withEntry && (await takeEntry(parts, own, target));
  const want = !withEntry ? 'bare' : mayTake ? 'entry' : 'last-resort';
  const fetched = parts.commits.submit({ kind: 'fetch', account, want });
  return {
    answer: fetched.then(async (outcome) => {
      if (isRefused(outcome)) {
        if (mayTake) await giveBackEntry(parts, own, target);
        throw new Refusal(outcome.refusal);
      }
      const { set, mailbox, left } = outcome;
      if (withEntry && left <= PREKEY_REFILL_AT) {
        parts.bus.publish(mailboxSubject(mailbox), { kind: 'entries', left });
      }
      return { op: 'fetch', sets: [set] };
    }),
  };
}

/** Whether this account may have an entry of that one now; then it is counted. */
async function takeEntry({ rates }: Pick<RelayParts, 'rates'>, own: string, target: string): Promise<boolean> {
  // In this order: whoever may have none at all makes up no accounts that would be remembered.
  if ((await rates.entries.take(own)) > 0) return false;
  if ((await rates.entriesOfDevice.take(`${own}>${target}`)) === 0) return true;
  await rates.entries.giveBack(own);
  return false;
}

/** There was none: who asks until a new member has left some is not to get a last resort for that. */
async function giveBackEntry({ rates }: Pick<RelayParts, 'rates'>, own: string, target: string): Promise<void> {
  await rates.entriesOfDevice.clear(`${own}>${target}`);
  await rates.entries.giveBack(own);
}
