import type { PrekeySet } from '@waxwing/protocol';
import { MailboxEnd } from '../actors/mailbox-end.ts';
import { joinVictim } from '../actors/relay-pair.ts';
import { type Attack, outcome, type Try } from '../attack.ts';
import type { Lab } from '../lab.ts';
import { EvilRelay } from '../relay/evil-relay.ts';
import { ofAnswers } from '../relay/lie.ts';
import { silentLoss } from '../waxwing/silent-loss.ts';

const HERS = 'from alice';
const ITS = 'from carol';

export const attack: Attack = {
  id: 'R9',
  title: 'one one-time key for two',
  has: 'the relay; no key of its users',
  steps: [
    'give two people who want to write to a third the same one-time key',
    'see whether it opens both, and is not single-use then; or whether one of the two is lost for it',
  ],
  breaks: ['confidentiality', 'delivery'],
  textbookFalls: undefined,
  stoppedBy: 'start',
  processes: false,
  textbook: undefined,

  waxwing: async (lab) => outcome(await openedTwice(lab), await lost(lab)),
};

/** Carol and alice write to the victim, from one set of keys. */
async function write(lab: Lab, tellBack: boolean) {
  const relay = await EvilRelay.start(lab);
  const victim = await joinVictim(lab, relay, 'bob');
  const alice = await MailboxEnd.join(lab, relay.link, 'alice');
  const carol = await MailboxEnd.join(lab, relay.link, 'carol');
  let first: readonly PrekeySet[] | undefined;
  let given = 0;
  relay.lies.push(
    ofAnswers('fetch', (answer) => {
      first ??= answer.sets;
      return given++ < 2 ? { ...answer, sets: first } : answer;
    }),
  );
  if (!tellBack)
    relay.lies.push({ say: (reply) => (reply.kind === 'event' && reply.event.event === 'status' ? [] : [reply]) });
  await carol.say(victim.account, ITS);
  await victim.until(() => victim.texts.includes(ITS));
  await alice.say(victim.account, HERS);
  return { alice, victim };
}

async function openedTwice(lab: Lab): Promise<Try> {
  const { victim } = await write(lab, false);
  await victim.until(() => victim.stops.length > 0 || victim.texts.includes(HERS));
  return { way: 'both are opened', wanted: [ITS, HERS], obtained: victim.texts, stop: victim.stops[0] };
}

async function lost(lab: Lab): Promise<Try> {
  const { alice, victim } = await write(lab, true);
  await victim.until(() => victim.texts.includes(HERS));
  const [anew] = alice.told.filter(({ kind }) => kind === 'sent anew');
  return {
    way: 'the second one is lost',
    ...silentLoss([HERS], { texts: victim.texts, stop: () => victim.stops[0] }),
    stop: anew && { check: 'start', code: undefined, message: `it was refused, and “${HERS}” came with another one` },
  };
}
