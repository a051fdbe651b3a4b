import { decodePackage } from '@waxwing/protocol/classic';
import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';
import { screenOf, textbookPair } from '../actors/textbook-pair.ts';
import { flight, signingWith, waxwingPair } from '../actors/waxwing-pair.ts';
import { type Attack, outcome } from '../attack.ts';
import { textbookDump, textbookSealWith } from '../textbook/textbook.ts';
import { forgeEnvelope } from '../waxwing/forged-envelope.ts';

const TEXT = 'the door is open';
const DAY = 86_400;

export const attack: Attack = {
  id: 'A06',
  title: 'forged timestamp',
  has: 'an old message of alice’s to bob: its text and its signature; on waxwing in one way also every symmetric key of the session',
  steps: ['seal the old text anew for bob, with the old signature and the time of now', 'deliver it'],
  breaks: ['freshness'],
  textbookFalls: 'the day-old text is all green, and 0 s old: the signature does not cover the time',
  stoppedBy: 'hmac',
  processes: false,

  textbook: async (lab) => {
    const { alice, bob } = await textbookPair(lab);
    const now = Math.floor(lab.now / 1000);
    const { signature } = decodePackage(alice.send(TEXT, now - DAY));
    bob.recv(textbookDump(textbookSealWith(bob.keys.publicKey, { plain: `${now}|${TEXT}`, signature })), now);
    const wanted = [`${TEXT} [✓ HMAC VERIFIED | ✓ Message verified(0s old) | ✓ Signature verified!]`];
    return outcome({ wanted, obtained: screenOf(bob), stop: undefined });
  },

  waxwing: async (lab) => {
    const bob = await lab.people.person('bob');
    const opening = p.randomBytes(32);
    const outside = await waxwingPair(lab);
    const { envelope, signature } = await outside.sender.seal(flight(TEXT, lab.now - DAY * 1000, opening));
    const forgery = { text: TEXT, opening, signature, sent: lab.now, recipient: bob };
    await outside.victim.receive(await forgeEnvelope(envelope, forgery));

    // The same session, place in the chain, text and opening: only the time is another.
    const inside = await waxwingPair(lab, { sid: outside.sid, primitives: signingWith(signature) });
    const renewed = await inside.sender.seal(flight(TEXT, lab.now, opening));
    await inside.victim.receive(renewed.envelope);
    return outcome(
      {
        way: 'in the place of the old message',
        wanted: [TEXT],
        obtained: outside.victim.screen,
        stop: outside.victim.stops[0],
      },
      {
        way: 'with every symmetric key of the session',
        wanted: [TEXT],
        obtained: inside.victim.screen,
        stop: inside.victim.stops[0],
      },
    );
  },
};
