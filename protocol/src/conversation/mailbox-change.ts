/** What one step changed in a mailbox's state, row by row: a flight must not write a thousand skipped keys again (§9.5). */
import type { Bytes } from '../bytes.ts';
import { equalBytes } from '../bytes.ts';
import type { SkippedKey } from '../ratchet/mailbox-ratchet.ts';
import { encodeSession, encodeSkippedKey, type MailboxSession } from './mailbox-session.ts';
import { encodeBundles, encodeChains, type MailboxState } from './mailbox-state.ts';

/** Names the row of a skipped key. */
export interface SkippedKeyName {
  /** 16 */
  readonly sid: Bytes;
  /** 32 */
  readonly dh: Bytes;
  readonly n: number;
}

/** Rows to delete (`spent`) and to write, in this order and in one transaction: secret, for the home's encrypted database alone. */
export interface MailboxChange {
  /** Newest first; undefined where they are as they were. */
  readonly bundles: readonly Bytes[] | undefined;
  readonly chains: Bytes;
  /** New sessions, and those that moved on. */
  readonly sessions: readonly { readonly sid: Bytes; readonly row: Bytes }[];
  /** Sessions that were given up: of each nothing stays but its sid. */
  readonly ended: readonly Bytes[];
  /** Sids that need not be known any longer. */
  readonly forgotten: readonly Bytes[];
  readonly skipped: readonly (SkippedKeyName & { readonly row: Bytes })[];
  /** Keys that were used or are past their time; those of `ended` sessions are not named. */
  readonly spent: readonly SkippedKeyName[];
}

/** From one state to a later one of the same devices; from nothing where there was none. */
export function mailboxChange(before: MailboxState | undefined, after: MailboxState): MailboxChange {
  const pairs = after.sessions.map((session) => ({ session, was: find(before?.sessions, session.sid) }));
  const sameBundles = before?.peer === after.peer && before.earlier === after.earlier;
  const known = [...(before?.sessions ?? []), ...(before?.gone ?? [])].map(({ sid }) => sid);
  return {
    bundles: sameBundles ? undefined : encodeBundles(after),
    chains: encodeChains(after),
    sessions: pairs.flatMap(({ session, was }) =>
      was !== undefined && sameSession(was, session)
        ? []
        : [{ sid: session.sid, row: encodeSession(session, after.peer) }],
    ),
    ended: after.gone.map(({ sid }) => sid).filter((sid) => find(before?.gone, sid) === undefined),
    forgotten: known.filter((sid) => find(after.sessions, sid) === undefined && find(after.gone, sid) === undefined),
    ...pairs
      .map(keyRows)
      .reduce((all, one) => ({ skipped: [...all.skipped, ...one.skipped], spent: [...all.spent, ...one.spent] }), {
        skipped: [],
        spent: [],
      }),
  };
}

type KeyRows = Pick<MailboxChange, 'skipped' | 'spent'>;

function keyRows({ session, was }: { session: MailboxSession; was: MailboxSession | undefined }): KeyRows {
  const { sid } = session;
  const [now, then] = [new Set(session.skipped), new Set(was?.skipped)];
  const name = ({ dh, n }: SkippedKey): SkippedKeyName => ({ sid, dh, n });
  return {
    skipped: session.skipped
      .filter((one) => !then.has(one))
      .map((one) => ({ ...name(one), row: encodeSkippedKey(sid, one) })),
    spent: [...then].filter((one) => !now.has(one)).map(name),
  };
}

/** Whether nothing but the skipped keys differs, which have rows of their own. */
function sameSession(a: MailboxSession, b: MailboxSession): boolean {
  return (
    a.ratchet === b.ratchet &&
    a.pastChains === b.pastChains &&
    a.ended === b.ended &&
    a.start === b.start &&
    a.pqKeys.length === b.pqKeys.length &&
    a.pqKeys.every((key, place) => key === b.pqKeys[place])
  );
}

function find<One extends { readonly sid: Bytes }>(all: readonly One[] | undefined, sid: Uint8Array): One | undefined {
  return all?.find((one) => equalBytes(one.sid, sid));
}
