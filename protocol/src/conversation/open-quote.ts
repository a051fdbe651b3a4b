/** Taking a quoted flight (§9.6): the checks in their order, then its place in the chain. */
import { type Bytes, concat, equalBytes, fromHex, textOf, toHex } from '../bytes.ts';
import { commitItem, type Party, statementContext } from '../envelope/message-statement.ts';
import type { FreshnessResult, SignatureResult } from '../envelope/proof.ts';
import { checkMissing, type ReceivedChain } from '../envelope/received-chain.ts';
import { isProtocolError, ProtocolError } from '../errors.ts';
import { type Claim, decodeClaim } from '../evidence/claim.ts';
import { type Bundle, claimedDevice, readBundle } from '../keys/bundle.ts';
import { isValidAt } from '../keys/certificate.ts';
import { sameKey, verifyStatement } from '../keys/profile.ts';
import { TYPE_TEXT } from '../labels.ts';
import { SID_SIZE } from '../limits.ts';
import type { Primitives } from '../primitives.ts';
import type { FlightItem } from './flight.ts';
import { decodeQuote, isQuotable, type Quote } from './quote.ts';

/** A chain of the author's in which a flight may be missing, and what its statements say of their recipient. */
export interface QuotePlace {
  /** `conversation:`, hex of 32. */
  readonly conversation: string;
  /** `to:`, hex of 32. */
  readonly to: string;
  readonly received: ReceivedChain;
}

export interface QuoteContext {
  /** The device that this session is with: it quotes only its own. */
  readonly author: Bundle;
  readonly places: readonly QuotePlace[];
  /** Unix milliseconds. */
  readonly now: number;
  /** A monotonic clock in milliseconds: gives the proof its durations. */
  readonly stopwatch?: (() => number) | undefined;
}

export interface OpenedQuote {
  /** Which of the places it takes. */
  readonly place: QuotePlace;
  readonly seq: number;
  readonly prev: Bytes;
  /** Those that were quoted, with their ids as ever. */
  readonly items: readonly FlightItem[];
  readonly statement: Bytes;
  readonly statementHash: Bytes;
  readonly signature: Bytes;
  readonly commitments: readonly Bytes[];
  /** The author's of that time, as bytes. */
  readonly bundle: Bytes;
  readonly sent: number;
  readonly ttl: number;
  /** Milliseconds; the two clocks are not compared. */
  readonly age: number;
  /** What stands in for the six results of an envelope: nothing was sealed under a key of this session. */
  readonly proof: readonly [FreshnessResult, SignatureResult];
}

/** The place of flights between two devices. */
export function placeBetween(
  p: Primitives,
  devices: { readonly from: Party; readonly to: Party; readonly received: ReceivedChain },
): QuotePlace {
  const { from, to, received } = devices;
  const { conversation, to: recipient } = statementContext(p, { sid: new Uint8Array(SID_SIZE), from, to });
  return { conversation, to: recipient, received };
}

/**
 * What a quote proves. Nothing is changed: take it with `advanceChain`.
 * @throws ProtocolError `quote`, check `shape`, `author`, `bundle`, `statement`, `recipient`, `signature`, `items` or `place`:
 *   of several faults the first in this order
 */
