import { speakAs } from '../actors/impostor.ts';
import { type Attack, outcome } from '../attack.ts';
import { certifyOther } from '../waxwing/certified-device.ts';

export const attack: Attack = {
  id: 'M3',
  title: 'an identifier taken for a key',
  has: 'an account of his own, and devices whose names he may choose; the confusion of CVE-2022-39250 in Matrix',
  steps: [
    'certify a device in whose certificate a device id stands where a key belongs',
    'connect to the victim with it, and say something',
  ],
  breaks: ['authentication'],
  textbookFalls: undefined,
  stoppedBy: 'bundle',
  processes: false,
  textbook: undefined,

  waxwing: async (lab) => {
    const mallory = await lab.people.person('mallory');
    const device = await certifyOther(mallory, { signKey: mallory.device.bundle.device });
    return outcome(await speakAs(lab, { victim: 'alice', device, text: 'signed with a name' }));
  },
};
