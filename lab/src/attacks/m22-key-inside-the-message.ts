import { flight, waxwingPair } from '../actors/waxwing-pair.ts';
import { type Attack, outcome } from '../attack.ts';

const TEXT = 'verify me with the key I bring';

export const attack: Attack = {
  id: 'M22',
  title: 'the key comes with the message',
  has: 'every symmetric key of the session, and a signing key of his own; CVE-2018-0114 took the key from the token',
  steps: [
    'sign a text with one’s own key',
    'put that key, and the bundle that it belongs to, into the message',
    'deliver it',
  ],
  breaks: ['authentication', 'non-repudiation'],
  textbookFalls: undefined,
  stoppedBy: 'signature',
  processes: false,
  textbook: undefined,

  waxwing: async (lab) => {
    const { device } = await lab.people.person('mallory');
    const { sender, victim } = await waxwingPair(lab, { signKey: device.signKey });
    const ctl = [
      ['jwk', device.bundle.certificate.signKey.spki],
      ['bundle', device.bundle.bytes],
    ] as const;
    const { envelope } = await sender.seal({ ...flight(TEXT, lab.now), ctl });
    await victim.receive(envelope);
    return outcome({ wanted: [TEXT], obtained: victim.screen, stop: victim.stops[0] });
  },
};
