import { u64, utf8 } from '@waxwing/protocol';
import { decodePackage } from '@waxwing/protocol/classic';
import { screenOf, textbookPair } from '../actors/textbook-pair.ts';
import { flight, waxwingPair } from '../actors/waxwing-pair.ts';
import { type Attack, outcome } from '../attack.ts';
import { turn } from '../cryptanalysis/malleability.ts';
import { textbookDump } from '../textbook/textbook.ts';
import { alterEnvelope } from '../waxwing/altered-envelope.ts';

const HOUR = 3600;
/** Fifteen bytes: in waxwing the time then begins a block, behind a block of which nobody knows what it should be. */
const TEXT = 'attack at dawn!';
/** Where the time stands in the plain text of a flight with this one item: head, type, text and opening lie before it. */
const TIME_AT = 65;
const BLOCK = 16;

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
    const times = { from: u64(then), to: u64(lab.now) };
    await victim.receive(alterEnvelope(envelope, ({ ct }) => ({ ct: turn(ct, TIME_AT - BLOCK, times) })));
    return outcome({ wanted: [TEXT], obtained: victim.screen, stop: victim.stops[0] });
  },
};
