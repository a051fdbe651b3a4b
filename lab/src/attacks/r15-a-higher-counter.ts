import { relayPair } from '../actors/relay-pair.ts';
import { type Attack, outcome } from '../attack.ts';
import { deliveredBy, silentLoss } from '../waxwing/silent-loss.ts';

const TEXT = 'are you there?';
/** More than any device has uploaded here. */
const COUNTER = 4_711;

export const attack: Attack = {
  id: 'R15',
  title: 'a claim to hold newer keys',
  has: 'the relay; no key of its users',
  steps: [
    'cut a user, and tell him when he comes again that his device has left prekeys of a higher number here',
    'let his program believe that it is an old copy of itself, and stop',
  ],
  breaks: ['availability'],
  textbookFalls: undefined,
  stoppedBy: 'prekeys',
  shippedOnly: true,
  processes: false,
  textbook: undefined,

  waxwing: async (lab) => {
    const { relay, other, victim } = await relayPair(lab);
    let told = 0;
    relay.lies.push({
      say: (reply) => {
        if (reply.kind !== 'event' || reply.event.event !== 'welcome') return [reply];
        told += 1;
        return [{ ...reply, event: { ...reply.event, prekeyCounter: COUNTER } }];
      },
    });
    await relay.reconnected(victim.account);
    await other.say(victim.account, TEXT);
    await victim.until(() => victim.texts.includes(TEXT) || victim.ended);
    const addressee = { texts: victim.texts, stop: () => victim.stops[0] };
    return outcome({
      ...silentLoss([TEXT], addressee),
      stop: told > 0 ? deliveredBy('prekeys', [TEXT], addressee) : undefined,
    });
  },
};
