import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';
import { MailboxEnd } from '../actors/mailbox-end.ts';
import { relayPair } from '../actors/relay-pair.ts';
import { type Attack, outcome, type Try } from '../attack.ts';
import type { Lab } from '../lab.ts';
import { delivery, ofDeliveries, ofRequests, type OnItsWay } from '../relay/lie.ts';
import { silentLoss } from '../waxwing/silent-loss.ts';

const TEXT = 'as it was sent';

export const attack: Attack = {
  id: 'R10',
  title: 'other blobs than were sent',
  has: 'the relay: every blob that is stored there; no key of its users',
  steps: [
    'change a bit of what lies in a mailbox, so that its message is lost',
    'give somebody what lies in another’s mailbox, or what he sent himself',
  ],
  breaks: ['integrity', 'delivery'],
  textbookFalls: undefined,
  stoppedBy: 'outer',
  processes: false,
  textbook: undefined,

  waxwing: async (lab) => outcome(await changed(lab), await misdelivered(lab), await reflected(lab)),
};

/** The first blob that comes by is changed in one bit; its sender may send it anew. */
async function changed(lab: Lab): Promise<Try> {
  const { relay, other, victim } = await relayPair(lab);
  let number = 0;
  relay.lies.push(
    ofDeliveries(victim.account, (envelopes) =>
      envelopes.map((one) => {
        if (number++ > 0) return one;
        const outer = one.outer.slice();
        const place = 32 + (p.randomBytes(1)[0] as number); // behind the key, whose last bit says nothing
        outer[place] = (outer[place] as number) ^ 1;
        return { ...one, outer };
      }),
    ),
  );
  await other.say(victim.account, TEXT);
  await victim.until(() => victim.texts.includes(TEXT));
  const [stop] = victim.stops;
  return { way: 'changed in one bit', ...silentLoss([TEXT], { texts: victim.texts, stop: () => stop }), stop };
}

/** What was sent to carol is given to the victim. */
async function misdelivered(lab: Lab): Promise<Try> {
  const { relay, other, victim } = await relayPair(lab);
  const carol = await MailboxEnd.join(lab, relay.link, 'carol');
  let hers: readonly OnItsWay[] = [];
  relay.lies.push(
    ofDeliveries(carol.account, (envelopes) => {
      hers = envelopes;
      return envelopes;
    }),
  );
  await other.say(carol.account, TEXT);
  await carol.until(() => carol.texts.includes(TEXT));
  relay.callerOf(victim.account).say(delivery(hers));
  await victim.until(() => victim.stops.length > 0 || victim.texts.length > 0);
  return { way: 'that of another', wanted: [TEXT], obtained: victim.texts, stop: victim.stops[0] };
}

/** What the victim sent comes back to itself. */
async function reflected(lab: Lab): Promise<Try> {
  const { relay, other, victim } = await relayPair(lab, { victim: 'alice' });
  let own: readonly OnItsWay[] = [];
  relay.lies.push(
    ofRequests(victim.account, 'put', (request) => {
      own = request.envelopes;
      return { kind: 'asked', request };
    }),
  );
  await victim.say(other.account, TEXT);
  await other.until(() => other.texts.includes(TEXT));
  relay.callerOf(victim.account).say(delivery(own));
  await victim.until(() => victim.stops.length > 0 || victim.texts.length > 0);
  return { way: 'one’s own', wanted: [TEXT], obtained: victim.texts, stop: victim.stops[0] };
}
