import { relayPair } from '../actors/relay-pair.ts';
import { type Attack, outcome } from '../attack.ts';
import { ofRequests } from '../relay/lie.ts';

const FIRST = 'are you there?';
const LAST = 'then it is agreed';

export const attack: Attack = {
  id: 'R2',
  title: 'taken and thrown away',
  has: 'the relay; no key of its users',
  steps: [
    'deliver what is said until now',
    'answer for the next message that it is on the disk, and throw it away',
    'let its sender believe that it has arrived',
  ],
  breaks: ['delivery'],
  textbookFalls: undefined,
  stoppedBy: 'receipt',
  remains: 'nothing comes through a relay that throws everything away: its users see “sent” and never “delivered”',
  processes: false,
  textbook: undefined,

  waxwing: async (lab) => {
    const { relay, other, victim } = await relayPair(lab, { victim: 'alice' });
    await victim.say(other.account, FIRST);
    await victim.until(() => victim.delivered.includes(FIRST));
    let thrown = 0;
    relay.lies.push(
      ofRequests(victim.account, 'put', ({ op, envelopes }) => {
        thrown += envelopes.length;
        return { kind: 'answered', answer: { op, codes: envelopes.map(() => 0) } };
      }),
    );
    await victim.say(other.account, LAST);
    const wanted = [`delivered: ${LAST}`];
    const { delivered } = victim;
    const shown = delivered.filter((text) => text === LAST).map((text) => `delivered: ${text}`);
    const harmless = thrown > 0 && shown.length === 0 && delivered.includes(FIRST);
    const message = `the relay has answered for it, and it is not shown as delivered, as “${FIRST}” is`;
    return outcome({
      wanted,
      obtained: shown,
      stop: harmless ? { check: 'receipt', code: undefined, message } : undefined,
    });
  },
};
