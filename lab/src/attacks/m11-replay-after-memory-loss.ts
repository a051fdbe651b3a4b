import { flight, waxwingPair } from '../actors/waxwing-pair.ts';
import { type Attack, outcome } from '../attack.ts';

const TEXT = 'transfer 100';

export const attack: Attack = {
  id: 'M11',
  title: 'replay after a loss of memory',
  has: 'a captured envelope, and a victim who has forgotten it; Threema kept a list of what was received, and lists get lost',
  steps: [
    'capture an envelope of one session',
    'wait until the victim begins anew, and remembers nothing',
    'deliver it',
  ],
  breaks: ['freshness', 'integrity'],
  textbookFalls: undefined,
  stoppedBy: 'structure',
  processes: false,
  textbook: undefined,

  waxwing: async (lab) => {
    const before = await waxwingPair(lab);
    const { envelope } = await before.sender.seal(flight(TEXT, lab.now));
    await before.victim.receive(envelope);
    const { victim } = await waxwingPair(lab); // the same two, in a new session
    await victim.receive(envelope);
    const obtained = [...before.victim.screen, ...victim.screen];
    return outcome({ wanted: [TEXT, TEXT], obtained, stop: victim.stops[0] });
  },
};
