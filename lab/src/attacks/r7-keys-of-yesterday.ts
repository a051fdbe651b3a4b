import { type Bytes, DAY, ENVELOPE_STATE, type PrekeySet } from '@waxwing/protocol';
import type { MailboxEnd } from '../actors/mailbox-end.ts';
import { relayPair, type RelayPair } from '../actors/relay-pair.ts';
import { type Attack, outcome, type Try } from '../attack.ts';
import type { Lab } from '../lab.ts';
import { ofAnswers, ofRequests } from '../relay/lie.ts';

const TEXT = 'as agreed';

export const attack: Attack = {
  id: 'R7',
  title: 'keys of yesterday',
  has: 'the relay; and of some device the keys that it has replaced since, because they had leaked',
  steps: [
    'keep the bundle and the prekeys of a device when it uploads newer ones',
    'say that a message could not be opened, so that a new session is started',
    'hand out the old ones for it',
  ],
  breaks: ['confidentiality', 'freshness'],
  textbookFalls: undefined,
  stoppedBy: 'prekeys',
  remains: 'who meets a device for the first time knows of no newer keys: then a week is the most that old ones live',
  processes: false,
  textbook: undefined,

  waxwing: async (lab) => outcome(await olderStatement(lab), await olderCertificate(lab), await outOfDate(lab)),
};

async function olderStatement(lab: Lab): Promise<Try> {
  const pair = await relayPair(lab, { victim: 'alice' });
  const old = await setsOf(pair.other);
  await pair.other.leavePrekeys(2);
  await startAgain(pair, old);
  return tryOf('an older statement', pair, ({ counter }) => counter === 1);
}

async function olderCertificate(lab: Lab): Promise<Try> {
  const pair = await relayPair(lab, { victim: 'alice' });
  const old = await setsOf(pair.other);
  const before = pair.other.device.bundle.certificate.serial;
  await pair.other.renew();
  await pair.other.leavePrekeys(2);
  await startAgain(pair, old);
  return tryOf('an older certificate', pair, ({ serial }) => serial === before);
}

/** To one who meets the device for the first time. */
async function outOfDate(lab: Lab): Promise<Try> {
  const clock = { ahead: 0 };
  const pair = await relayPair(lab, { victim: 'alice', now: () => Date.now() + clock.ahead });
  clock.ahead = 8 * DAY;
  await pair.victim.say(pair.other.account, TEXT);
  await pair.other.until(() => pair.other.starts.length > 0 || pair.victim.stops.length > 0);
  return tryOf('a statement that has come to its end', pair, ({ counter }) => counter === 1);
}

/** What the relay has of a device. */
async function setsOf(end: MailboxEnd): Promise<readonly PrekeySet[]> {
  return (await (await end.member()).ask({ op: 'fetch', account: end.account, withEntry: true })).sets;
}

/** Has the victim start once from what is there, and then again from `old`. */
async function startAgain({ relay, other, victim }: RelayPair, old: readonly PrekeySet[]): Promise<void> {
  let last: Bytes | undefined;
  relay.lies.push(
    ofRequests(victim.account, 'put', (request) => {
      last = request.envelopes.at(-1)?.id;
      return { kind: 'asked', request };
    }),
    // That it has come is kept from the victim.
    ofRequests(other.account, 'put', ({ op, envelopes }) => ({
      kind: 'answered',
      answer: { op, codes: envelopes.map(() => 0) },
    })),
  );
  await victim.say(other.account, TEXT);
  await other.until(() => other.starts.length > 0);
  relay.lies.push(ofAnswers('fetch', (answer) => ({ ...answer, sets: old })));
  if (last === undefined) throw new Error('the victim has put nothing');
  const notices = [{ id: last, state: ENVELOPE_STATE.unopenable }] as const;
  relay.callerOf(victim.account).say({ kind: 'event', event: { event: 'status', notices } });
  await victim.until(() => victim.stops.length > 0 || victim.told.some(({ kind }) => kind === 'sent anew'));
  await other.until(() => victim.stops.length > 0 || other.starts.length > 1);
}

function tryOf(
  way: string,
  { other, victim }: RelayPair,
  isOld: (start: MailboxEnd['starts'][number]) => boolean,
): Try {
  const started = `a session started from it`;
  return { way, wanted: [started], obtained: other.starts.filter(isOld).map(() => started), stop: victim.stops[0] };
}
