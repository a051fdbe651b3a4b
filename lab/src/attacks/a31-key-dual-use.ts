import { textbookPair } from '../actors/textbook-pair.ts';
import { flight, waxwingPair } from '../actors/waxwing-pair.ts';
import { speakAs } from '../actors/impostor.ts';
import { type Attack, outcome, type Try } from '../attack.ts';
import type { Lab } from '../lab.ts';
import { TextbookPeer } from '../textbook/textbook.ts';
import { certifyOther } from '../waxwing/certified-device.ts';

const TEXT = 'I agree to everything';

export const attack: Attack = {
  id: 'A31',
  title: 'one key for two uses',
  has: 'the key with which bob decrypts, as a backup, an employer or a court may have been given it',
  steps: [
    'sign a text with it, and send it to alice as bob',
    'waxwing: also let bob’s account certify one key for both uses, and connect with that',
  ],
  breaks: ['authentication', 'non-repudiation'],
  textbookFalls: 'whoever may read bob’s mail can sign in his name: all green',
  stoppedBy: 'signature',
  processes: false,

  textbook: async (lab) => {
    const { alice, bob } = await textbookPair(lab);
    const now = Math.floor(lab.now / 1000);
    const mallory = new TextbookPeer(bob.keys);
    mallory.recvKey(alice.pem);
    alice.recv(mallory.send(TEXT, now), now);
    const green = alice.screen.filter(({ signed }) => signed).map(({ text }) => text);
    return outcome({ wanted: [TEXT], obtained: green, stop: undefined });
  },

  waxwing: async (lab) => outcome(await signedWithIt(lab), await certifiedForBoth(lab)),
};

async function signedWithIt(lab: Lab): Promise<Try> {
  const { device } = await lab.people.person('bob');
  const [wrapKey] = device.wrapKeys;
  if (wrapKey === undefined) throw new Error('bob has no wrap key');
  const { sender, victim } = await waxwingPair(lab, { sender: 'bob', victim: 'alice', signKey: wrapKey.privateKey });
  const { envelope } = await sender.seal(flight(TEXT, lab.now));
  await victim.receive(envelope);
  return { way: 'a text signed with it', wanted: [TEXT], obtained: victim.screen, stop: victim.stops[0] };
}

async function certifiedForBoth(lab: Lab): Promise<Try> {
  const bob = await lab.people.person('bob');
  const device = await certifyOther(bob, { wrapKey: bob.device.bundle.certificate.signKey.spki });
  return { way: 'one key certified for both uses', ...(await speakAs(lab, { victim: 'alice', device, text: TEXT })) };
}
