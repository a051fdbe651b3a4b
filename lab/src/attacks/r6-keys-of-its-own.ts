import { encodePrekeyEntry, equalBytes, MlKemPrivateKey, type PrekeySet, X25519PrivateKey } from '@waxwing/protocol';
import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';
import { MailboxEnd } from '../actors/mailbox-end.ts';
import { relayPair } from '../actors/relay-pair.ts';
import { type Attack, outcome, type Try } from '../attack.ts';
import type { Lab } from '../lab.ts';
import { ofAnswers } from '../relay/lie.ts';
import { TextbookPeer } from '../textbook/textbook.ts';

const SECRET = 'the key is under the mat';

/** What it hands out in place of bob's set, made of his and mallory's. */
const WAYS: Readonly<Record<string, (bob: PrekeySet, mallory: PrekeySet) => PrekeySet>> = {
  'the whole set of mallory': (_, mallory) => mallory,
  'bob’s bundle with what mallory signed': ({ bundle }, mallory) => ({ ...mallory, bundle }),
  'bob’s set with one-time keys of its own': (bob) => ({ ...bob, entry: ownEntry() }),
};

export const attack: Attack = {
  id: 'R6',
  title: 'keys of the relay’s own',
  has: 'the relay, and an account of his own there; no key of its users',
  steps: [
    'wait until somebody asks for the keys of another, to write to him for the first time',
    'hand out others in their place',
    'read what is written with them',
  ],
  breaks: ['confidentiality', 'authentication'],
  textbookFalls: 'a server that hands out public keys hands out its own, and reads everything',
  stoppedBy: 'prekeys',
  remains:
    'which account a name belongs to is the relay’s word the first time: compare fingerprints, or use a contact link',
  processes: false,

  textbook: async (lab) => {
    const now = Math.floor(lab.now / 1000);
    const [alice, mallory] = await lab.people.persons('alice', 'mallory');
    const peers = { alice: new TextbookPeer(alice.textbook), mallory: new TextbookPeer(mallory.textbook) };
    peers.alice.recvKey(peers.mallory.pem); // in place of bob's
    peers.mallory.recvKey(peers.alice.pem);
    peers.mallory.recv(peers.alice.send(SECRET, now), now);
    return outcome({ wanted: [SECRET], obtained: peers.mallory.screen.map(({ text }) => text), stop: undefined });
  },

  waxwing: async (lab) => {
    const tries: Try[] = [];
    for (const [way, change] of Object.entries(WAYS)) tries.push(await handedOut(lab, way, change));
    return outcome(...tries);
  },
};

async function handedOut(
  lab: Lab,
  way: string,
  change: (bob: PrekeySet, mallory: PrekeySet) => PrekeySet,
): Promise<Try> {
  const { relay, other, victim } = await relayPair(lab, { victim: 'alice' });
  const mallory = await MailboxEnd.join(lab, relay.link, 'mallory');
  const [his] = (await (await other.member()).ask({ op: 'fetch', account: mallory.account, withEntry: true })).sets;
  relay.lies.push(
    ofAnswers('fetch', (answer, { account }) => {
      if (his === undefined || !equalBytes(account, victim.account)) return answer;
      return { ...answer, sets: answer.sets.map((set) => change(set, his)) };
    }),
  );
  await victim.say(other.account, SECRET);
  await victim.until(() => victim.stops.length > 0 || mallory.texts.length > 0 || other.stops.length > 0);
  await mallory.until(() => victim.stops.length > 0 || mallory.texts.length > 0 || other.stops.length > 0);
  return { way, wanted: [SECRET], obtained: mallory.texts, stop: victim.stops[0] ?? other.stops[0] };
}

function ownEntry(): Uint8Array<ArrayBuffer> {
  const opk = p.x25519PublicKey(new X25519PrivateKey(p.randomBytes(32)));
  const ek = p.mlKemPublicKey(new MlKemPrivateKey(p.randomBytes(64)));
  return encodePrekeyEntry({ index: 0, opk, ek });
}
