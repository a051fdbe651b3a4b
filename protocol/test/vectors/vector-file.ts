/** The form of the files in spec/vectors, and what their runners share. Imports nothing of node: runs in browsers too. */
import { toHex } from '../../src/bytes.ts';
import { isProtocolError, type ProtocolErrorCode } from '../../src/errors.ts';

/** An entry: `name` is unique in its file, `fails` names the layer that must refuse it. */
export interface VectorEntry {
  readonly name: string;
  readonly section: string;
  readonly fails?: string;
}

/** A file of spec/vectors; shared state of its entries (`base`, `keys` …) is declared by an extending interface. */
export interface VectorFile<Entry extends VectorEntry = VectorEntry> {
  readonly warning: string;
  readonly about: string;
  /** How many entries there are, and how many of them must succeed. */
  readonly count: number;
  readonly good: number;
  readonly vectors: readonly Entry[];
}

/** What a runner did: the caller compares it with `count` and `good`. */
export interface VectorResult {
  readonly ran: number;
  readonly good: number;
}

/** Runs `each` on every entry, counting; the first mismatch is thrown with the entry's name before it. */
export async function runEntries<Entry extends VectorEntry>(
  file: VectorFile<Entry>,
  each: (entry: Entry) => void | Promise<void>,
): Promise<VectorResult> {
  let ran = 0;
  let good = 0;
  for (const entry of file.vectors) {
    try {
      await each(entry);
    } catch (cause) {
      throw new Error(`${entry.name} (§${entry.section}): ${messageOf(cause)}`, { cause });
    }
    ran += 1;
    if (entry.fails === undefined) good += 1;
  }
  return { ran, good };
}

/** Throws unless `actual` is the bytes that `expected` writes in hex. */
export function equalHex(actual: Uint8Array, expected: string, what = 'bytes'): void {
  equal(toHex(actual), expected, what);
}

/** Throws unless the two strings, numbers, booleans or undefined are the same. */
export function equal<T extends string | number | boolean | undefined>(actual: T, expected: T, what = 'value'): void {
  if (actual !== expected) throw new Error(`${what}: expected ${String(expected)}, got ${String(actual)}`);
}

/** Throws unless `action` fails with the code that `fails` names (`envelope:3` is the code `envelope-3`). */
export async function expectFailure(fails: string, action: () => unknown): Promise<void> {
  const code = codeOf(fails);
  try {
    await action();
  } catch (error) {
    if (isProtocolError(error, code)) return;
    throw new Error(`expected ${code}, got ${messageOf(error)}`, { cause: error });
  }
  throw new Error(`expected ${code}, but it was accepted`);
}

/**
 * Throws unless `action` ends as the entry says: fails with its code, and by the check it names; or succeeds, where the
 * entry is a good one.
 */
export async function expectFailureOf(
  entry: VectorEntry & { readonly check?: string },
  action: () => unknown,
): Promise<void> {
  if (entry.fails === undefined) {
    await action();
    return;
  }
  let check: string | undefined;
  await expectFailure(entry.fails, async () => {
    try {
      await action();
    } catch (error) {
      if (isProtocolError(error)) check = error.check;
      throw error;
    }
  });
  if (entry.check !== undefined) equal(check, entry.check, 'check');
}

/** The error code a vector's `fails` means. */
export function codeOf(fails: string): ProtocolErrorCode {
  return fails.replace(':', '-').toLowerCase() as ProtocolErrorCode;
}

function messageOf(error: unknown): string {
  if (isProtocolError(error)) return `${error.code} (${error.check}): ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
