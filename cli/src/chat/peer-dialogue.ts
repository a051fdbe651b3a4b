/** What a chat asks and tells about a peer: comparing its key, turning it away, who it is. */
import type { Home, Peer } from '@waxwing/client';
import { loadRsaPublicKey, safetyNumber } from '@waxwing/protocol';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import type { ChatScreen } from '../terminal/chat-screen.ts';
import { formatMoment } from '../text/duration.ts';
import { keyStateWord } from '../text/proof-line.ts';
import { provenance } from '../text/proof-report.ts';
import { sanitiseLine, sanitiseName } from '../text/sanitise.ts';

export interface PeerDialogue {
  readonly screen: ChatScreen;
  readonly home: Home;
  readonly peer: Peer;
  /** The peer in a sentence, safe to print. */
  readonly name: string;
}

/** The sixty digits, and whether they are equal. `sas`: the six digits of a live connection. */
export async function askToVerify({ screen, home, peer, name }: PeerDialogue, sas?: string): Promise<void> {
  if (peer.accountKey === undefined) {
    screen.notice(`${name} was not met yet, so there are no digits to compare: /peer shows the fingerprint.`);
    return;
  }
  const numbers = safetyNumber(nodePrimitives, home.account.publicKey, loadRsaPublicKey(peer.accountKey));
  const groups = numbers.split(' ');
  const quick =
    sas === undefined
      ? []
      : [`Six digits of this connection: ${sas} (a quick check; the sixty digits above are the real one)`];
  screen.lines([
    `Safety number with ${name}:`,
    `  ${groups.slice(0, 6).join(' ')}`,
    `  ${groups.slice(6).join(' ')}`,
    ...quick,
    'Your peer types /verify and sees the same. Compare over another way: by phone, or face to face.',
  ]);
  if (peer.verifiedAt !== undefined) screen.lines([`You verified this key on ${formatMoment(peer.verifiedAt)}.`]);
  if (!screen.interactive) {
    screen.lines([`Where they are equal: waxwing peers verify ${peer.fingerprint}`]);
    return;
  }
  const answer = await screen.ask({
    text: 'Are the numbers on both screens equal?',
    choices: [
      { key: 'y', label: 'yes, all of them', answer: 'yes' },
      { key: 'n', label: 'no', answer: 'no' },
      { key: 'l', label: 'later', answer: 'later' },
    ],
    fallback: 'later',
  });
  if (answer === 'yes') {
    home.store.peers.verify(peer.account, 'safety-number');
    screen.notice(`Verified: from now on ${name} is shown as verified.`, 'good');
  } else if (answer === 'no') {
    screen.notice(
      'Then somebody may sit between you: say nothing secret here. Leave, and compare fingerprints (waxwing id show) over another way.',
      'error',
    );
  }
}

/** Blocks the peer if the user says so. Whether it did. */
export async function askToBlock(
  {
    screen,
    home,
    peer,
  }: Pick<PeerDialogue, 'screen' | 'home'> & { readonly peer: Pick<Peer, 'account' | 'fingerprint'> },
  question: string,
): Promise<boolean> {
  const answer = await screen.ask({
    text: question,
    choices: [
      { key: 'y', label: 'yes', answer: 'yes' },
      { key: 'n', label: 'no', answer: 'no' },
    ],
    fallback: screen.interactive ? 'no' : 'yes',
  });
  if (answer === 'no') return false;
  home.store.peers.block(peer.account);
  screen.notice(`Blocked. To undo: waxwing peers block --undo ${peer.fingerprint}`);
  return true;
}

/** Gives the peer a name of the user's own; without one, tells what it is called. */
export function callPeer({ screen, home, peer, name }: PeerDialogue, petname: string | undefined): void {
  if (petname === undefined) {
    screen.notice(`Your peer is ${name}. /name NAME gives a name of your own.`);
    return;
  }
  const renamed = home.store.peers.rename(peer.account, petname);
  screen.notice(`From now on this peer is ${sanitiseName(renamed.petname ?? '')} here.`);
}

/** Who a peer is and where its key comes from; `more` are rows of the chat's own. Safe to print. */
export function peerReport({ peer, name }: Pick<PeerDialogue, 'peer' | 'name'>, more: readonly string[]): string[] {
  const state = peer.verifiedAt === undefined ? 'first-seen' : 'verified';
  return [
    `Peer ${name}`,
    `  Fingerprint  ${peer.fingerprint}`,
    `  Key          ${keyStateWord(state)}: ${provenance(state)}`,
    `  First seen   ${formatMoment(peer.firstSeen)}`,
    ...(peer.nick === undefined ? [] : [`  Calls itself ${sanitiseName(peer.nick)} (a claim)`]),
    ...(peer.pins.length === 0 ? [] : [`  Known as     ${peer.pins.map((pin) => sanitiseLine(pin)).join(', ')}`]),
    ...more,
  ];
}
