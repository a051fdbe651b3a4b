import { utf8 } from '@waxwing/protocol';
import { decodePackage } from '@waxwing/protocol/classic';
import { unsafeEnvelope } from '@waxwing/protocol/unsafe';
import { textbookPair } from '../actors/textbook-pair.ts';
import { flight, waxwingPair } from '../actors/waxwing-pair.ts';
import { type Attack, outcome } from '../attack.ts';
import { PRINTED_SECRET, textbookDump, textbookSealWith } from '../textbook/textbook.ts';
import { forgeEnvelope } from '../waxwing/forged-envelope.ts';

const FORGED = 'from mallory';

export const attack: Attack = {
  id: 'A04',
  title: 'the MAC secret is known',
  has: 'the program’s source, the victim’s public keys, and a captured message; no private key',
  steps: [
    'read the secret in the source',
    'encrypt a text of one’s own for the victim, and put any signature beside it',
    'MAC it, with the secret of the source; on waxwing also with whatever else lies open on the wire',
    'deliver it in the place of the captured message',
  ],
  breaks: ['authentication', 'integrity'],
  textbookFalls: 'anyone’s text is displayed under “HMAC VERIFIED”',
  stoppedBy: 'hmac',
  processes: false,

  textbook: async (lab) => {
    const { alice, bob } = await textbookPair(lab);
    const now = Math.floor(lab.now / 1000);
    const { signature } = decodePackage(alice.send('from alice', now));
    const forged = textbookSealWith(bob.keys.publicKey, { plain: `${now}|${FORGED}`, signature });
    bob.recv(textbookDump(forged), now);
    return outcome({ wanted: [FORGED], obtained: bob.screen.map(({ text }) => text), stop: undefined });
  },

  waxwing: async (lab) => {
    const { sender, victim } = await waxwingPair(lab);
    const recipient = await lab.people.person('bob');
    const { envelope } = await sender.seal(flight('from alice', lab.now));
    const seen = unsafeEnvelope.decodeEnvelope(envelope);
    for (const key of [utf8(PRINTED_SECRET), new Uint8Array(32), seen.kc, seen.tag]) {
      await victim.receive(await forgeEnvelope(envelope, { text: FORGED, sent: lab.now, recipient, key }));
    }
    return outcome({ wanted: [FORGED], obtained: victim.screen, stop: victim.stops[0] });
  },
};
