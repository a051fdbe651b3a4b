import { utf8 } from '@waxwing/protocol';
import { decodePackage } from '@waxwing/protocol/classic';
import { textbookPair } from '../actors/textbook-pair.ts';
import { flight, waxwingPair } from '../actors/waxwing-pair.ts';
import { type Attack, outcome } from '../attack.ts';
import { turn } from '../cryptanalysis/malleability.ts';
import { textbookDump } from '../textbook/textbook.ts';
import { alterEnvelope } from '../waxwing/altered-envelope.ts';

/** Where the text begins in the plain text: behind ten digits and a bar; behind the heads and the media type. */
const TEXTBOOK_AT = 11;
const WAXWING_AT = 15;

export const attack: Attack = {
  id: 'A03',
  title: 'IV flip rewrites text',
  has: 'one message on its way and its text; no key',
  steps: [
    'take a message off the wire',
    'turn the bytes of the IV above the text by old text XOR new text: five letters in the textbook, one in waxwing',
    'pass it on',
  ],
  breaks: ['integrity'],
  textbookFalls: 'the rewritten text is displayed; only the footer says that the signature failed',
  stoppedBy: 'hmac',
  processes: false,

  textbook: async (lab) => {
    const { alice, bob } = await textbookPair(lab);
    const now = Math.floor(lab.now / 1000);
    const captured = decodePackage(alice.send('pay bob 5', now));
    const iv = turn(captured.iv, TEXTBOOK_AT, { from: utf8('pay b'), to: utf8('pay e') });
    bob.recv(textbookDump({ ...captured, iv }), now);
    return outcome({ wanted: ['pay eob 5'], obtained: bob.screen.map(({ text }) => text), stop: undefined });
  },

  waxwing: async (lab) => {
    const { sender, victim } = await waxwingPair(lab);
    const { envelope } = await sender.seal(flight('1000 for bob', lab.now));
    const digits = { from: utf8('1'), to: utf8('9') };
    await victim.receive(alterEnvelope(envelope, ({ iv }) => ({ iv: turn(iv, WAXWING_AT, digits) })));
    return outcome({ wanted: ['9000 for bob'], obtained: victim.screen, stop: victim.stops[0] });
  },
};
