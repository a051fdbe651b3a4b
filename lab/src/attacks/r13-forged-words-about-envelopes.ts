import { type Bytes, ENVELOPE_STATE, type NoticedState } from '@waxwing/protocol';
import { relayPair } from '../actors/relay-pair.ts';
import { type Attack, outcome, type Try } from '../attack.ts';
import type { Lab } from '../lab.ts';
import { ofRequests } from '../relay/lie.ts';

const TEXT = 'once is enough';
/** How often it lies. */
const TIMES = 5;
/** What is sent anew is put within this time, ms. */
const SOON = 400;

export const attack: Attack = {
  id: 'R13',
  title: 'forged words about envelopes',
  has: 'the relay; no key of its users',
  steps: [
    'say of each envelope that its recipient could not open it, again and again',
    'let the sender make new sessions: each takes a one-time key, and sends the message once more',
  ],
  breaks: ['availability', 'integrity'],
  textbookFalls: undefined,
  stoppedBy: 'repair',
  remains: 'its word costs one new session an hour, and may leave a message shown as not delivered that was',
  processes: false,
  textbook: undefined,

  waxwing: async (lab) => {
    const tries = [await said(lab, 'could not be opened', ENVELOPE_STATE.unopenable)];
    // The lab's own client does nothing about a mailbox that is gone.
    if (lab.victim === 'shipped')
      tries.push(await said(lab, 'lay in a mailbox that is gone', ENVELOPE_STATE.mailboxGone));
    return outcome(...tries);
  },
};

async function said(lab: Lab, way: string, state: NoticedState): Promise<Try> {
  const { relay, other, victim } = await relayPair(lab, { victim: 'alice' });
  const put: Bytes[] = [];
  relay.lies.push(
    ofRequests(victim.account, 'put', (request) => {
      put.push(...request.envelopes.map(({ id }) => id));
      return { kind: 'asked', request };
    }),
    // What its recipient says of it is kept from the sender: it would settle the matter.
    ofRequests(other.account, 'put', ({ op, envelopes }) => ({
      kind: 'answered',
      answer: { op, codes: envelopes.map(() => 0) },
    })),
  );
  await victim.say(other.account, TEXT);
  for (let time = 0; time < TIMES; time++) {
    const { length } = put;
    const id = put.at(-1) ?? new Uint8Array(16);
    const notices = [{ id, state }] as const;
    relay.callerOf(victim.account).say({ kind: 'event', event: { event: 'status', notices } });
    if (!(await victim.until(() => put.length > length, SOON))) break;
  }
  await other.until(() => other.starts.length === put.length);
  const more = put.length - 1;
  const once = more > 0 && more < TIMES && other.texts.length === 1;
  const message = `it made ${String(more)} more, and the message is shown once`;
  return {
    way,
    wanted: Array.from({ length: TIMES }, () => 'one more session'),
    obtained: Array.from({ length: more }, () => 'one more session'),
    stop: once ? { check: 'repair', code: undefined, message } : victim.stops[0],
  };
}
