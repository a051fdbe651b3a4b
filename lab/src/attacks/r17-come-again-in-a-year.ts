import { DAY, GOODBYE } from '@waxwing/protocol';
import { relayPair } from '../actors/relay-pair.ts';
import { type Attack, outcome, type Try } from '../attack.ts';
import type { Lab } from '../lab.ts';
import { ofRequests } from '../relay/lie.ts';

const TEXT = 'it can wait, but not for good';
/** More than any timer of a machine takes, ms. */
const NEVER = 2 ** 48;
const REFUSED_AS_TOO_MANY = 14;
/** A client in its senses asks once or twice in this time, ms. */
const LOOKED_AT = 300;
const MANY = 10;

export const attack: Attack = {
  id: 'R17',
  title: 'come again in nine thousand years',
  has: 'the relay',
  steps: [
    'send a user away, or refuse what he asks, with a time to wait that no clock of a program can hold',
    'see whether he stays away for good, or asks again without a pause, as a timer that overflows does',
  ],
  breaks: ['availability'],
  textbookFalls: undefined,
  stoppedBy: 'wait',
  remains: 'it may keep everyone waiting for an hour at a time, for good',
  shippedOnly: true,
  processes: false,
  textbook: undefined,

  waxwing: async (lab) => outcome(await sentAway(lab), await refused(lab)),
};

async function sentAway(lab: Lab): Promise<Try> {
  const { relay, victim } = await relayPair(lab);
  relay
    .callerOf(victim.account)
    .say({ kind: 'event', event: { event: 'goodbye', reason: GOODBYE.draining, retry: NEVER } });
  relay.callerOf(victim.account).leave();
  await victim.until(() => victim.waits.length > 0);
  const forGood = victim.waits.filter((wait) => wait > DAY);
  return {
    way: 'stays away',
    wanted: ['waits for more than a day'],
    obtained: forGood.map(() => 'waits for more than a day'),
    stop: stopOf(victim.waits.length - forGood.length, victim.waits[0] ?? 0),
  };
}

async function refused(lab: Lab): Promise<Try> {
  const { relay, other, victim } = await relayPair(lab, { victim: 'alice' });
  let asked = 0;
  relay.lies.push(
    ofRequests(victim.account, 'fetch', () => {
      asked += 1;
      return { kind: 'refused', code: REFUSED_AS_TOO_MANY, retry: NEVER };
    }),
  );
  void victim.say(other.account, TEXT);
  await relay.until(() => asked > 0);
  await new Promise((resolve) => setTimeout(resolve, LOOKED_AT));
  const times = asked;
  return {
    way: 'asks without a pause',
    wanted: ['asks without a pause'],
    obtained: times > MANY ? ['asks without a pause'] : [],
    stop: stopOf(times <= MANY ? 1 : 0, 0),
  };
}

function stopOf(good: number, wait: number): Try['stop'] {
  if (good === 0) return undefined;
  const message =
    wait === 0 ? 'it is not asked again at once' : `it is called again in ${String(Math.round(wait / 60_000))} min`;
  return { check: 'wait', code: undefined, message };
}
