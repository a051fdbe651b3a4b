import { decodePackage } from '@waxwing/protocol/classic';
import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';
import { textbookPair } from '../actors/textbook-pair.ts';
import { flight, signingWith, waxwingPair } from '../actors/waxwing-pair.ts';
import { type Attack, outcome } from '../attack.ts';
import { textbookDump } from '../textbook/textbook.ts';

const TEXT = 'not signed by anyone';

export const attack: Attack = {
  id: 'A13',
  title: 'unsigned message displayed',
  has: 'textbook: the wire. Waxwing: every symmetric key of the session, as a stolen state gives them; no signing key',
  steps: ['put 256 random bytes in the place of the signature', 'deliver the message', 'look at the screen'],
  breaks: ['authentication', 'non-repudiation'],
  textbookFalls: 'the text is displayed; only the footer says that the signature failed',
  stoppedBy: 'signature',
  processes: false,

  textbook: async (lab) => {
    const { alice, bob } = await textbookPair(lab);
    const now = Math.floor(lab.now / 1000);
    const captured = decodePackage(alice.send(TEXT, now));
    bob.recv(textbookDump({ ...captured, signature: p.randomBytes(256) }), now);
    return outcome({ wanted: [TEXT], obtained: bob.screen.map(({ text }) => text), stop: undefined });
  },

  waxwing: async (lab) => {
    const { sender, victim } = await waxwingPair(lab, { primitives: signingWith(p.randomBytes(256)) });
    const { envelope } = await sender.seal(flight(TEXT, lab.now));
    await victim.receive(envelope);
    return outcome({ wanted: [TEXT], obtained: victim.screen, stop: victim.stops[0] });
  },
};
