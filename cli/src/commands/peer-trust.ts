/** `waxwing peers name|verify|accept|block|forget`: what the user decides about a peer. */
import { type Home, type Peer, type Store, WaxwingError } from '@waxwing/client';
import { type Bytes, encodeFingerprint, equalBytes, loadRsaPublicKey, safetyNumber } from '@waxwing/protocol';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import { nameOf } from '../chat/proof.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type HomeFlags, withHome } from '../known-home.ts';
import { print } from '../output.ts';
import { acceptName, accountOfPeer, findPeer, readFingerprint } from '../peer-name.ts';
import { confirmed } from '../question.ts';
import { formatMoment } from '../text/duration.ts';
import { sanitiseName } from '../text/sanitise.ts';

/** A peer in a sentence. */
function called(peer: Pick<Peer, 'petname' | 'nick' | 'fingerprint'>): string {
  const name = nameOf(peer);
  return name === undefined ? peer.fingerprint : `${sanitiseName(name)} (${peer.fingerprint})`;
}

export async function namePeer(who: string, name: string | undefined, flags: HomeFlags): Promise<ExitCode> {
  return await withHome(flags, ({ store }) => {
    const peer = findPeer(store, who);
    const renamed = store.peers.rename(peer.account, name === undefined || name === '' ? undefined : name);
    print(
      renamed.petname === undefined
        ? `${peer.fingerprint} has no name here any more.`
        : `${peer.fingerprint} is ${sanitiseName(renamed.petname)} here from now on.`,
    );
    return EXIT.ok;
  });
}

export interface VerifyFlags extends HomeFlags {
  readonly fingerprint?: string;
  readonly yes?: boolean;
}

export async function verifyPeer(who: string, flags: VerifyFlags): Promise<ExitCode> {
  return await withHome(flags, async (home) => {
    const { peers } = home.store;
    const account = accountOfPeer(home.store, who);
    if (flags.fingerprint !== undefined) {
      const given = readFingerprint(flags.fingerprint);
      if (!equalBytes(given, account)) throw differs(encodeFingerprint(account), encodeFingerprint(given));
      print(`Verified: ${called(peers.verify(account, 'fingerprint'))}.`);
      return EXIT.ok;
    }
    const numbers = numbersWith(home, peers.get(account));
    const groups = numbers.split(' ');
    const peer = peers.find(encodeFingerprint(account));
    print(
      `Safety number with ${called(peer)}:`,
      '',
      `  ${groups.slice(0, 6).join(' ')}`,
      `  ${groups.slice(6).join(' ')}`,
      '',
      'Your peer sees the same with /verify in the chat, or with waxwing peers verify. Compare over another way: by phone,',
      'or face to face.',
    );
    if (peer.verifiedAt !== undefined) print(`You verified this key on ${formatMoment(peer.verifiedAt)}.`);
    if (!(await confirmed('Are all sixty digits equal on both screens?', flags))) {
      print(
        'Not verified. If the digits differ, somebody may sit between you: say nothing secret until you know, and block',
        `with waxwing peers block ${peer.fingerprint}`,
      );
      return EXIT.notFound;
    }
    print(`Verified: ${called(peers.verify(account, 'safety-number'))}.`);
    return EXIT.ok;
  });
}

function numbersWith(home: Home, peer: Peer | undefined): string {
  if (peer?.accountKey === undefined) {
    throw new WaxwingError(
      'name-unknown',
      'This peer was not met yet, so there is no safety number with it.',
      'Chat with it first, or compare the fingerprint: waxwing peers verify PEER --fingerprint SHA256:…',
    );
  }
  return safetyNumber(nodePrimitives, home.account.publicKey, loadRsaPublicKey(peer.accountKey));
}

function differs(known: string, given: string): WaxwingError {
  return new WaxwingError(
    'fingerprint-differs',
    `The fingerprints differ: this peer is ${known}, and you gave ${given}. Nothing was changed.`,
    'Ask your peer again over another way. If it still differs, somebody may sit between you.',
  );
}

/** `accept NAME SHA256:…` binds a name to another account; `accept SHA256:…` ends a quarantine. */
export async function acceptPeer(first: string, second: string | undefined, flags: HomeFlags): Promise<ExitCode> {
  const account = readFingerprint(second ?? first);
  return await withHome(flags, ({ store }) => {
    store.transaction(() => {
      if (second !== undefined) print(...acceptName(store, first, account));
      const released = release(store, account);
      if (second === undefined && !released)
        print(`${encodeFingerprint(account)} was neither quarantined nor blocked.`);
    });
    return EXIT.ok;
  });
}

/** Ends block and quarantine of an account. Whether there was one. */
function release(store: Store, account: Bytes): boolean {
  const quarantined = store.chains.list(account).filter((chain) => chain.quarantinedAt !== undefined);
  for (const chain of quarantined) store.chains.release(chain);
  const blocked = store.peers.get(account)?.blockedAt !== undefined;
  if (blocked) store.peers.unblock(account);
  const fingerprint = encodeFingerprint(account);
  if (quarantined.length > 0) print(`${fingerprint} is no longer quarantined: it may connect again.`);
  if (blocked) print(`${fingerprint} is no longer blocked.`);
  return blocked || quarantined.length > 0;
}

export async function blockPeer(who: string, flags: HomeFlags & { readonly undo?: boolean }): Promise<ExitCode> {
  return await withHome(flags, ({ store }) => {
    const account = accountOfPeer(store, who);
    if (flags.undo === true) {
      print(`${called(store.peers.unblock(account))} is no longer blocked.`);
    } else {
      const peer = store.peers.block(account);
      print(
        `${called(peer)} is blocked: it can no longer connect. To undo: waxwing peers block --undo ${peer.fingerprint}`,
      );
    }
    return EXIT.ok;
  });
}

export async function forgetPeer(who: string, flags: HomeFlags & { readonly yes?: boolean }): Promise<ExitCode> {
  return await withHome(flags, async ({ store }) => {
    const peer = findPeer(store, who);
    const question =
      `Forget ${called(peer)}? Its name, its verification and the addresses bound to it go, so that whoever answers ` +
      'there next is a first contact again. Messages stay.';
    if (!(await confirmed(question, flags))) {
      process.stderr.write('Nothing was changed.\n');
      return EXIT.failure;
    }
    store.peers.forget(peer.account);
    const block = ` It stays blocked; to let it in: waxwing peers block --undo ${peer.fingerprint}`;
    print(`${called(peer)} is forgotten.${peer.blockedAt === undefined ? '' : block}`);
    return EXIT.ok;
  });
}
