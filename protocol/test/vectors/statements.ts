/** spec/vectors/statements.json: statements of any kind, and one of a message from its parts. */
import { fromHex, textOf, toHex } from '../../src/bytes.ts';
import { decodeStatement, encodeStatement } from '../../src/codec/statement.ts';
import { commitItem, encodeMessageStatement, statementContext } from '../../src/envelope/message-statement.ts';
import type { Primitives } from '../../src/primitives.ts';
import {
  equal,
  equalHex,
  expectFailure,
  runEntries,
  type VectorEntry,
  type VectorFile,
  type VectorResult,
} from './vector-file.ts';

interface AnyStatement {
  readonly kind: string;
  readonly fields: readonly (readonly [string, string])[];
}

interface MessageParts {
  readonly sender_account: string;
  readonly sender_device: string;
  readonly recipient_account: string;
  readonly recipient_device: string;
  readonly sid: string;
  readonly seq: number;
  readonly prev: string;
  readonly sent: number;
  readonly ttl: number;
  /** Type, body and opening of each. */
  readonly items: readonly (readonly [string, string, string])[];
  readonly commitments: readonly string[];
  readonly conversation: string;
}

type StatementEntry = VectorEntry &
  (AnyStatement | MessageParts) & { readonly text?: string; readonly sha256?: string };

export type StatementFile = VectorFile<StatementEntry>;

function messageOf(entry: MessageParts, p: Primitives): Uint8Array {
  const context = statementContext(p, {
    sid: fromHex(entry.sid),
    from: { account: fromHex(entry.sender_account), device: fromHex(entry.sender_device) },
    to: { account: fromHex(entry.recipient_account), device: fromHex(entry.recipient_device) },
  });
  equal(context.conversation, entry.conversation, 'conversation');
  const commitments = entry.items.map(([type, body, opening]) =>
    commitItem(p, { type, body: fromHex(body), opening: fromHex(opening) }),
  );
  equal(commitments.map(toHex).join(), entry.commitments.join(), 'commitments');
  const { seq, sent, ttl } = entry;
  return encodeMessageStatement(p, context, { seq, prev: fromHex(entry.prev), sent, ttl, commitments });
}

export async function runStatements(file: StatementFile, p: Primitives): Promise<VectorResult> {
  return runEntries(file, async (entry) => {
    const build = (): Uint8Array => ('kind' in entry ? encodeStatement(entry.kind, entry.fields) : messageOf(entry, p));
    if (entry.fails !== undefined) {
      await expectFailure(entry.fails, build);
      return;
    }
    const bytes = build();
    equal(textOf(bytes), entry.text, 'text');
    equalHex(p.sha256(bytes), entry.sha256 ?? '', 'sha256');
    if (!('kind' in entry)) return;
    const names = entry.fields.map(([name]) => name);
    equal(decodeStatement(bytes, entry.kind, names).join('\n'), entry.fields.map(([, value]) => value).join('\n'));
  });
}
