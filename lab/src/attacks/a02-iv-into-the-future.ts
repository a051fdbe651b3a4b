import { utf8 } from '@waxwing/protocol';
import { decodePackage } from '@waxwing/protocol/classic';
import { screenOf, textbookPair } from '../actors/textbook-pair.ts';
import { flight, waxwingPair } from '../actors/waxwing-pair.ts';
import { type Attack, outcome } from '../attack.ts';
import { turn } from '../cryptanalysis/malleability.ts';
import { textbookDump } from '../textbook/textbook.ts';
import { turnTime } from '../waxwing/altered-envelope.ts';

/** The last second that has ten digits, and the last millisecond that has thirteen: in the year 2286. */
const LAST_SECOND = 9_999_999_999;
const LAST_MILLISECOND = 9_999_999_999_999;
const YEARS = 31 * 365 * 86_400;
/** Of the length for which turnTime works. */
const TEXT = 'yes, I agree :)';

export const attack: Attack = {
  id: 'A02',
  title: 'IV flip into the far future',
  has: 'one captured message and its text; no key',
  steps: [
    'turn the time as in A01, but to the last one that has as many digits',
    'deliver the message when it suits: 31 years later in the textbook, an hour later in waxwing',
  ],
  breaks: ['freshness', 'integrity'],
  textbookFalls: 'the message is all green after 31 years, with an age below zero, and stays so until 2286',
  stoppedBy: 'hmac',
  processes: false,

  textbook: async (lab) => {
    const { alice, bob } = await textbookPair(lab);
    const now = Math.floor(lab.now / 1000);
    const later = now + YEARS;
    const captured = decodePackage(alice.send(TEXT, now));
    const times = { from: utf8(String(now)), to: utf8(String(LAST_SECOND)) };
    bob.recv(textbookDump({ ...captured, iv: turn(captured.iv, 0, times) }), later);
    const age = later - LAST_SECOND;
    const wanted = [`${TEXT} [✓ HMAC VERIFIED | ✓ Message verified(${age}s old) | ✓ Signature verified!]`];
    return outcome({ wanted, obtained: screenOf(bob), stop: undefined });
  },

  waxwing: async (lab) => {
    const { sender, victim } = await waxwingPair(lab);
    const { envelope } = await sender.seal(flight(TEXT, lab.now));
    const altered = turnTime(envelope, { from: lab.now, to: LAST_MILLISECOND });
    await victim.receive(altered, lab.now + 3_600_000);
    return outcome({ wanted: [TEXT], obtained: victim.screen, stop: victim.stops[0] });
  },
};
