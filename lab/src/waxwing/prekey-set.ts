/** What the lab's client makes of a fetched prekey set: the shipped checks (§9.1), or none of them. */
import {
  decodePrekeyEntry,
  type OpenedPrekeySet,
  openPrekeySet,
  type OpenPrekeySetOptions,
  type PrekeySet,
  readBundle,
} from '@waxwing/protocol';
import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';
import { unsafePrekeys } from '@waxwing/protocol/unsafe';
import type { Off } from './opening.ts';

/** @throws ProtocolError `prekeys`; without the checks only for what cannot be read at all */
export async function takeSet(
  set: PrekeySet,
  { off, ...options }: OpenPrekeySetOptions & { readonly off: Off },
): Promise<OpenedPrekeySet> {
  if (!off('prekeys')) return await openPrekeySet(p, set, options);
  return {
    bundle: await readBundle(p, set.bundle),
    statement: unsafePrekeys.decodePrekeyStatement(set.statement),
    statementHash: p.sha256(set.statement),
    entry: set.entry.length === 0 ? undefined : decodePrekeyEntry(set.entry),
  };
}
