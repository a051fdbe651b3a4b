import { relayPair } from '../actors/relay-pair.ts';
import { textbookPair } from '../actors/textbook-pair.ts';
import { type Attack, outcome } from '../attack.ts';
import { ofDeliveries } from '../relay/lie.ts';
import { silentLoss } from '../waxwing/silent-loss.ts';

const TEXTS = ['sell', 'wait: do not', 'at five'];
/** The one that never comes. */
const LEFT_OUT = 1;
const LOST = TEXTS.slice(LEFT_OUT, LEFT_OUT + 1);

export const attack: Attack = {
  id: 'R1',
  title: 'a message left out',
  has: 'the relay; no key of its users',
  steps: ['let the first message through', 'keep the second one back for good', 'let the third one through'],
  breaks: ['delivery', 'integrity'],
  textbookFalls: 'two of three messages are shown, all green, and nothing tells that there was another one',
  stoppedBy: 'chain',
  remains: 'what is kept back at the end is not missed by its recipient until something comes after it',
  processes: false,

  textbook: async (lab) => {
    const now = Math.floor(lab.now / 1000);
    const { alice, bob } = await textbookPair(lab);
    const sent = TEXTS.map((text) => alice.send(text, now));
    for (const bytes of sent.filter((_, at) => at !== LEFT_OUT)) bob.recv(bytes, now);
    const texts = bob.screen.filter(({ signed }) => signed).map(({ text }) => text);
    return outcome({ ...silentLoss(LOST, { texts, stop: () => undefined }), stop: undefined });
  },

  waxwing: async (lab) => {
    const { relay, other, victim } = await relayPair(lab);
    let number = 0;
    relay.lies.push(ofDeliveries(victim.account, (envelopes) => envelopes.filter(() => number++ !== LEFT_OUT)));
    for (const text of TEXTS) await other.say(victim.account, text);
    await victim.until(() => victim.texts.length === TEXTS.length - 1);
    const [stop] = victim.stops;
    return outcome({ ...silentLoss(LOST, { texts: victim.texts, stop: () => stop }), stop });
  },
};
