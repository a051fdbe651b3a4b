import { relayPair } from '../actors/relay-pair.ts';
import { textbookPair } from '../actors/textbook-pair.ts';
import { type Attack, outcome } from '../attack.ts';
import { delivery, ofDeliveries, type OnItsWay } from '../relay/lie.ts';

const SAID = ['shall we pay?', 'no', 'I mean the first one', 'yes, the second one'];
/** Which of them come, one after the other. */
const ORDER = [0, 3, 2, 1];
const WANTED = [...ORDER.map((at) => SAID[at] ?? ''), 'nobody is told'];

export const attack: Attack = {
  id: 'R4',
  title: 'delivered in another order',
  has: 'the relay; no key of its users',
  steps: ['keep all messages of a conversation', 'deliver the first, then the others backwards'],
  breaks: ['integrity'],
  textbookFalls: 'another conversation than the one that was said is shown, all green',
  stoppedBy: 'chain',
  processes: false,

  textbook: async (lab) => {
    const now = Math.floor(lab.now / 1000);
    const { alice, bob } = await textbookPair(lab);
    const sent = SAID.map((text) => alice.send(text, now));
    for (const at of ORDER) bob.recv(sent[at] ?? new Uint8Array(0), now);
    const texts = bob.screen.filter(({ signed }) => signed).map(({ text }) => text);
    return outcome({ wanted: WANTED, obtained: [...texts, 'nobody is told'], stop: undefined });
  },

  waxwing: async (lab) => {
    const { relay, other, victim } = await relayPair(lab);
    const kept: OnItsWay[] = [];
    relay.lies.push(
      ofDeliveries(victim.account, (envelopes) => {
        kept.push(...envelopes);
        return [];
      }),
    );
    for (const text of SAID) await other.say(victim.account, text);
    await relay.until(() => kept.length === SAID.length);
    relay.callerOf(victim.account).say(delivery(ORDER.flatMap((at) => kept[at] ?? [])));
    await victim.until(() => victim.texts.length === SAID.length);
    const told = victim.told.some(({ kind }) => kind === 'missing' || kind === 'late');
    return outcome({
      wanted: WANTED,
      obtained: [...victim.texts, ...(told ? [] : ['nobody is told'])],
      stop: victim.stops[0],
    });
  },
};
