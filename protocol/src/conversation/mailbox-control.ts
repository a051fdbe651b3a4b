/** What two devices tell each other beside their items through mailboxes (§9.6): receipts, re-requests, the use of a link. */
import { type GenericSchema, type InferOutput, is } from 'valibot';
import type { Bytes } from '../bytes.ts';
import { bytes, exactly, list, tuple, uint } from '../codec/cbor.ts';
import type { VoidRange } from '../envelope/freshness.ts';
import type { ControlEntry } from '../envelope/payload.ts';
import type { Got } from '../envelope/received-chain.ts';
import { ProtocolError } from '../errors.ts';
import { INVITE_TOKEN_SIZE, MAX_GOT_RANGES } from '../limits.ts';

export interface MailboxControl {
  /** Delivered: all of the other's flights up to `last` are stored, but for `ranges`. */
  readonly got?: Got | undefined;
  /** The other's flights up to this seq were on screen. */
  readonly read?: number | undefined;
  /** The other's flights that are asked for again: ascending, not touching, at most 64 ranges. */
  readonly again?: readonly VoidRange[] | undefined;
  /** 16: the sender came by this link of the other's (§11.2). */
  readonly link?: Bytes | undefined;
}

const GOT = 'got';
const READ = 'read';
const AGAIN = 'again';
const LINK = 'link';

const ranges = (least: number) => list(tuple([uint(), uint()]), least, MAX_GOT_RANGES);
const GOT_ENTRY = tuple([exactly(GOT), uint(), ranges(0)]);
const READ_ENTRY = tuple([exactly(READ), uint()]);
const AGAIN_ENTRY = tuple([exactly(AGAIN), ranges(1)]);
const LINK_ENTRY = tuple([exactly(LINK), bytes(INVITE_TOKEN_SIZE)]);

/**
 * The ctl entries that say it.
 * @throws ProtocolError `limit`, check `ctl`, for what the other end would ignore
 */
export function encodeMailboxControl(control: MailboxControl): readonly ControlEntry[] {
  const { got, read, again, link } = control;
  const entries: ControlEntry[] = [];
  if (got !== undefined) entries.push([GOT, got.last, got.ranges]);
  if (read !== undefined) entries.push([READ, read]);
  if (again !== undefined) entries.push([AGAIN, again]);
  if (link !== undefined) entries.push([LINK, link]);
  const understood = decodeMailboxControl(entries);
  for (const name of [GOT, READ, AGAIN, LINK] as const) {
    if (control[name] !== undefined && understood[name] === undefined) {
      throw new ProtocolError('limit', 'ctl', `what "${name}" should say is not of its form`);
    }
  }
  return entries;
}

/** What the entries of a flight say. Of several good ones of a name the first counts; what is malformed is ignored. */
export function decodeMailboxControl(ctl: readonly ControlEntry[]): MailboxControl {
  const got = first(GOT_ENTRY, ctl, ([, last, missing]) => areRanges(missing) && (missing.at(-1)?.[1] ?? -1) < last);
  const read = first(READ_ENTRY, ctl);
  const again = first(AGAIN_ENTRY, ctl, ([, wanted]) => areRanges(wanted));
  const link = first(LINK_ENTRY, ctl);
  return {
    ...(got && { got: { last: got[1], ranges: got[2] } }),
    ...(read && { read: read[1] }),
    ...(again && { again: again[1] }),
    ...(link && { link: link[1] }),
  };
}

/** Whether a sender's flight is delivered by what the recipient says. */
export function isDelivered({ last, ranges: missing }: Got, seq: number): boolean {
  return seq <= last && !isWithin(missing, seq);
}

/** Whether a seq is in one of the ranges. */
export function isWithin(within: readonly VoidRange[], seq: number): boolean {
  return within.some(([from, to]) => seq >= from && seq <= to);
}

/** Ascending, not touching, from 1. */
function areRanges(all: readonly VoidRange[]): boolean {
  return all.every(([from, to], at) => from > (at === 0 ? 0 : (all[at - 1] as VoidRange)[1] + 1) && from <= to);
}

function first<const Schema extends GenericSchema>(
  schema: Schema,
  ctl: readonly ControlEntry[],
  holds: (entry: InferOutput<Schema>) => boolean = () => true,
): InferOutput<Schema> | undefined {
  return ctl.find((entry): entry is ControlEntry & InferOutput<Schema> => is(schema, entry) && holds(entry));
}
