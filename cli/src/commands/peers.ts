/** `waxwing peers list` and `log`: who is known, and what changed when. */
import type { HomeLook, Peer, PeerEvent } from '@waxwing/client';
import { encodeFingerprint } from '@waxwing/protocol';
import { nameOf } from '../chat/proof.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type HomeFlags, withLook } from '../known-home.ts';
import { print, printJson } from '../output.ts';
import { accountOfPeer } from '../peer-name.ts';
import { formatMoment } from '../text/duration.ts';
import { sanitiseLine, sanitiseName } from '../text/sanitise.ts';

export interface ListFlags extends HomeFlags {
  readonly json?: boolean;
  readonly changes?: boolean;
}

/** Another account came up under a name of this peer, and nobody has accepted it. */
interface Attempt {
  readonly name: string;
  readonly presented: string;
  readonly at: number;
}

export async function listPeers(flags: ListFlags): Promise<ExitCode> {
  if (flags.changes === true) return await logPeers(undefined, flags);
  return await withLook(flags, ({ store }) => {
    const peers = store.peers.list();
    if (flags.json === true) for (const peer of peers) printJson(recordOf(peer, store));
    else if (peers.length === 0) print('Nobody is known yet: peers appear here with their first connection.');
    else for (const peer of peers) print(...linesOf(peer, store));
    return EXIT.ok;
  });
}

type Store = HomeLook['store'];

function recordOf(peer: Peer, store: Store): object {
  return {
    fingerprint: peer.fingerprint,
    name: peer.petname ?? null,
    nick: peer.nick ?? null,
    state: peer.verifiedAt === undefined ? 'first seen' : 'verified',
    firstSeen: peer.firstSeen,
    lastSeen: peer.lastSeen,
    verifiedAt: peer.verifiedAt ?? null,
    verifiedHow: peer.verifiedHow ?? null,
    blockedAt: peer.blockedAt ?? null,
    quarantinedAt: quarantinedAt(peer, store) ?? null,
    pins: peer.pins,
    changed: attemptsOn(peer, store),
    unread: store.history.counts({ account: peer.account }).unread,
  };
}

function linesOf(peer: Peer, store: Store): string[] {
  const name = nameOf(peer);
  const quarantined = quarantinedAt(peer, store);
  const states = [
    peer.verifiedAt === undefined
      ? `first seen ${formatMoment(peer.firstSeen)}, not compared`
      : `verified ${formatMoment(peer.verifiedAt)} (${peer.verifiedHow ?? 'compared'})`,
    ...(peer.blockedAt === undefined ? [] : [`BLOCKED ${formatMoment(peer.blockedAt)}`]),
    ...(quarantined === undefined ? [] : [`QUARANTINED ${formatMoment(quarantined)}`]),
  ];
  return [
    `${name === undefined ? '(no name)' : sanitiseName(name)}  ${peer.fingerprint}`,
    `  ${states.join(' · ')} · last seen ${formatMoment(peer.lastSeen)}`,
    ...(peer.pins.length === 0 ? [] : [`  known as ${peer.pins.map((pin) => sanitiseLine(pin)).join(', ')}`]),
    ...attemptsOn(peer, store).map(
      ({ name: pin, presented, at }) =>
        `  CHANGED: ${sanitiseLine(pin)} answered as ${presented} on ${formatMoment(at)}. If that is right: waxwing peers accept ${sanitiseLine(pin)} ${presented}`,
    ),
  ];
}

function quarantinedAt(peer: Peer, store: Store): number | undefined {
  return store.chains.list(peer.account).find((chain) => chain.quarantinedAt !== undefined)?.quarantinedAt;
}

/** One entry, the newest, for each other account that answered under a name of this peer since it was bound. */
function attemptsOn(peer: Peer, store: Store): Attempt[] {
  return peer.pins.flatMap((name) => {
    const events = store.events.list({ name });
    const bound = events.findIndex(({ kind }) => kind === 'accepted' || kind === 'pinned');
    const attempts = new Map<string, Attempt>();
    for (const { kind, account, at } of bound === -1 ? events : events.slice(0, bound)) {
      if (kind !== 'changed' || account === undefined) continue;
      const presented = encodeFingerprint(account);
      if (!attempts.has(presented)) attempts.set(presented, { name, presented, at });
    }
    return [...attempts.values()];
  });
}

export interface LogFlags extends HomeFlags {
  readonly json?: boolean;
  readonly limit?: number;
}

/** Newest first. */
export async function logPeers(who: string | undefined, flags: LogFlags): Promise<ExitCode> {
  return await withLook(flags, ({ store }) => {
    const events = store.events.list({
      ...(who === undefined ? {} : { account: accountOfPeer(store, who) }),
      ...(flags.limit === undefined ? {} : { limit: flags.limit }),
    });
    if (flags.json === true) for (const event of events) printJson(eventRecord(event));
    else if (events.length === 0) print('Nothing has changed yet.');
    else for (const event of events) print(`${formatMoment(event.at)}  ${eventWords(event, store)}`);
    return EXIT.ok;
  });
}

function eventRecord({ at, kind, account, name, before, detail }: PeerEvent): object {
  return {
    at,
    kind,
    account: account === undefined ? null : encodeFingerprint(account),
    name: name ?? null,
    before: before === undefined ? null : encodeFingerprint(before),
    detail: detail ?? null,
  };
}

function eventWords({ kind, account, name, before, detail }: PeerEvent, store: Store): string {
  const known = account && store.peers.get(account);
  const called = known && nameOf(known);
  const fingerprint = account === undefined ? 'an unknown account' : encodeFingerprint(account);
  const who = called === undefined ? fingerprint : `${sanitiseName(called)} (${fingerprint})`;
  const pin = name === undefined ? '' : sanitiseLine(name);
  const old = before === undefined ? '' : encodeFingerprint(before);
  const more = detail === undefined ? '' : sanitiseLine(detail, 200);
  switch (kind) {
    case 'pinned':
      return `${pin} is ${who}: remembered at first contact`;
    case 'changed':
      return `CHANGED: ${pin} answered as ${who}${old === '' ? '' : `; it was ${old}`}. Blocked`;
    case 'accepted':
      return `${pin} was accepted as ${who}${old === '' ? '' : `; it was ${old}`}`;
    case 'verified':
      return `${who} was verified by ${more}`;
    case 'renamed':
      return `${who} was renamed: ${more}`;
    case 'blocked':
    case 'unblocked':
    case 'quarantined':
      return `${who} was ${kind}`;
    case 'forgotten':
      return `${who} was forgotten${more === '' ? '' : `, who was called ${more}`}`;
    case 'own-account-rotated':
      return `you became ${who}${old === '' ? '' : `; before, ${old}`}`;
    case 'own-device-rotated':
      return `your device became a new one: ${more}`;
    case 'restored':
      return `this home was restored from a backup: ${more}`;
  }
}
