import { decodePackage } from '@waxwing/protocol/classic';
import { textbookPair } from '../actors/textbook-pair.ts';
import { flight, waxwingPair } from '../actors/waxwing-pair.ts';
import { type Attack, outcome, type Try } from '../attack.ts';
import { type Stop, stopOf } from '../check.ts';
import type { Lab } from '../lab.ts';
import { textbookOpen } from '../textbook/textbook.ts';
import { Thief } from '../waxwing/thief.ts';

const TEXTS = ['the names are', 'Ada and Grace', 'burn this'];

export const attack: Attack = {
  id: 'A29',
  title: 'no forward secrecy',
  has: 'everything that passed, recorded; and afterwards every key that the victim has still',
  steps: [
    'record a conversation',
    'when it is over, copy the victim’s memory: all long-term keys, and on waxwing the ratchet as it is then',
    'decrypt what was recorded; the keys of the ratchet are also run on by hand',
    'waxwing: try also the other half alone, a ratchet copied at the very beginning and no RSA key',
  ],
  breaks: ['confidentiality'],
  textbookFalls: 'one RSA key opens everything that was ever sent to it',
  stoppedBy: 'ratchet',
  processes: false,

  textbook: async (lab) => {
    const { alice, bob } = await textbookPair(lab);
    const now = Math.floor(lab.now / 1000);
    const recorded = TEXTS.map((text) => decodePackage(alice.send(text, now)));
    const keys = { recipient: bob.keys.privateKey, sender: alice.keys.publicKey, now };
    const read = recorded.map((sealed) => textbookOpen(sealed, keys).text);
    return outcome({ wanted: TEXTS, obtained: read, stop: undefined });
  },

  waxwing: async (lab) => outcome(...(await conversation(lab))),
};

async function conversation(lab: Lab): Promise<Try[]> {
  const [bob, mallory] = await lab.people.persons('bob', 'mallory');
  const { sender, victim } = await waxwingPair(lab, { inspected: true });
  const wrapKeysOf = ({ device }: typeof bob) => device.wrapKeys.map(({ privateKey }) => privateKey);
  const atTheBeginning = { states: victim.memory().slice(-1), wrapKeys: wrapKeysOf(mallory) };
  const recorded: Uint8Array[] = [];
  for (const text of TEXTS) {
    const { envelope } = await sender.seal(flight(text, lab.now));
    recorded.push(envelope);
    await victim.receive(envelope);
    await sender.open(await victim.say('I see'), lab.now);
  }
  const arrived = victim.screen.join() === TEXTS.join();
  const afterwards = new Thief({ states: victim.memory(), wrapKeys: wrapKeysOf(bob) }, lab.now);
  const texts: string[] = [];
  for (const envelope of recorded) texts.push(...(await afterwards.read(envelope)));
  const message = `none of the ${afterwards.tried} keys that follow from what was copied fits`;
  const stop: Stop | undefined =
    arrived && texts.length === 0 ? { check: 'ratchet', code: undefined, message } : undefined;
  const withoutRsa = new Thief(atTheBeginning, lab.now);
  return [
    { way: 'every key that is still there', wanted: TEXTS, obtained: texts, stop },
    await firstOf(withoutRsa, recorded),
  ];
}

/** The first text alone: its key is the one that the ratchet of the beginning leads to. */
async function firstOf(thief: Thief, [first = new Uint8Array(0)]: readonly Uint8Array[]): Promise<Try> {
  const way = { way: 'the ratchet of the beginning, and no RSA key', wanted: TEXTS.slice(0, 1) };
  try {
    return { ...way, obtained: await thief.read(first), stop: undefined };
  } catch (error) {
    return { ...way, obtained: [], stop: stopOf(error) };
  }
}
