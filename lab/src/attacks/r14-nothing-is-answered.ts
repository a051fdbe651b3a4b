import { relayPair } from '../actors/relay-pair.ts';
import { type Attack, outcome, type Try } from '../attack.ts';
import type { Lab } from '../lab.ts';
import { ofRequests } from '../relay/lie.ts';
import { deliveredBy, silentLoss } from '../waxwing/silent-loss.ts';

const TEXT = 'pay 100';

export const attack: Attack = {
  id: 'R14',
  title: 'nothing is answered',
  has: 'the relay; no key of its users',
  steps: [
    'store a message and do not say so; deliver it and do not take note that it has come',
    'cut both ends, so that it is sent and delivered again',
    'see whether it is lost, or shown twice',
  ],
  breaks: ['delivery', 'integrity'],
  textbookFalls: undefined,
  stoppedBy: 'counter',
  processes: false,
  textbook: undefined,

  waxwing: async (lab) => outcome(await notConfirmed(lab), await notAnswered(lab)),
};

/** What was read is confirmed in vain, and comes again. */
async function notConfirmed(lab: Lab): Promise<Try> {
  const { relay, other, victim } = await relayPair(lab);
  let confirmed = 0;
  relay.lies.push(
    ofRequests(victim.account, 'confirm', () => {
      confirmed += 1;
      return { kind: 'ignored' };
    }),
  );
  await other.say(victim.account, TEXT);
  await relay.until(() => confirmed === 1);
  await relay.reconnected(victim.account);
  await relay.until(() => confirmed === 2);
  const once = confirmed === 2 && victim.texts.length === 1;
  const message = 'it came twice, and was known for a copy the second time';
  return {
    way: 'confirmed in vain',
    wanted: [TEXT, TEXT],
    obtained: victim.texts,
    stop: once ? { check: 'counter', code: undefined, message } : victim.stops[0],
  };
}

/** What was put is stored and not answered; it is put again. */
async function notAnswered(lab: Lab): Promise<Try> {
  const { relay, other, victim } = await relayPair(lab, { victim: 'alice' });
  let asked = 0;
  const lie = {
    say: (reply: Parameters<NonNullable<(typeof relay.lies)[number]['say']>>[0]) =>
      reply.kind === 'answer' && reply.answer.op === 'put' && asked++ === 0 ? [] : [reply],
  };
  relay.lies.push(lie);
  const said = victim.say(other.account, TEXT);
  await relay.until(() => asked > 0);
  await relay.reconnected(victim.account);
  await said;
  await other.until(() => other.texts.length > 0);
  const loss = silentLoss([TEXT], { texts: other.texts, stop: () => victim.stops[0] });
  const stop = deliveredBy('counter', [TEXT], { texts: other.texts, stop: () => victim.stops[0] });
  return { way: 'put in vain', ...loss, stop };
}
