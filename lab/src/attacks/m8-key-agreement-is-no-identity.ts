import { speakAs } from '../actors/impostor.ts';
import { type Attack, outcome } from '../attack.ts';

export const attack: Attack = {
  id: 'M8',
  title: 'a stolen key-agreement key makes an identity',
  has: 'alice’s X25519 key, her decryption keys and her bundle, not her signing key; in Threema one such key was enough',
  steps: [
    'dial bob, who expects alice',
    'agree on keys as she would, and present her bundle',
    'say something in her name',
  ],
  breaks: ['authentication'],
  textbookFalls: undefined,
  stoppedBy: 'peer-signature',
  processes: false,
  textbook: undefined,

  waxwing: async (lab) => {
    const [alice, mallory] = await lab.people.persons('alice', 'mallory');
    const device = { ...alice.device, signKey: mallory.device.signKey };
    const pin = alice.device.bundle.account;
    return outcome(await speakAs(lab, { victim: 'bob', pin, device, text: 'it is me, alice' }));
  },
};
