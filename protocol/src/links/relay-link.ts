/** Addresses of relays, invite links and contact links (§11.2): `waxwing://host:port/#A`, `#A.S`, `#A.S.O`. */
import { type Bytes, concat, fromBase64Url, toBase64Url } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { PREFIX_CONTACT, PREFIX_INVITE } from '../labels.ts';
import { HASH_SIZE, INVITE_TOKEN_SIZE, LINK_SECRET_SIZE } from '../limits.ts';
import type { Primitives } from '../primitives.ts';

export interface RelayLink {
  /** As written; an IPv6 address without its brackets. */
  readonly host: string;
  /** 1..65535 */
  readonly port: number;
  /** The relay's account, 32: what the handshake is pinned to. */
  readonly relay: Bytes;
  /** 16: lets its holder in; absent in a mere address. */
  readonly secret?: Bytes | undefined;
  /** The account (32) whose contact link this is. */
  readonly owner?: Bytes | undefined;
}

const LINK =
  /^waxwing:\/\/(?:\[(?<v6>[0-9a-f:.]+)\]|(?<host>[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)):(?<port>[1-9][0-9]{0,4})\/#(?<parts>[\w.-]+)$/;

function refuse(): ProtocolError {
  return new ProtocolError('link', 'form', 'A link is waxwing://host:port/# and then one to three parts of base64url.');
}

/** @throws ProtocolError `link` for a host that no link can carry, or an owner without a secret */
export function encodeRelayLink(link: RelayLink): string {
  const { host, port, relay, secret, owner } = link;
  const parts = [relay, secret, owner].flatMap((part) => (part === undefined ? [] : [toBase64Url(part)]));
  const text = `waxwing://${host.includes(':') ? `[${host}]` : host}:${String(port)}/#${parts.join('.')}`;
  decodeRelayLink(text);
  return text;
}

/** The link of a text. @throws ProtocolError `link` for anything but the one form of a link */
export function decodeRelayLink(text: string): RelayLink {
  const groups = LINK.exec(text)?.groups;
  if (groups === undefined) throw refuse();
  const { v6, host = v6, port: digits, parts = '' } = groups;
  const port = Number(digits);
  const written = parts.split('.');
  const [relay, secret, owner] = written.map(fromBase64Url);
  if (host === undefined || port > 65_535 || written.length > 3) throw refuse();
  if (relay?.length !== HASH_SIZE) throw refuse();
  if (written.length > 1 && secret?.length !== LINK_SECRET_SIZE) throw refuse();
  if (written.length > 2 && owner?.length !== HASH_SIZE) throw refuse();
  return { host, port, relay, ...(secret && { secret }), ...(owner && { owner }) };
}

/** `token = first 16 of H("waxwing/1 invite\n" ‖ s)`: what the relay is shown. */
export function inviteToken(p: Pick<Primitives, 'sha256'>, secret: Uint8Array): Bytes {
  return p.sha256(concat(PREFIX_INVITE, secret)).slice(0, INVITE_TOKEN_SIZE);
}

/** `proof = first 16 of H("waxwing/1 contact\n" ‖ s)`: what the link's owner is shown, and no relay can make of a token. */
export function contactProof(p: Pick<Primitives, 'sha256'>, secret: Uint8Array): Bytes {
  return p.sha256(concat(PREFIX_CONTACT, secret)).slice(0, INVITE_TOKEN_SIZE);
}
