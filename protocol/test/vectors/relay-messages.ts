/** relay-messages.json (§11.2, §11.4): records of a channel with a relay, links, claimed names. */
import { fromHex, toHex, utf8 } from '../../src/bytes.ts';
import { decodeContent, encodeContent } from '../../src/channel/content.ts';
import { requireRelayContent } from '../../src/channel/relay-content.ts';
import { contactProof, decodeRelayLink, encodeRelayLink, inviteToken } from '../../src/links/relay-link.ts';
import type { Primitives } from '../../src/primitives.ts';
import { claimedNameOf } from '../../src/relay-messages/claimed-name.ts';
import { decodeReply, encodeReply } from '../../src/relay-messages/reply.ts';
import { decodeRequest, encodeRequest, type RelayOp } from '../../src/relay-messages/request.ts';
import {
  equal,
  equalHex,
  expectFailure,
  runEntries,
  type VectorEntry,
  type VectorFile,
  type VectorResult,
} from './vector-file.ts';

interface RelayEntry extends VectorEntry {
  readonly from?: 'client' | 'relay';
  readonly bytes?: string;
  /** What a request asks: `fetch, with an entry` begins with its op. */
  readonly op?: string;
  readonly message?: string;
  readonly link?: string;
  readonly host?: string;
  readonly port?: number;
  readonly relay?: string;
  readonly secret?: string;
  readonly owner?: string;
  readonly token?: string;
  readonly token_hash?: string;
  readonly proof?: string;
  readonly relay_name?: string;
}

export type RelayMessagesFile = VectorFile<RelayEntry>;

/** The op whose answer a message is, by its own words; a refusal may answer any. */
function askedIn({ name, message }: RelayEntry): RelayOp {
  return (/answer (?:of|to) ([a-z]+)/.exec(message ?? name)?.[1] ?? 'receive') as RelayOp;
}

/** Reads a record's content as its receiver would, and says it again. */
function said(entry: RelayEntry): { readonly what: string; readonly again: Uint8Array } {
  const content = requireRelayContent(decodeContent(fromHex(entry.bytes ?? '')));
  if (content.kind !== 'relay') return { what: content.kind, again: encodeContent(content) };
  if (entry.from === 'client') {
    const { id, request } = decodeRequest(content.body);
    if (request.op === 'unknown') return { what: 'unknown', again: fromHex(entry.bytes ?? '') };
    return { what: request.op, again: encodeContent({ kind: 'relay', body: encodeRequest(id, request) }) };
  }
  const reply = decodeReply(content.body, () => askedIn(entry));
  const what = reply.kind === 'event' ? reply.event.event : reply.kind;
  if (what === 'unknown') return { what, again: fromHex(entry.bytes ?? '') };
  return { what, again: encodeContent({ kind: 'relay', body: encodeReply(reply) }) };
}

/** Words of the file for what a relay says. */
function whatOf(message: string): string {
  if (message.startsWith('answer')) return 'answer';
  if (message.startsWith('refused')) return 'refusal';
  return /^(entries|status|signal|welcome)/.exec(message)?.[1] ?? message;
}

export function runRelayMessages(file: RelayMessagesFile, p: Primitives): Promise<VectorResult> {
  return runEntries(file, async (entry) => {
    const { bytes, link, relay_name: name, fails } = entry;
    if (bytes !== undefined) {
      if (fails !== undefined) {
        await expectFailure(fails, () => said(entry));
        return;
      }
      const { what, again } = said(entry);
      equalHex(again, bytes);
      const words = entry.op ?? entry.message ?? '';
      if (words !== 'the largest id') equal(what, entry.op?.split(/[ ,]/)[0] ?? whatOf(words), 'message');
    } else if (link !== undefined) {
      if (fails !== undefined) await expectFailure(fails, () => decodeRelayLink(link));
      else checkLink(p, entry, link);
    } else {
      equal(claimedNameOf(utf8(name ?? '')), fails === undefined ? name : undefined, 'name');
    }
  });
}

function checkLink(p: Primitives, entry: RelayEntry, text: string): void {
  const link = decodeRelayLink(text);
  equal(encodeRelayLink(link), text, 'link');
  equal(link.host, entry.host ?? '');
  equal(link.port, entry.port ?? 0);
  equalHex(link.relay, entry.relay ?? '');
  equal(link.secret && toHex(link.secret), entry.secret, 'secret');
  equal(link.owner && toHex(link.owner), entry.owner, 'owner');
  if (link.secret === undefined) return;
  const token = inviteToken(p, link.secret);
  equal(toHex(token), entry.token ?? '', 'token');
  equal(toHex(p.sha256(token)), entry.token_hash ?? '', 'H(token)');
  if (entry.proof !== undefined) equal(toHex(contactProof(p, link.secret)), entry.proof, 'proof');
}
