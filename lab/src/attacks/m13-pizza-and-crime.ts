import { flight, waxwingPair } from '../actors/waxwing-pair.ts';
import { type Attack, outcome } from '../attack.ts';

const SAID = ['pizza: yes', 'crime: no'];
const WANTED = ['crime: no', 'pizza: yes'];

export const attack: Attack = {
  id: 'M13',
  title: 'two messages change places',
  has: 'the way of the envelopes, as whoever forwards them has it; in Telegram they could be made to change places',
  steps: ['hold the first envelope back', 'deliver the second, and then the first'],
  breaks: ['integrity'],
  textbookFalls: undefined,
  stoppedBy: 'counter',
  processes: false,
  textbook: undefined,

  waxwing: async (lab) => {
    const { sender, victim } = await waxwingPair(lab);
    const envelopes: Uint8Array[] = [];
    for (const text of SAID) envelopes.push((await sender.seal(flight(text, lab.now))).envelope);
    for (const envelope of envelopes.reverse()) await victim.receive(envelope);
    return outcome({ wanted: WANTED, obtained: victim.screen, stop: victim.stops[0] });
  },
};
