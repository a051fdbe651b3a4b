import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';
import { relayPair } from '../actors/relay-pair.ts';
import { textbookPair } from '../actors/textbook-pair.ts';
import { type Attack, outcome } from '../attack.ts';
import { delivery, ofDeliveries, ofRequests, type OnItsWay } from '../relay/lie.ts';

const TEXTS = ['pay 100', 'thank you'];
const [PAYMENT = '', THANKS = ''] = TEXTS;

export const attack: Attack = {
  id: 'R5',
  title: 'delivered again',
  has: 'the relay, which keeps what it should have deleted; no key of its users',
  steps: [
    'deliver a message, and in the same breath again',
    'after the next message, deliver it again under another name, and after the connection was cut once more',
  ],
  breaks: ['integrity', 'freshness'],
  textbookFalls: 'within a minute, the same order is shown as often as it is delivered',
  stoppedBy: 'counter',
  processes: false,

  textbook: async (lab) => {
    const now = Math.floor(lab.now / 1000);
    const { alice, bob } = await textbookPair(lab);
    const [payment, thanks] = TEXTS.map((text) => alice.send(text, now));
    for (const bytes of [payment, payment, thanks, payment, payment]) bob.recv(bytes ?? new Uint8Array(0), now);
    const texts = bob.screen.filter(({ signed }) => signed).map(({ text }) => text);
    return outcome({ wanted: [PAYMENT, PAYMENT, THANKS, PAYMENT, PAYMENT], obtained: texts, stop: undefined });
  },

  waxwing: async (lab) => {
    const { relay, other, victim } = await relayPair(lab);
    const seen: OnItsWay[] = [];
    let done = 0;
    relay.lies.push(
      ofDeliveries(victim.account, (envelopes) => {
        seen.push(...envelopes);
        return envelopes.flatMap((one) => [one, one]);
      }),
      ofRequests(victim.account, 'confirm', (request) => {
        done += request.ids.length;
        return { kind: 'asked', request };
      }),
    );
    await other.say(victim.account, PAYMENT);
    await relay.until(() => done >= 2);
    await other.say(victim.account, THANKS);
    await relay.until(() => done >= 4);
    const again = (): readonly OnItsWay[] => seen.slice(0, 1).map(({ outer }) => ({ id: p.randomBytes(16), outer }));
    relay.callerOf(victim.account).say(delivery(again()));
    await relay.until(() => done >= 5);
    await relay.reconnected(victim.account);
    relay.callerOf(victim.account).say(delivery(again()));
    await relay.until(() => done >= 6);
    const { texts } = victim;
    const once = done >= 6 && TEXTS.every((text) => texts.filter((one) => one === text).length === 1);
    const message = `${String(done)} envelopes were taken, ${String(texts.length)} texts shown: the others were known for copies`;
    return outcome({
      wanted: [PAYMENT, PAYMENT, THANKS, PAYMENT, PAYMENT],
      obtained: texts,
      stop: once ? { check: 'counter', code: undefined, message } : undefined,
    });
  },
};
