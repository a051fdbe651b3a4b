/** What an initiator checks of a fetched prekey set, in the frozen order of §9.1. */
import { type Bytes, equalBytes } from '../bytes.ts';
import { isProtocolError, ProtocolError } from '../errors.ts';
import { type Bundle, checkSerial, type KnownSerial, openBundle } from '../keys/bundle.ts';
import { DAY, PREKEY_ENTRIES } from '../limits.ts';
import type { Primitives } from '../primitives.ts';
import { leafHash, pathHolds } from './merkle-tree.ts';
import { decodePrekeyEntry, type PrekeyEntry } from './prekey-entry.ts';
import type { PrekeySet } from './prekey-set.ts';
import { openPrekeyStatement, type PrekeyStatement } from './prekey-statement.ts';

/** The newest statement ever seen of a device. */
export interface KnownPrekeys {
  readonly counter: number;
  /** H(statement), 32. */
  readonly statementHash: Uint8Array;
}

export interface OpenPrekeySetOptions {
  /** The account (32) that was asked for. */
  readonly account: Uint8Array;
  /** Who asks: nobody starts a session with himself. */
  readonly own: { readonly account: Uint8Array; readonly device: Uint8Array };
  /** What was kept of that device, where it was seen before. */
  readonly knownSerial?: ((bundle: Bundle) => KnownSerial | undefined) | undefined;
  readonly knownPrekeys?: ((bundle: Bundle) => KnownPrekeys | undefined) | undefined;
  /** Unix milliseconds, the own clock. */
  readonly now: number;
}

/** A set that is good: what a start is made from. */
export interface OpenedPrekeySet {
  readonly bundle: Bundle;
  readonly statement: PrekeyStatement;
  /** H(statement), 32: part of the start's transcript, and what to keep as seen. */
  readonly statementHash: Bytes;
  /** Undefined for a last resort: a weaker start. */
  readonly entry: PrekeyEntry | undefined;
}

function refuse(check: string, message: string, cause?: unknown): ProtocolError {
  return new ProtocolError('prekeys', check, message, cause === undefined ? undefined : { cause });
}

/**
 * @throws ProtocolError `prekeys`; checks in this order: `bundle`, `serial`, `own device`, `grammar`, `device`,
 *   `signature`, `counter`, `time`, `entry`, `path`, `key`
 */
export async function openPrekeySet(
  p: Primitives,
  set: PrekeySet,
  options: OpenPrekeySetOptions,
): Promise<OpenedPrekeySet> {
  const bundle = await goodBundle(p, set, options);
  const { own, now } = options;
  if (equalBytes(bundle.account, own.account) && equalBytes(bundle.device, own.device)) {
    throw refuse('own device', 'The prekeys are those of this device itself.');
  }
  const statement = await openPrekeyStatement(p, bundle, set);
  const statementHash = p.sha256(set.statement);
  const known = options.knownPrekeys?.(bundle);
  if (known !== undefined && !isNewEnough(known, { counter: statement.counter, statementHash })) {
    throw refuse('counter', 'An older prekey statement of this device than one seen before.');
  }
  if (statement.made - DAY > now || now > statement.notAfter) {
    throw refuse('time', 'A prekey statement is not of this time.');
  }
  const entry = openEntry(p, set, statement);
  requireGoodKey(p, entry?.ek ?? statement.lastResort);
  return { bundle, statement, statementHash, entry };
}

async function goodBundle(
  p: Primitives,
  set: PrekeySet,
  { account, knownSerial, now }: OpenPrekeySetOptions,
): Promise<Bundle> {
  try {
    const bundle = await openBundle(p, set.bundle, now);
    if (!equalBytes(bundle.account, account)) throw refuse('bundle', 'The prekeys are those of another account.');
    checkSerial(knownSerial?.(bundle), bundle);
    return bundle;
  } catch (cause) {
    if (!isProtocolError(cause, 'bundle')) throw cause;
    throw refuse(cause.check === 'serial' ? 'serial' : 'bundle', 'The bundle of the prekeys is not good.', cause);
  }
}

function isNewEnough(known: KnownPrekeys, seen: KnownPrekeys): boolean {
  if (seen.counter !== known.counter) return seen.counter > known.counter;
  return equalBytes(seen.statementHash, known.statementHash);
}

function openEntry(p: Primitives, set: PrekeySet, { root }: PrekeyStatement): PrekeyEntry | undefined {
  if (set.entry.length === 0) {
    if (set.path.length > 0) throw refuse('path', 'A prekey set has a path and no entry.');
    return undefined;
  }
  const entry = decodePrekeyEntry(set.entry);
  const leaf = leafHash(p, set.entry);
  if (!pathHolds(p, { leaf, index: entry.index, count: PREKEY_ENTRIES, path: set.path, root })) {
    throw refuse('path', 'A prekey entry is none of its statement.');
  }
  return entry;
}

/** §3's modulus check, which every encapsulation makes first. */
function requireGoodKey(p: Primitives, ek: Uint8Array): void {
  try {
    p.mlKemEncapsulate(ek);
  } catch (cause) {
    if (!isProtocolError(cause, 'primitive')) throw cause;
    throw refuse('key', 'An ML-KEM key of the prekeys fails its check.', cause);
  }
}
