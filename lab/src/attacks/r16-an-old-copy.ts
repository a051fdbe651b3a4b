import { MailboxEnd } from '../actors/mailbox-end.ts';
import { joinVictim } from '../actors/relay-pair.ts';
import { type Attack, outcome, type Try } from '../attack.ts';
import type { Lab } from '../lab.ts';
import { EvilRelay } from '../relay/evil-relay.ts';
import { ofRequests } from '../relay/lie.ts';
import { silentLoss } from '../waxwing/silent-loss.ts';

const BEFORE = 'before the copy';
const AFTER = 'after it';

export const attack: Attack = {
  id: 'R16',
  title: 'an old copy of the store',
  has: 'the relay, and a copy of everything it had stored at some time; or an operator who restored a backup',
  steps: [
    'keep a copy while a first message waits, and let that be read',
    'go on from the copy: the message waits again, and the one-time key it used is there again',
    'give that key to another, who writes for the first time',
  ],
  breaks: ['integrity', 'confidentiality', 'delivery'],
  textbookFalls: undefined,
  stoppedBy: 'start',
  remains:
    'what it had stored since the copy is gone: what was not delivered is not sent again by itself before its sender learns of it',
  processes: false,
  textbook: undefined,

  waxwing: async (lab) => outcome(...(await rolledBack(lab))),
};

async function rolledBack(lab: Lab): Promise<Try[]> {
  const relay = await EvilRelay.start(lab);
  const victim = await joinVictim(lab, relay, 'bob');
  const alice = await MailboxEnd.join(lab, relay.link, 'alice');
  const carol = await MailboxEnd.join(lab, relay.link, 'carol');
  await relay.keepCopy(); // all keys are there still
  let confirmed = 0;
  relay.lies.push(
    ofRequests(victim.account, 'confirm', (request) => {
      confirmed += request.ids.length;
      return { kind: 'asked', request };
    }),
  );
  await alice.say(victim.account, BEFORE);
  await relay.until(() => confirmed === 1);
  await relay.rollBack();
  await relay.until(() => relay.receives(victim.account));
  await carol.say(victim.account, AFTER);
  await victim.until(() => victim.texts.includes(AFTER));
  const once = victim.texts.filter((text) => text === BEFORE);
  const [stop] = victim.stops;
  return [
    {
      way: 'a used one-time key starts another session',
      wanted: [AFTER, 'with a used key'],
      obtained: [...victim.texts.slice(1), ...(stop === undefined ? ['with a used key'] : [])],
      stop,
    },
    {
      way: 'the other’s message is lost for it',
      ...silentLoss([AFTER], { texts: victim.texts, stop: () => stop }),
      stop,
    },
    { way: 'what was read comes again', wanted: [BEFORE, BEFORE], obtained: once, stop },
  ];
}
