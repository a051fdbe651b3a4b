/** What a relay says unasked: `[2, 0, event, …]` (§11.4). */
import { picklist } from 'valibot';
import type { Bytes } from '../bytes.ts';
import { bytes, type CborValue, list, tuple, uint } from '../codec/cbor.ts';
import { ENVELOPE_ID_SIZE, MAX_IDS, MAX_UNCONFIRMED, PREKEY_ENTRIES, SIGNAL_LENGTH } from '../limits.ts';
import { flag, outer, shapedFields } from './message-shape.ts';

/** Why a relay ends a channel. */
export const GOODBYE = { draining: 1, replaced: 2, tooSlow: 3, removed: 4, tooMany: 5 } as const;

export type GoodbyeReason = (typeof GOODBYE)[keyof typeof GOODBYE];

/** What may be told of an envelope unasked: unopenable, or its mailbox is gone. */
export type NoticedState = 2 | 3;

export type RelayEvent =
  | {
      readonly event: 'welcome';
      readonly member: boolean;
      /** Empty: none is claimed. */
      readonly name: Bytes;
      /** 0: the relay holds no statement. */
      readonly prekeyCounter: number;
      readonly entriesLeft: number;
      readonly waiting: number;
    }
  | { readonly event: 'deliver'; readonly envelopes: readonly { readonly id: Bytes; readonly outer: Bytes }[] }
  | { readonly event: 'signal'; readonly outer: Bytes }
  | { readonly event: 'status'; readonly notices: readonly { readonly id: Bytes; readonly state: NoticedState }[] }
  | { readonly event: 'entries'; readonly left: number }
  /** `retry` in ms. */
  | { readonly event: 'goodbye'; readonly reason: GoodbyeReason; readonly retry: number };

const NUMBERS = { welcome: 0, deliver: 1, signal: 2, status: 3, entries: 4, goodbye: 5 } as const;

const WELCOME = tuple([flag(), bytes(), uint(), uint(PREKEY_ENTRIES), uint()]);
const DELIVER = tuple([list(tuple([bytes(ENVELOPE_ID_SIZE), outer()]), 1, MAX_UNCONFIRMED)]);
const SIGNAL = tuple([outer(SIGNAL_LENGTH)]);
const STATUS = tuple([list(tuple([bytes(ENVELOPE_ID_SIZE), picklist([2, 3])]), 1, MAX_IDS)]);
const ENTRIES = tuple([uint(PREKEY_ENTRIES)]);
const GOODBYES = tuple([picklist(Object.values(GOODBYE)), uint()]);

/** The event's number and its fields. */
export function encodeEvent(event: RelayEvent | { readonly event: 'unknown' }): CborValue[] {
  switch (event.event) {
    case 'welcome': {
      const { member, name, prekeyCounter, entriesLeft, waiting } = event;
      return [NUMBERS.welcome, member ? 1 : 0, name, prekeyCounter, entriesLeft, waiting];
    }
    case 'deliver':
      return [NUMBERS.deliver, event.envelopes.map(({ id, outer: blob }) => [id, blob])];
    case 'signal':
      return [NUMBERS.signal, event.outer];
    case 'status':
      return [NUMBERS.status, event.notices.map(({ id, state }) => [id, state])];
    case 'entries':
      return [NUMBERS.entries, event.left];
    case 'goodbye':
      return [NUMBERS.goodbye, event.reason, event.retry];
    case 'unknown':
      throw new TypeError('an unknown event is only ever received');
  }
}

/** @throws ProtocolError `record`, check `relay message`, for a known event of another shape */
export function decodeEvent(number: number, fields: readonly CborValue[]): RelayEvent | { readonly event: 'unknown' } {
  switch (number) {
    case NUMBERS.welcome: {
      const [member, name, prekeyCounter, entriesLeft, waiting] = shapedFields(WELCOME, fields);
      return { event: 'welcome', member: member === 1, name, prekeyCounter, entriesLeft, waiting };
    }
    case NUMBERS.deliver: {
      const [envelopes] = shapedFields(DELIVER, fields);
      return { event: 'deliver', envelopes: envelopes.map(([id, blob]) => ({ id, outer: blob })) };
    }
    case NUMBERS.signal:
      return { event: 'signal', outer: shapedFields(SIGNAL, fields)[0] };
    case NUMBERS.status: {
      const [notices] = shapedFields(STATUS, fields);
      return { event: 'status', notices: notices.map(([id, state]) => ({ id, state })) };
    }
    case NUMBERS.entries:
      return { event: 'entries', left: shapedFields(ENTRIES, fields)[0] };
    case NUMBERS.goodbye: {
      const [reason, retry] = shapedFields(GOODBYES, fields);
      return { event: 'goodbye', reason, retry };
    }
    default:
      return { event: 'unknown' };
  }
}
