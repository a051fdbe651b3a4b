/** Whom a user means at a relay: `@name`, a petname, a fingerprint or its beginning; and how an account is called. */
import {
  type Bytes,
  decodeFingerprint,
  encodeFingerprint,
  equalBytes,
  isProtocolError,
  REFUSAL,
} from '@waxwing/protocol';
import { changedError } from '../direct/admission.ts';
import { isWaxwingError, WaxwingError } from '../errors.ts';
import { RelayFailure } from '../relay/relay-failure.ts';
import type { RelayRequests } from '../relay/relay-requests.ts';
import type { Pin } from '../store/peer.ts';
import { type Place, viewAccount } from './place.ts';

/** A beginning of a fingerprint shorter than this is likely a mistyped name. */
const SHORTEST = 4;
/** Of a fingerprint in a title. */
const SHOWN = 'SHA256:'.length + 8;

/** What pins bind here: the relay's fingerprint and a name claimed there. */
export function pinName({ relay }: Place, name: string): string {
  return `${encodeFingerprint(relay)}/@${name}`;
}

/** Petname, `@name` where it is pinned to this account, `~nick`, or the beginning of the fingerprint. */
export function titleOf(place: Place, account: Bytes): string {
  const peer = place.store.peers.get(account);
  if (peer?.petname !== undefined) return peer.petname;
  const start = pinName(place, '');
  const pin = peer?.pins.find((name) => name.startsWith(start));
  if (pin !== undefined) return `@${pin.slice(start.length)}`;
  const { nick } = viewAccount(place, account);
  if (nick !== undefined) return `~${nick}`;
  return encodeFingerprint(account).slice(0, SHOWN);
}

/**
 * The account a user means. `@name` is asked of the relay, and bound to what it answers the first time: whatever the relay says
 * later, it means no other account until the user accepts one.
 * @throws WaxwingError `name-unknown`, `name-ambiguous`, `peer-changed`, `not-connected`
 */
export async function findAccount(place: Place, requests: RelayRequests | undefined, who: string): Promise<Bytes> {
  const wanted = who.trim();
  if (wanted.startsWith('@')) return await resolve(place, requests, wanted.slice(1));
  const whole = fingerprintOf(wanted);
  if (whole !== undefined) return whole;
  try {
    return place.store.peers.find(wanted).account;
  } catch (error) {
    // Whoever only wrote a request is no peer yet.
    const found = isWaxwingError(error, 'name-unknown') ? requestOf(place, wanted) : undefined;
    if (found === undefined) throw error;
    return found;
  }
}

async function resolve(place: Place, requests: RelayRequests | undefined, name: string): Promise<Bytes> {
  const { pins } = place.store;
  const pinned = pins.get(pinName(place, name));
  const account = await ask(requests, name, pinned);
  if (account === undefined) return goneOn(place, name, pinned);
  if (pinned !== undefined && !equalBytes(pinned.account, account)) {
    pins.noteChanged(pinned.name, account);
    const error = changedError(place.home, pinned.name, { presented: account });
    place.observe({ kind: 'changed', name: `@${name}`, error });
    throw error;
  }
  pins.pin(pinName(place, name), account);
  return account;
}

/**
 * What the relay answers; undefined where it knows nobody of that name, though it is pinned here; the pinned account where
 * the relay cannot be asked, or does not say.
 */
async function ask(
  requests: RelayRequests | undefined,
  name: string,
  pinned: Pin | undefined,
): Promise<Bytes | undefined> {
  try {
    if (requests !== undefined) return await requests.resolve(name);
  } catch (error) {
    if (!(error instanceof RelayFailure) || pinned === undefined) throw error;
    if (error.refusal === REFUSAL.nameUnknown) return undefined;
  }
  if (pinned !== undefined) return pinned.account;
  throw notConnected(`Who is called @${name} is known to the relay alone.`);
}

/** Its owner gave it up, or the relay says so: here it means whom it meant, and the user is told. */
function goneOn(place: Place, name: string, pinned: Pin | undefined): Bytes {
  if (pinned === undefined) throw new Error('a name that is not pinned is not answered with nobody');
  place.observe({ kind: 'name-given-up', name: `@${name}`, peer: viewAccount(place, pinned.account) });
  return pinned.account;
}

export function notConnected(why: string): WaxwingError {
  return new WaxwingError(
    'not-connected',
    `The relay is not connected now. ${why}`,
    'Wait until it is, then try again; it is tried by itself.',
  );
}

function fingerprintOf(text: string): Bytes | undefined {
  try {
    return decodeFingerprint(text);
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    return undefined;
  }
}

function requestOf(place: Place, text: string): Bytes | undefined {
  const wanted = text.startsWith('SHA256:') ? text.slice('SHA256:'.length) : text;
  if (wanted.length < SHORTEST) return undefined;
  const found = place.store.contacts
    .list(place.relay)
    .filter(({ account }) => viewAccount(place, account).fingerprint.startsWith(`SHA256:${wanted}`));
  return found.length === 1 ? found[0]?.account : undefined;
}
