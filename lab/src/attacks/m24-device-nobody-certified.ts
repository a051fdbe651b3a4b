import { encodeBundle, PSS_SALT, textOf, toHex, utf8 } from '@waxwing/protocol';
import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';
import { speakAs } from '../actors/impostor.ts';
import { type Attack, outcome } from '../attack.ts';

export const attack: Attack = {
  id: 'M24',
  title: 'a device that the account did not certify',
  has: 'alice’s public account key, and a device of his own; in OMEMO a new device of a contact was trusted blindly',
  steps: [
    'certify one’s own device in the name of alice’s account, and sign that with one’s own account key',
    'dial bob, who expects alice, and say something',
  ],
  breaks: ['authentication'],
  textbookFalls: undefined,
  stoppedBy: 'bundle',
  processes: false,
  textbook: undefined,

  waxwing: async (lab) => {
    const [alice, mallory] = await lab.people.persons('alice', 'mallory');
    const { account, accountKey } = alice.device.bundle;
    const own = mallory.device.bundle;
    const claim = (textOf(own.certificateBytes) ?? '').replace(/^account: .*$/m, `account: ${toHex(account)}`);
    const certificateBytes = utf8(claim);
    const certificateSignature = await p.signPss(mallory.account.privateKey, certificateBytes, PSS_SALT);
    const bytes = encodeBundle({ accountKey, certificateBytes, certificateSignature });
    const bundle = {
      ...own,
      bytes,
      hash: p.sha256(bytes),
      account,
      accountKey,
      certificateBytes,
      certificateSignature,
    };
    const device = { ...mallory.device, bundle };
    return outcome(await speakAs(lab, { victim: 'bob', pin: account, device, text: 'from my new telephone' }));
  },
};
