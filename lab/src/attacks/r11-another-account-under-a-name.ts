import { MailboxEnd } from '../actors/mailbox-end.ts';
import { joinVictim } from '../actors/relay-pair.ts';
import { type Attack, outcome } from '../attack.ts';
import { EvilRelay } from '../relay/evil-relay.ts';
import { ofAnswers } from '../relay/lie.ts';

const NAME = 'bob';
const SECRET = 'only for you';

export const attack: Attack = {
  id: 'R11',
  title: 'another account under a name',
  has: 'the relay, and an account of his own there',
  steps: [
    'wait until somebody who has written to @bob before looks him up again',
    'answer with one’s own account',
    'read what is written to it',
  ],
  breaks: ['authentication', 'confidentiality'],
  textbookFalls: undefined,
  stoppedBy: 'pin',
  remains: 'the first time a name is looked up, its account is the relay’s word, and the line says “first seen”',
  processes: false,
  textbook: undefined,

  waxwing: async (lab) => {
    const relay = await EvilRelay.start(lab);
    const bob = await MailboxEnd.join(lab, relay.link, NAME);
    const mallory = await MailboxEnd.join(lab, relay.link, 'mallory');
    await bob.claim(NAME);
    const victim = await joinVictim(lab, relay, 'alice', { known: new Map([[NAME, bob.account]]) });
    relay.lies.push(ofAnswers('resolve', (answer) => ({ ...answer, account: mallory.account })));
    const found = await victim.find(NAME);
    if (found !== undefined) {
      await victim.say(found, SECRET);
      await mallory.until(() => mallory.texts.length > 0 || victim.stops.length > 0);
    }
    return outcome({ wanted: [SECRET], obtained: mallory.texts, stop: victim.stops[0] });
  },
};
