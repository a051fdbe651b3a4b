import { relayPair } from '../actors/relay-pair.ts';
import { textbookPair } from '../actors/textbook-pair.ts';
import { type Attack, outcome, type Try } from '../attack.ts';
import type { Lab } from '../lab.ts';
import { delivery, ofDeliveries, type OnItsWay } from '../relay/lie.ts';
import { deliveredBy, silentLoss } from '../waxwing/silent-loss.ts';

const TEXT = 'buy now';
const HOUR = 3_600;
const AS_NEW = 'it is shown as one of now';
const AS_LOST = 'it is refused for its age, and lost';

export const attack: Attack = {
  id: 'R3',
  title: 'kept until it suits',
  has: 'the relay; no key of its users',
  steps: ['keep a message for an hour', 'deliver it'],
  breaks: ['freshness', 'delivery'],
  textbookFalls: 'what waited for longer than a minute is refused: whoever is away loses it',
  stoppedBy: 'freshness',
  remains: 'that a message waited is shown, not why: a relay that is slow on purpose looks like one that was down',
  processes: false,

  textbook: async (lab) => {
    const now = Math.floor(lab.now / 1000);
    const { alice, bob } = await textbookPair(lab);
    bob.recv(alice.send(TEXT, now), now + HOUR);
    const texts = bob.screen.map(({ text }) => text);
    return outcome({ way: AS_LOST, ...silentLoss([TEXT], { texts, stop: () => undefined }), stop: undefined });
  },

  waxwing: async (lab) => outcome(...(await delayed(lab))),
};

async function delayed(lab: Lab): Promise<Try[]> {
  const clock = { ahead: 0 };
  const { relay, other, victim } = await relayPair(lab, { now: () => Date.now() + clock.ahead });
  const kept: OnItsWay[] = [];
  relay.lies.push(
    ofDeliveries(victim.account, (envelopes) => {
      kept.push(...envelopes);
      return [];
    }),
  );
  await other.say(victim.account, TEXT);
  await relay.until(() => kept.length > 0);
  clock.ahead = HOUR * 1000;
  relay.callerOf(victim.account).say(delivery(kept));
  await victim.until(() => victim.texts.length > 0);
  const waited = victim.told.some(({ kind }) => kind === 'waited');
  return [
    {
      way: AS_NEW,
      wanted: [TEXT, 'nobody is told'],
      obtained: [...victim.texts, ...(waited ? [] : ['nobody is told'])],
      stop: victim.stops[0],
    },
    {
      way: AS_LOST,
      ...silentLoss([TEXT], { texts: victim.texts, stop: () => victim.stops[0] }),
      stop: deliveredBy('freshness', [TEXT], { texts: victim.texts, stop: () => victim.stops[0] }),
    },
  ];
}
