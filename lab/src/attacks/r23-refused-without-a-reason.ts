import { REFUSAL } from '@waxwing/protocol';
import { relayPair } from '../actors/relay-pair.ts';
import { type Attack, outcome, type Try } from '../attack.ts';
import type { Lab } from '../lab.ts';
import { ofRequests } from '../relay/lie.ts';
import { deliveredBy, silentLoss } from '../waxwing/silent-loss.ts';

const FIRST = 'are you there?';
const TEXT = 'it matters';

/** What it says of an envelope that it could store. */
const WAYS: Readonly<Record<string, number>> = {
  'that the mailbox is not there': REFUSAL.mailboxUnknown,
  'that the name of the envelope is taken': REFUSAL.idTaken,
};

export const attack: Attack = {
  id: 'R23',
  title: 'refused without a reason',
  has: 'the relay',
  steps: [
    'say once of a message that it cannot be stored, for one reason or another',
    'cut the sender, and store what he puts from then on',
    'see whether the message is given up, and its sender not told',
  ],
  breaks: ['delivery'],
  textbookFalls: undefined,
  stoppedBy: 'receipt',
  remains: 'as long as it refuses, nothing goes: it is shown as waiting',
  shippedOnly: true,
  processes: false,
  textbook: undefined,

  waxwing: async (lab) => {
    const tries: Try[] = [];
    for (const [way, code] of Object.entries(WAYS)) tries.push(await refused(lab, way, code));
    return outcome(...tries);
  },
};

async function refused(lab: Lab, way: string, code: number): Promise<Try> {
  const { relay, other, victim } = await relayPair(lab, { victim: 'alice' });
  await victim.say(other.account, FIRST);
  await victim.until(() => victim.delivered.includes(FIRST));
  let refusals = 0;
  relay.lies.push(
    ofRequests(victim.account, 'put', (request) => {
      if (refusals++ > 0) return { kind: 'asked', request };
      return { kind: 'answered', answer: { op: 'put', codes: request.envelopes.map(() => code) } };
    }),
  );
  void victim.say(other.account, TEXT);
  await relay.until(() => refusals > 0);
  await relay.reconnected(victim.account);
  await other.until(() => other.texts.includes(TEXT), 3_000);
  const addressee = { texts: other.texts, stop: () => victim.stops[0] };
  return { way, ...silentLoss([TEXT], addressee), stop: deliveredBy('receipt', [TEXT], addressee) };
}
