/** The private keys of one prekey statement, as its owner holds them (§9.1, §9.3): a value that a start makes smaller. */
import { type Bytes, concat, equalBytes } from '../bytes.ts';
import { bytes, decodeCborAs, encodeCbor, exactly, list, tuple, uint } from '../codec/cbor.ts';
import type { Device } from '../keys/device.ts';
import { signStatement } from '../keys/profile.ts';
import {
  HASH_SIZE,
  MLKEM_SEED_SIZE,
  PREKEY_ENTRIES,
  PREKEY_KEYS_LIFE,
  PREKEY_STATEMENT_LIFE,
  X25519_SIZE,
} from '../limits.ts';
import { MlKemPrivateKey, type Primitives, X25519PrivateKey } from '../primitives.ts';
import { treeRoot } from './merkle-tree.ts';
import { encodePrekeyEntry, entryLeaves } from './prekey-entry.ts';
import { encodePrekeyStatement } from './prekey-statement.ts';

export interface HeldEntry {
  /** 0..99 */
  readonly index: number;
  readonly opk: X25519PrivateKey;
  readonly ek: MlKemPrivateKey;
}

export interface HeldPrekeys {
  readonly counter: number;
  /** H(statement), 32. */
  readonly statementHash: Bytes;
  /** Unix milliseconds. */
  readonly made: number;
  readonly signedPrekey: X25519PrivateKey;
  readonly lastResort: MlKemPrivateKey;
  /** Those that no start has used. */
  readonly entries: readonly HeldEntry[];
  /** H(ct), 32 each, of the last resorts accepted: without them a recording could start a session again. */
  readonly remembered: readonly Bytes[];
}

/** What a start used up: an entry, or a last resort by its ct. */
export type PrekeyUse =
  | { readonly counter: number; readonly kind: 'entry'; readonly index: number }
  | { readonly counter: number; readonly kind: 'last resort' /** H(ct), 32. */; readonly ciphertextHash: Bytes };

export interface NewPrekeys {
  /** Store it before anything is uploaded. */
  readonly held: HeldPrekeys;
  /** What goes to the relay. */
  readonly statement: Bytes;
  readonly signature: Bytes;
  /** CBOR[i, opk, ek], 100 in order. */
  readonly entries: readonly Bytes[];
}

/** A new statement of the device with keys all its own: always 100 entries. `counter` is one more than the last. */
export async function createPrekeys(
  p: Primitives,
  device: Device,
  options: { readonly counter: number; readonly now: number },
): Promise<NewPrekeys> {
  const { counter, now } = options;
  const signedPrekey = new X25519PrivateKey(p.randomBytes(X25519_SIZE));
  const lastResort = new MlKemPrivateKey(p.randomBytes(MLKEM_SEED_SIZE));
  const entries = Array.from({ length: PREKEY_ENTRIES }, (_, index) => ({
    index,
    opk: new X25519PrivateKey(p.randomBytes(X25519_SIZE)),
    ek: new MlKemPrivateKey(p.randomBytes(MLKEM_SEED_SIZE)),
  }));
  const open = entries.map(({ index, opk, ek }) => ({
    index,
    opk: p.x25519PublicKey(opk),
    ek: p.mlKemPublicKey(ek),
  }));
  const statement = encodePrekeyStatement({
    account: device.bundle.account,
    device: device.bundle.device,
    counter,
    signedPrekey: p.x25519PublicKey(signedPrekey),
    lastResort: p.mlKemPublicKey(lastResort),
    root: treeRoot(p, entryLeaves(p, open)),
    made: now,
    notAfter: now + PREKEY_STATEMENT_LIFE,
  });
  return {
    held: { counter, statementHash: p.sha256(statement), made: now, signedPrekey, lastResort, entries, remembered: [] },
    statement,
    signature: await signStatement(p, device.signKey, statement),
    entries: open.map(encodePrekeyEntry),
  };
}

/**
 * What is held once a start is accepted: without the entry's keys, or with the last resort's ct remembered. To be stored in
 * the transaction that stores the session.
 */
export function spendPrekeys(held: readonly HeldPrekeys[], use: PrekeyUse): readonly HeldPrekeys[] {
  return held.map((one) => {
    if (one.counter !== use.counter) return one;
    return use.kind === 'entry'
      ? { ...one, entries: one.entries.filter(({ index }) => index !== use.index) }
      : { ...one, remembered: [...one.remembered, use.ciphertextHash] };
  });
}

/** Whether a last resort of this ct was accepted before. */
export function isRemembered(held: HeldPrekeys, ciphertextHash: Uint8Array): boolean {
  return held.remembered.some((hash) => equalBytes(hash, ciphertextHash));
}

/** Without the statements that were made more than 40 days ago (§9.1), and with them what is remembered of theirs. */
export function dropOldPrekeys(held: readonly HeldPrekeys[], now: number): readonly HeldPrekeys[] {
  return held.filter(({ made }) => now - made <= PREKEY_KEYS_LIFE);
}

const HELD = tuple([
  exactly(1),
  uint(),
  bytes(HASH_SIZE),
  uint(),
  bytes(X25519_SIZE),
  bytes(MLKEM_SEED_SIZE),
  list(tuple([uint(PREKEY_ENTRIES - 1), bytes(X25519_SIZE), bytes(MLKEM_SEED_SIZE)]), 0, PREKEY_ENTRIES),
  bytes(),
]);

/** The storage form: secret, for the home's encrypted database alone. */
export function encodeHeldPrekeys(held: HeldPrekeys): Bytes {
  return encodeCbor([
    1,
    held.counter,
    held.statementHash,
    held.made,
    held.signedPrekey.exposeSecretBytes(),
    held.lastResort.exposeSecretBytes(),
    held.entries.map(({ index, opk, ek }) => [index, opk.exposeSecretBytes(), ek.exposeSecretBytes()]),
    concat(...held.remembered),
  ]);
}

/** @throws ProtocolError `cbor` where the form is damaged */
export function decodeHeldPrekeys(stored: Uint8Array): HeldPrekeys {
  const [, counter, statementHash, made, spk, seed, entries, hashes] = decodeCborAs(HELD, stored);
  return {
    counter,
    statementHash,
    made,
    signedPrekey: new X25519PrivateKey(spk),
    lastResort: new MlKemPrivateKey(seed),
    entries: entries.map(([index, opk, ek]) => ({
      index,
      opk: new X25519PrivateKey(opk),
      ek: new MlKemPrivateKey(ek),
    })),
    remembered: Array.from({ length: Math.floor(hashes.length / HASH_SIZE) }, (_, at) =>
      hashes.slice(at * HASH_SIZE, (at + 1) * HASH_SIZE),
    ),
  };
}
