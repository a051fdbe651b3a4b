/** prekeys.json (§9.1): audit paths, and prekey sets as an initiator judges them. */
import { type Bytes, fromHex, utf8 } from '../../src/bytes.ts';
import { isProtocolError } from '../../src/errors.ts';
import { pathHolds } from '../../src/prekeys/merkle-tree.ts';
import { type OpenedPrekeySet, openPrekeySet } from '../../src/prekeys/open-prekey-set.ts';
import type { Primitives } from '../../src/primitives.ts';
import { equal, equalHex, runEntries, type VectorEntry, type VectorFile, type VectorResult } from './vector-file.ts';

interface SetFields {
  readonly now: number;
  readonly account: string;
  readonly bundle: string;
  readonly statement: string;
  readonly signature: string;
  readonly entry: string;
  readonly path: readonly string[];
}

interface PrekeysEntry extends VectorEntry, Partial<SetFields> {
  readonly check?: string;
  readonly leaves?: number;
  readonly index?: number;
  readonly leaf_hash?: string;
  readonly root?: string;
  readonly own?: { readonly account: string; readonly device: string };
  readonly highest?: { readonly counter: number; readonly statement_hash: string };
  readonly highest_serial?: { readonly serial: number; readonly certificate_hash: string };
  readonly counter?: number;
  readonly spk?: string;
  readonly opk?: string;
  readonly ek?: string;
}

export type PrekeysFile = VectorFile<PrekeysEntry> & { readonly base: SetFields };

const NOBODY = new Uint8Array(32);

export function runPrekeys(file: PrekeysFile, p: Primitives): Promise<VectorResult> {
  return runEntries(file, async (entry) => {
    if (entry.leaves === undefined) await checkSet(p, entry, file.base);
    else checkPath(p, entry);
  });
}

function checkPath(p: Primitives, entry: PrekeysEntry): void {
  const claim = {
    leaf: fromHex(entry.leaf_hash ?? ''),
    index: entry.index ?? -1,
    count: entry.leaves ?? 0,
    path: (entry.path ?? []).map(fromHex),
    root: fromHex(entry.root ?? ''),
  };
  equal(pathHolds(p, claim), entry.fails === undefined, 'path');
}

function open(p: Primitives, entry: PrekeysEntry, base: SetFields): Promise<OpenedPrekeySet> {
  const fields = { ...base, ...entry };
  const { own, highest, highest_serial: serial } = entry;
  const bytesOf = (hex: string): Bytes => fromHex(hex);
  const set = {
    bundle: bytesOf(fields.bundle),
    statement: utf8(fields.statement),
    signature: bytesOf(fields.signature),
    entry: bytesOf(fields.entry),
    path: fields.path.map(bytesOf),
  };
  return openPrekeySet(p, set, {
    account: bytesOf(fields.account),
    own:
      own === undefined
        ? { account: NOBODY, device: NOBODY }
        : { account: fromHex(own.account), device: fromHex(own.device) },
    knownPrekeys: () => highest && { counter: highest.counter, statementHash: fromHex(highest.statement_hash) },
    knownSerial: () => serial && { serial: serial.serial, certificateHash: fromHex(serial.certificate_hash) },
    now: fields.now,
  });
}

async function checkSet(p: Primitives, entry: PrekeysEntry, base: SetFields): Promise<void> {
  if (entry.fails !== undefined) {
    try {
      await open(p, entry, base);
    } catch (error) {
      if (!isProtocolError(error, 'prekeys')) throw error;
      equal(error.check, entry.check ?? '', 'check');
      return;
    }
    throw new Error('expected prekeys, but it was accepted');
  }
  const opened = await open(p, entry, base);
  if (entry.counter !== undefined) equal(opened.statement.counter, entry.counter, 'counter');
  if (entry.spk !== undefined) equalHex(opened.statement.signedPrekey, entry.spk, 'spk');
  if (entry.opk !== undefined) equalHex(opened.entry?.opk ?? NOBODY, entry.opk, 'opk');
  if (entry.ek !== undefined) equalHex(opened.entry?.ek ?? opened.statement.lastResort, entry.ek, 'ek');
}
