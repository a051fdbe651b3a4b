/** envelopes.json (§5): the recipient's state, an envelope, and what comes of it. */
import { concat, equalBytes, fromHex, toHex } from '../../src/bytes.ts';
import type { Header } from '../../src/envelope/header.ts';
import { wrapLabel } from '../../src/envelope/layer-keys.ts';
import { conversationId, statementContext } from '../../src/envelope/message-statement.ts';
import { type DerivedKey, type OpeningContext, openEnvelope, readStructure } from '../../src/envelope/open.ts';
import { ProtocolError } from '../../src/errors.ts';
import { openBundle } from '../../src/keys/bundle.ts';
import { type Primitives, RsaPrivateKey, SecretKey } from '../../src/primitives.ts';
import {
  equal,
  equalHex,
  expectFailure,
  runEntries,
  type VectorEntry,
  type VectorFile,
  type VectorResult,
} from './vector-file.ts';

interface EnvelopeEntry extends VectorEntry {
  readonly envelope: string;
  readonly now: number;
  readonly last?: readonly [number, string] | null;
  readonly offset?: number;
  readonly first_of_channel?: boolean;
  readonly items?: readonly { readonly type: string; readonly body: string; readonly id: string }[];
  readonly age?: number;
  readonly seq?: number;
  readonly gap?: number;
  /** There where the age is the only fault. */
  readonly shown?: string;
}

export interface EnvelopesFile extends VectorFile<EnvelopeEntry> {
  readonly base: {
    readonly sender_bundle: string;
    readonly recipient_bundle: string;
    readonly recipient_wrap_key: string;
    readonly conversation: string;
    readonly sid: string;
    readonly dh: string;
    readonly pn: number;
    readonly n: number;
    readonly mk: string;
    readonly last: readonly [number, string];
    readonly kr_of_one_item: string;
  };
}

const NOW = 1_800_000_000_000;

/** The context of `base`: what its recipient knows before an envelope comes. */
export async function recipientOf(file: EnvelopesFile, p: Primitives): Promise<OpeningContext> {
  const { base } = file;
  const sender = await openBundle(p, fromHex(base.sender_bundle), NOW);
  const recipient = await openBundle(p, fromHex(base.recipient_bundle), NOW);
  equalHex(conversationId(p, sender.account, recipient.account), base.conversation, 'conversation');
  equalHex(conversationId(p, recipient.account, sender.account), base.conversation, 'conversation, turned round');
  return {
    kind: 0,
    sid: fromHex(base.sid),
    device: recipient.device,
    certificate: sender.certificate,
    statement: statementContext(p, { sid: fromHex(base.sid), from: sender, to: recipient }),
    wrapKeys: [new RsaPrivateKey(fromHex(base.recipient_wrap_key))],
    rejection: new SecretKey(p.randomBytes(32)),
    last: { seq: base.last[0], hash: fromHex(base.last[1]) },
    gapAllowed: false,
    clockOffset: 0,
  };
}

/** A ratchet that expects exactly the one header of `base` (§6, live). */
export function expectHeader(base: EnvelopesFile['base'], onCommit: () => void): (header: Header) => DerivedKey {
  return (header) => {
    const { dh, pn, n, pe } = header;
    if (!equalBytes(dh, fromHex(base.dh)) || pn !== base.pn || n !== base.n || pe !== 0) {
      throw new ProtocolError('envelope-0', 'ratchet', 'the ratchet expects another envelope');
    }
    return { messageKey: new SecretKey(fromHex(base.mk)), commit: onCommit };
  };
}

export async function runEnvelopes(file: EnvelopesFile, p: Primitives): Promise<VectorResult> {
  const recipient = await recipientOf(file, p);
  await checkWrap(file, recipient, p);
  return runEntries(file, async (entry) => {
    let commits = 0;
    const { last = file.base.last, offset = 0, first_of_channel: gapAllowed = false } = entry;
    const context = {
      ...recipient,
      last: last === null ? undefined : { seq: last[0], hash: fromHex(last[1]) },
      clockOffset: offset,
      gapAllowed,
    };
    const run = () =>
      openEnvelope(p, context, {
        encoded: fromHex(entry.envelope),
        now: entry.now,
        deriveKey: expectHeader(file.base, () => (commits += 1)),
      });
    if (entry.fails !== undefined && entry.shown === undefined) {
      await expectFailure(entry.fails, run);
      // The ratchet is committed exactly where the HMAC held.
      equal(commits, /[01]$/.test(entry.fails) ? 0 : 1, 'commits of the ratchet');
      return;
    }
    const opened = await run();
    equal(commits, 1, 'commits of the ratchet');
    equalHex(opened.hash, toHex(p.sha256(opened.statement)), 'statement hash');
    if (entry.shown !== undefined) {
      equal(opened.freshness.fault?.check, 'age', 'the one fault');
      await expectFailure(entry.fails ?? '', () => {
        throw opened.freshness.fault as Error;
      });
      return;
    }
    equal(opened.freshness.fault?.check, undefined, 'fault');
    equal(opened.freshness.age, entry.age, 'age');
    equal(opened.freshness.gap, entry.gap, 'gap');
    equal(opened.payload.seq, entry.seq, 'seq');
    const { items } = opened.payload;
    equal(items.length, entry.items?.length, 'number of items');
    for (const [index, wanted] of (entry.items ?? []).entries()) {
      equal(items[index]?.type, wanted.type, `type of item ${index}`);
      equalHex(items[index]?.body ?? concat(), wanted.body, `body of item ${index}`);
      equalHex(opened.commitments[index] ?? concat(), wanted.id, `id of item ${index}`);
    }
  });
}

/** The wrap of the first entry holds the kr that `base` names. */
async function checkWrap(file: EnvelopesFile, recipient: OpeningContext, p: Primitives): Promise<void> {
  const { envelope, headerHash } = readStructure(p, recipient, fromHex(file.vectors[0]?.envelope ?? ''));
  const [wrapKey] = recipient.wrapKeys;
  if (wrapKey === undefined) throw new Error('base has no wrap key');
  const kr = await p.unwrapOaep(wrapKey, wrapLabel(headerHash), envelope.wrap);
  equalHex(kr, file.base.kr_of_one_item, 'kr of the first entry');
}
