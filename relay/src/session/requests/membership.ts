/** join, claim, resolve, invite, leave (§11.4). */
import {
  claimedNameOf,
  ENVELOPE_STATE,
  MAX_OPEN_INVITES,
  type Primitives,
  REFUSAL,
  type RelayRequest,
  utf8,
} from '@waxwing/protocol/wire';
import { mailboxSubject, NOTICES } from '../../bus/bus.ts';
import { type GoneMailbox, isRefused } from '../../store/change.ts';
import { type Caller, dayOf, type Handled, type RelayParts } from '../caller.ts';
import { Refusal } from '../refusal.ts';

type Request<Op extends RelayRequest['op']> = Extract<RelayRequest, { op: Op }>;

const EMPTY = new Uint8Array(0);

/** H(token), as invites are stored. */
export function tokenHashOf(p: Pick<Primitives, 'sha256'>, token: Uint8Array): Uint8Array<ArrayBuffer> {
  return p.sha256(token);
}

export async function join(caller: Caller, { token }: Request<'join'>): Promise<Handled> {
  const { parts, account, device, mailbox, shown } = caller;
  const member = await parts.store.member(account);
  if (shown === undefined) return { answer: Promise.resolve({ op: 'join', name: utf8(member?.name ?? '') }) };
  if (member === undefined) {
    const retry = await parts.rates.joins.take(caller.address);
    if (retry > 0) throw new Refusal(REFUSAL.tooMany, retry);
  }
  const joined = parts.commits.submit({
    kind: 'join',
    account,
    device,
    mailbox,
    bundle: shown,
    tokenHash: token.length === 0 ? undefined : tokenHashOf(parts.primitives, token),
    open: parts.open,
    today: dayOf(parts.now()),
  });
  return {
    answer: joined.then((outcome) => {
      if (isRefused(outcome)) throw new Refusal(outcome.refusal);
      if (outcome.replaced !== undefined) tellGone(parts, outcome.replaced);
      caller.becomeMember();
      return { op: 'join', name: outcome.name === undefined ? EMPTY : utf8(outcome.name) };
    }),
  };
}

/** A mailbox is no more: its channel ends, and who put into it hears of it. */
export function tellGone(parts: Pick<RelayParts, 'bus'>, { mailbox, ids }: GoneMailbox): void {
  parts.bus.publish(mailboxSubject(mailbox), { kind: 'removed' });
  if (ids.length > 0) parts.bus.publish(NOTICES, { kind: 'notices', ids, state: ENVELOPE_STATE.mailboxGone });
}

/** The name as text. @throws Refusal 6 */
function readName(name: Uint8Array): string {
  const text = claimedNameOf(name);
  if (text === undefined) throw new Refusal(REFUSAL.nameForm);
  return text;
}

export async function claim({ parts, account }: Caller, { name }: Request<'claim'>): Promise<Handled> {
  const claimed = parts.commits.submit({ kind: 'claim', account, name: readName(name) });
  return {
    answer: claimed.then((outcome) => {
      if (isRefused(outcome)) throw new Refusal(outcome.refusal);
      return { op: 'claim' };
    }),
  };
}

export async function resolve({ parts, key }: Caller, { name }: Request<'resolve'>): Promise<Handled> {
  const retry = await parts.rates.resolves.take(key);
  if (retry > 0) throw new Refusal(REFUSAL.tooMany, retry);
  const text = claimedNameOf(name);
  return {
    answer: (async () => {
      const account = text === undefined ? undefined : await parts.store.memberNamed(text);
      if (account === undefined) throw new Refusal(REFUSAL.nameUnknown);
      return { op: 'resolve', account };
    })(),
  };
}

export async function invite({ parts, account }: Caller, { tokenHash, days }: Request<'invite'>): Promise<Handled> {
  const today = dayOf(parts.now());
  const made =
    days === 0
      ? parts.commits.submit({ kind: 'withdraw', tokenHash, account })
      : parts.commits.submit({
          kind: 'invite',
          tokenHash,
          uses: 1,
          ends: today + days,
          today,
          account,
          limit: MAX_OPEN_INVITES,
        });
  return {
    answer: made.then((outcome) => {
      if (isRefused(outcome)) throw new Refusal(outcome.refusal);
      return { op: 'invite' };
    }),
  };
}

export async function leave({ parts, account }: Caller): Promise<Handled> {
  const left = parts.commits.submit({ kind: 'leave', account, today: dayOf(parts.now()) });
  return {
    answer: left.then((gone) => {
      // Once the answer is on its way: the channel ends with that.
      if (gone !== undefined) setImmediate(() => tellGone(parts, gone));
      return { op: 'leave' };
    }),
  };
}

/** The key under which an account's rates are counted. */
export function accountKey({ account }: { readonly account: Uint8Array }): string {
  return Buffer.from(account).toString('base64url');
}
