import { decodePackage } from '@waxwing/protocol/classic';
import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';
import { screenOf, textbookPair } from '../actors/textbook-pair.ts';
import { flight, signingWith, waxwingPair } from '../actors/waxwing-pair.ts';
import { type Attack, outcome } from '../attack.ts';
import { TextbookPeer, textbookDump, textbookOpen, textbookSealWith } from '../textbook/textbook.ts';
import { forgeEnvelope } from '../waxwing/forged-envelope.ts';

const TEXT = 'I resign';
const DAY = 86_400;

export const attack: Attack = {
  id: 'A05',
  title: 'surreptitious forwarding',
  has: 'what alice wrote to bob, and her signature on it: bob is the attacker; on waxwing in one way also every symmetric key of her session with carol',
  steps: [
    'open the message as its honest recipient, and keep text and signature',
    'seal the text anew for carol, with alice’s signature and a time of one’s own',
    'deliver it to carol as a message of alice’s',
  ],
  breaks: ['authentication', 'non-repudiation'],
  textbookFalls: 'carol sees alice’s words to bob as alice’s words to her, all green, one day later',
  stoppedBy: 'hmac',
  processes: false,

  textbook: async (lab) => {
    const { alice, bob } = await textbookPair(lab);
    const carol = new TextbookPeer((await lab.people.person('carol')).textbook);
    carol.recvKey(alice.pem);
    const now = Math.floor(lab.now / 1000);
    const captured = decodePackage(alice.send(TEXT, now));
    const { text } = textbookOpen(captured, { recipient: bob.keys.privateKey, sender: alice.keys.publicKey, now });
    const plain = `${now + DAY}|${text}`;
    const { signature } = captured;
    carol.recv(textbookDump(textbookSealWith(carol.keys.publicKey, { plain, signature })), now + DAY);
    const wanted = [`${TEXT} [✓ HMAC VERIFIED | ✓ Message verified(0s old) | ✓ Signature verified!]`];
    return outcome({ wanted, obtained: screenOf(carol), stop: undefined });
  },

  waxwing: async (lab) => {
    const carol = await lab.people.person('carol');
    const opening = p.randomBytes(32);
    const toBob = await waxwingPair(lab);
    const { signature } = await toBob.sender.seal(flight(TEXT, lab.now, opening));

    const outside = await waxwingPair(lab, { victim: 'carol' });
    const { envelope } = await outside.sender.seal(flight('good morning', lab.now));
    const forgery = { text: TEXT, opening, signature, sent: lab.now, recipient: carol };
    await outside.victim.receive(await forgeEnvelope(envelope, forgery));

    // Even under the name of the session in which alice signed it, and at the same place of the chain.
    const primitives = signingWith(signature);
    const inside = await waxwingPair(lab, { victim: 'carol', sid: toBob.sid, primitives });
    const forwarded = await inside.sender.seal(flight(TEXT, lab.now, opening));
    await inside.victim.receive(forwarded.envelope);
    return outcome(
      {
        way: 'in the place of a message on its way to carol',
        wanted: [TEXT],
        obtained: outside.victim.screen,
        stop: outside.victim.stops[0],
      },
      {
        way: 'with every symmetric key that alice and carol share',
        wanted: [TEXT],
        obtained: inside.victim.screen,
        stop: inside.victim.stops[0],
      },
    );
  },
};
