import { OUTER_OVERHEAD } from '@waxwing/protocol';
import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';
import { relayPair } from '../actors/relay-pair.ts';
import { type Attack, outcome } from '../attack.ts';
import { delivery, ofRequests } from '../relay/lie.ts';

/** Envelopes of an event, and events. */
const AT_ONCE = 64;
const EVENTS = 20;
const ALL = AT_ONCE * EVENTS;
const NOISE = new Uint8Array(p.randomBytes(1024 + OUTER_OVERHEAD));

export const attack: Attack = {
  id: 'R18',
  title: 'noise without end',
  has: 'the relay',
  steps: [
    'deliver blobs of random bytes, one after the other',
    'let the client remember each of them, until its disk is full',
  ],
  breaks: ['availability'],
  textbookFalls: undefined,
  stoppedBy: 'remembered',
  remains: 'noise keeps a client busy: each piece costs it one key agreement and one HMAC',
  shippedOnly: true,
  processes: false,
  textbook: undefined,

  waxwing: async (lab) => {
    const { relay, victim } = await relayPair(lab);
    let judged = 0;
    relay.lies.push(
      ofRequests(victim.account, 'unopenable', (request) => {
        judged += request.ids.length;
        return { kind: 'asked', request };
      }),
    );
    const caller = relay.callerOf(victim.account);
    for (let event = 0; event < EVENTS; event++) {
      caller.say(delivery(Array.from({ length: AT_ONCE }, () => ({ id: p.randomBytes(16), outer: NOISE }))));
    }
    await relay.until(() => judged === ALL);
    const kept = await victim.remembered();
    const message = `${String(judged)} were tried, and the newest ${String(kept)} are remembered`;
    return outcome({
      wanted: [`${String(ALL)} remembered`],
      obtained: [`${String(kept)} remembered`],
      stop: judged === ALL && kept < ALL ? { check: 'remembered', code: undefined, message } : undefined,
    });
  },
};
