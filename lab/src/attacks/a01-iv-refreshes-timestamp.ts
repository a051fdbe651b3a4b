import { utf8 } from '@waxwing/protocol';
import { decodePackage } from '@waxwing/protocol/classic';
import { screenOf, textbookPair } from '../actors/textbook-pair.ts';
import { flight, waxwingPair } from '../actors/waxwing-pair.ts';
import { type Attack, outcome } from '../attack.ts';
import { turn } from '../cryptanalysis/malleability.ts';
import { textbookDump } from '../textbook/textbook.ts';
import { turnTime } from '../waxwing/altered-envelope.ts';

const HOUR = 3600;
/** Of the length for which turnTime works. */
const TEXT = 'attack at dawn!';

export const attack: Attack = {
  id: 'A01',
  title: 'IV flip refreshes the timestamp',
  has: 'one captured message and its text; no key',
  steps: [
    'capture a message, and hold it back for an hour',
    'textbook: turn the first ten bytes of the IV by old time XOR new time',
    'waxwing: turn the ciphertext block before the time likewise (the block that is spoilt holds random bytes)',
    'deliver it',
  ],
  breaks: ['freshness', 'integrity'],
  textbookFalls: 'the hour-old message is all green, and 0 s old',
  stoppedBy: 'hmac',
  processes: false,

  textbook: async (lab) => {
    const { alice, bob } = await textbookPair(lab);
    const now = Math.floor(lab.now / 1000);
    const captured = decodePackage(alice.send(TEXT, now - HOUR));
    const times = { from: utf8(String(now - HOUR)), to: utf8(String(now)) };
    bob.recv(textbookDump({ ...captured, iv: turn(captured.iv, 0, times) }), now);
    const wanted = [`${TEXT} [✓ HMAC VERIFIED | ✓ Message verified(0s old) | ✓ Signature verified!]`];
    return outcome({ wanted, obtained: screenOf(bob), stop: undefined });
  },

  waxwing: async (lab) => {
    const { sender, victim } = await waxwingPair(lab);
    const then = lab.now - HOUR * 1000;
    const { envelope } = await sender.seal(flight(TEXT, then));
    await victim.receive(turnTime(envelope, { from: then, to: lab.now }));
    return outcome({ wanted: [TEXT], obtained: victim.screen, stop: victim.stops[0] });
  },
};
