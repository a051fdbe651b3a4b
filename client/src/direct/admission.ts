/** Who may stay after a handshake, and what is remembered of him: blocks, quarantine, rollback, pins (§2, §5.4). */
import { type Bundle, type Bytes, encodeFingerprint } from '@waxwing/protocol';
import { WaxwingError } from '../errors.ts';
import type { Home } from '../home/home.ts';
import type { Verdict } from '../store/peer.ts';

/** The account an end must have: the one pinned to a name, or the one the user named. */
export interface Expected {
  /** What the pin binds: `host:port` as typed; none for a server. */
  readonly name: string | undefined;
  /** `--peer SHA256:…`: comparing it was the user's doing, so who passes is verified. */
  readonly account: Bytes | undefined;
}

/**
 * The account to give the handshake as its pin.
 * @throws WaxwingError `peer-changed` where the user names another account than the pinned one
 */
export function pinFor(home: Home, expected: Expected): Bytes | undefined {
  const pin = expected.name === undefined ? undefined : home.store.pins.get(expected.name);
  if (pin !== undefined && expected.account !== undefined) {
    const named = encodeFingerprint(expected.account);
    if (named !== pin.fingerprint) {
      const since = new Date(pin.lastSeen).toISOString();
      throw new WaxwingError(
        'peer-changed',
        `You named ${named} with --peer, but ${pin.name} is ${pin.fingerprint} here, last seen ${since}. Nobody was called.`,
        `If its keys are new, and you compared them over another way: waxwing peers accept ${pin.name} ${named}. Otherwise leave out --peer.`,
      );
    }
  }
  return expected.account ?? pin?.account;
}

/** Another account under a pinned name: both fingerprints, when the old one was last seen, and the way out. */
export function changedError(
  home: Home,
  name: string,
  keys: { readonly presented: Bytes; readonly expected?: Bytes | undefined },
): WaxwingError {
  const pin = home.store.pins.get(name);
  const now = encodeFingerprint(keys.presented);
  if (pin === undefined && keys.expected !== undefined) {
    return new WaxwingError(
      'peer-changed',
      `${name} shows another key than the one you named: ${now} instead of ${encodeFingerprint(keys.expected)}. Nothing was sent.`,
      'Check the fingerprint with your peer over another way ("waxwing id show" there), then correct --peer.',
    );
  }
  const before =
    pin === undefined
      ? 'another key was expected'
      : `until now it was ${pin.fingerprint}, last seen ${new Date(pin.lastSeen).toISOString()}`;
  return new WaxwingError(
    'peer-changed',
    `The key of ${name} has CHANGED: it now shows ${now}; ${before}. Nothing was sent.`,
    `Ask your peer by another way whether the keys are new. If so: waxwing peers accept ${name} ${now}`,
  );
}

/**
 * Lets an authenticated peer stay and remembers it, or refuses it.
 * @throws WaxwingError `peer-blocked`, `peer-quarantined`, `peer-rollback`
 */
export function admit(home: Home, expected: Expected, bundle: Bundle): Verdict {
  const { store, device } = home;
  const verdict = store.pins.verdict(expected.name, bundle.account);
  const fingerprint = encodeFingerprint(bundle.account);
  if (verdict.blocked) {
    throw new WaxwingError(
      'peer-blocked',
      `${fingerprint} is blocked here.`,
      `waxwing peers block --undo ${fingerprint}`,
    );
  }
  const chain = store.chains.get({
    ownDevice: device.bundle.device,
    account: bundle.account,
    peerDevice: bundle.device,
  });
  if (chain.quarantinedAt !== undefined) {
    throw new WaxwingError(
      'peer-quarantined',
      `${fingerprint} sent too many messages that failed behind a good HMAC: it is malicious or broken.`,
      `Ask your peer what runs there; to talk again: waxwing peers accept ${fingerprint}`,
    );
  }
  store.transaction(() => {
    store.peers.meet(bundle);
    if (expected.name !== undefined) store.pins.pin(expected.name, bundle.account);
    if (expected.account !== undefined && store.peers.get(bundle.account)?.verifiedAt === undefined) {
      store.peers.verify(bundle.account, 'fingerprint');
    }
  });
  return verdict;
}