export async function openQuote(p: Primitives, context: QuoteContext, body: Uint8Array): Promise<OpenedQuote> {
  const { author, places, now, stopwatch } = context;
  const began = stopwatch?.();
  const quote = decodeQuote(body);
  requireAuthor(author, quote.bundle);
  const claim = claimOf(quote.statement);
  const bundle = await openAuthor(p, { author, encoded: quote.bundle, sent: claim?.sent });
  if (claim?.from !== `${toHex(author.account)}/${toHex(author.device)}`) {
    throw refuse('statement', 'the statement is none of a message of this device');
  }
  const place = places.find(({ conversation, to }) => conversation === claim.conversation && to === claim.to);
  if (place === undefined) throw refuse('recipient', 'the quoted flight was not for this device');
  if (!(await verifyStatement(p, bundle.certificate.signKey, quote.statement, quote.signature))) {
    throw refuse('signature', 'the signature of the quoted flight does not verify');
  }
  const items = openItems(p, quote, claim);
  const statementHash = p.sha256(quote.statement);
  const prev = fromHex(claim.prev);
  const { seq, sent, ttl } = claim;
  requirePlace(place.received, { seq, prev, statementHash });
  const age = now - sent;
  const took = stopwatch === undefined || began === undefined ? undefined : { took: stopwatch() - began };
  return {
    place,
    seq,
    prev,
    items,
    statement: quote.statement,
    statementHash,
    signature: quote.signature,
    commitments: quote.commitments,
    bundle: quote.bundle,
    sent,
    ttl,
    age,
    proof: [
      { check: 'freshness', holds: true, seq, gap: 0, age, ttl },
      {
        check: 'signature',
        statement: quote.statement.length,
        signature: quote.signature.length,
        serial: bundle.certificate.serial,
        ...took,
      },
    ],
  };
}

/** The claim of a statement that keeps its grammar (§7). */
function claimOf(statement: Uint8Array): Claim | undefined {
  try {
    return decodeClaim(statement);
  } catch (error) {
    if (isProtocolError(error, 'evidence')) return undefined;
    throw error;
  }
}

function requireAuthor({ account, device }: Bundle, encoded: Uint8Array): void {
  const claimed = claimedDevice(encoded);
  if (claimed === undefined || !equalBytes(claimed.account, account) || !equalBytes(claimed.device, device)) {
    throw refuse('author', 'the quote is not of the device that sent it');
  }
}

/** The author's bundle of that time: good (§2), with the one sign-key of a device's life, and valid at `sent`. */
async function openAuthor(
  p: Primitives,
  { author, encoded, sent }: { readonly author: Bundle; readonly encoded: Bytes; readonly sent: number | undefined },
): Promise<Bundle> {
  const good = await readBundle(p, encoded).catch((cause: unknown) => {
    if (!isProtocolError(cause, 'bundle')) throw cause;
    throw refuse('bundle', 'the bundle of the quoted flight is not good', { cause });
  });
  if (!sameKey(good.certificate.signKey, author.certificate.signKey)) {
    throw refuse('bundle', 'the bundle of the quoted flight has another sign-key than the device');
  }
  // Where there is no time, the next check says so.
  if (sent !== undefined && !isValidAt(good.certificate, sent)) {
    throw refuse('bundle', 'the certificate of the quoted flight was not valid when that was sent');
  }
  return good;
}

function openItems(p: Primitives, quote: Quote, claim: Claim): readonly FlightItem[] {
  const { commitments } = quote;
  if (toHex(p.sha256(concat(...commitments))) !== claim.items || commitments.length !== claim.count) {
    throw refuse('items', 'the commitments are not those of the statement');
  }
  return quote.items.map(({ index, ...item }) => {
    const id = commitItem(p, item);
    const commitment = commitments[index];
    if (commitment === undefined || !equalBytes(id, commitment)) {
      throw refuse('items', 'a quoted item does not give its commitment');
    }
    const unread = item.type === TYPE_TEXT && textOf(item.body) === undefined;
    if (unread || !isQuotable(item.type)) throw refuse('items', 'a quoted item is none that can be shown');
    return { ...item, id };
  });
}

function requirePlace(
  chain: ReceivedChain,
  flight: { readonly seq: number; readonly prev: Bytes; readonly statementHash: Bytes },
): void {
  try {
    checkMissing(chain, flight, () => flight.statementHash);
  } catch (cause) {
    if (!isProtocolError(cause, 'envelope-4')) throw cause;
    throw refuse('place', 'the quoted flight is not one that is missing here', { cause });
  }
}

function refuse(check: string, message: string, options?: ErrorOptions): ProtocolError {
  return new ProtocolError('quote', check, message, options);
}
