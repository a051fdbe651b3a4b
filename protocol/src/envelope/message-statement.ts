/** The statement that layer 3 signs (§5.2), and the commitments that stand for the items in it (§5.1). */
import { type Bytes, compareBytes, concat, toHex, utf8 } from '../bytes.ts';
import { encodeStatement } from '../codec/statement.ts';
import { KIND_MESSAGE, PREFIX_CONVERSATION } from '../labels.ts';
import type { Primitives } from '../primitives.ts';
import type { Item, Payload } from './payload.ts';

/** An account and one device of it. */
export interface Party {
  /** H(account SPKI), 32. */
  readonly account: Uint8Array;
  /** 16. */
  readonly device: Uint8Array;
}

/** The lines of a statement that stay the same for one direction of one session, ready to be written. */
export interface StatementContext {
  readonly conversation: string;
  readonly session: string;
  readonly from: string;
  readonly to: string;
}

/** H("waxwing/1 conversation\n" ‖ the two accounts sorted), 32. */
export function conversationId(p: Primitives, a: Uint8Array, b: Uint8Array): Bytes {
  return p.sha256(concat(PREFIX_CONVERSATION, ...[a, b].sort(compareBytes)));
}

export function statementContext(
  p: Primitives,
  options: { readonly sid: Uint8Array; readonly from: Party; readonly to: Party },
): StatementContext {
  const { sid, from, to } = options;
  return {
    conversation: toHex(conversationId(p, from.account, to.account)),
    session: toHex(sid),
    from: `${toHex(from.account)}/${toHex(from.device)}`,
    to: toHex(p.sha256(concat(to.account, to.device))),
  };
}

/** The line of the type that came last: most items of a flight are of one type. */
let typeLine = { type: '', bytes: utf8('\n') };

/** `c = H(r ‖ type ‖ "\n" ‖ body)`, 32: the message's id (§5.1). */
export function commitItem(p: Primitives, { opening, type, body }: Item): Bytes {
  if (typeLine.type !== type) typeLine = { type, bytes: utf8(`${type}\n`) };
  return p.sha256(concat(opening, typeLine.bytes, body));
}

/** The bytes that the sending device signs, for the items committed to. */
export function encodeMessageStatement(
  p: Primitives,
  context: StatementContext,
  flight: Pick<Payload, 'seq' | 'prev' | 'sent' | 'ttl'> & { readonly commitments: readonly Bytes[] },
): Bytes {
  const { seq, prev, sent, ttl, commitments } = flight;
  return encodeStatement(KIND_MESSAGE, [
    ['conversation', context.conversation],
    ['session', context.session],
    ['from', context.from],
    ['to', context.to],
    ['seq', String(seq)],
    ['prev', toHex(prev)],
    ['sent', String(sent)],
    ['ttl', String(ttl)],
    ['count', String(commitments.length)],
    ['items', `sha256:${toHex(p.sha256(concat(...commitments)))}`],
  ]);
}
