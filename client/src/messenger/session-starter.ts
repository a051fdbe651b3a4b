/** Starting a session with somebody who is away (§9.1, §9.2): fetch, check, start, and keep what was seen. */
import {
  type Bytes,
  equalBytes,
  initiate,
  isProtocolError,
  openPrekeySet,
  type OpenedPrekeySet,
} from '@waxwing/protocol';
import { WaxwingError } from '../errors.ts';
import { refusalOf } from '../relay/relay-failure.ts';
import type { RelayRequests } from '../relay/relay-requests.ts';
import type { Pair } from './pair.ts';
import type { Pairs } from './pairs.ts';
import { ownDevice, type Place, viewAccount } from './place.ts';

const NO_PREKEYS = 11;

export interface StartedPair {
  readonly pair: Pair;
  /** The account was written to at another device until now (§9.4). */
  readonly newDevice: boolean;
}

/**
 * A pair with a session that was just started, on disk.
 * @throws RelayFailure as `fetch`; WaxwingError `prekeys-bad` where a check of §9.1 failed
 */
export async function startSession(
  parts: { readonly place: Place; readonly pairs: Pairs; readonly requests: RelayRequests },
  account: Bytes,
): Promise<StartedPair> {
  const { place, pairs } = parts;
  const prekeys = await fetchPrekeys(parts, account);
  const pair = await pairs.ofBundle(prekeys.bundle);
  const { store, relay, p } = place;
  const before = store.contacts.get(relay, account)?.device;
  await pair.inTurn(async () => {
    const now = place.now();
    const device = ownDevice(place);
    const started = initiate(p, { device, prekeys, now });
    await pair.conversation.start(started, now);
    const restartedAt = pair.lost.length > 0 ? now : pair.notes.restartedAt;
    pair.notes = { ...pair.notes, bundleSerial: device.bundle.certificate.serial, bundleFrom: 0, restartedAt };
    const { bundle, statement, statementHash } = prekeys;
    try {
      store.transaction(() => {
        store.peers.meet(bundle);
        store.prekeys.note(account, bundle.device, { counter: statement.counter, statementHash });
        if (store.contacts.get(relay, account) === undefined) store.contacts.add(relay, account, 'open');
        store.contacts.setDevice(relay, account, bundle.device);
        pair.save();
      });
    } catch (error) {
      pair.revert();
      throw error;
    }
    pair.settle();
  });
  if (prekeys.entry === undefined) place.observe({ kind: 'weak-start', peer: viewAccount(place, account) });
  return { pair, newDevice: before !== undefined && !equalBytes(before, prekeys.bundle.device) };
}

/** Of a device of the account, with all the checks of an initiator. */
async function fetchPrekeys(
  { place, requests }: { readonly place: Place; readonly requests: RelayRequests },
  account: Bytes,
): Promise<OpenedPrekeySet> {
  const [set] = await requests.fetch(account, true);
  if (set === undefined || set.statement.length === 0) throw refusalOf(NO_PREKEYS, 0);
  const { store } = place;
  try {
    return await openPrekeySet(place.p, set, {
      account,
      own: ownDevice(place).bundle,
      knownSerial: (bundle) => store.prekeys.knownSerial(bundle.account, bundle.device),
      knownPrekeys: (bundle) => store.prekeys.known(bundle.account, bundle.device),
      now: place.now(),
    });
  } catch (error) {
    if (!isProtocolError(error, 'prekeys')) throw error;
    throw badPrekeys(place, account, error);
  }
}

function badPrekeys(place: Place, account: Bytes, cause: Error & { readonly check: string }): WaxwingError {
  const { fingerprint } = viewAccount(place, account);
  return new WaxwingError(
    'prekeys-bad',
    `The keys that the relay gave for ${fingerprint} do not pass the check "${cause.check}": ${cause.message} Nothing was sent.`,
    cause.check === 'time'
      ? 'Ask your peer to connect once, so that new keys are there, and look at the clocks of both machines. What you wrote is kept.'
      : 'Tell the operator of the relay; if it stays so, someone gives out wrong keys. What you wrote is kept.',
    { cause },
  );
}
