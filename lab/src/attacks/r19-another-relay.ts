import { equalBytes } from '@waxwing/protocol';
import { relayPair } from '../actors/relay-pair.ts';
import { type Attack, outcome, type Try } from '../attack.ts';
import type { Lab } from '../lab.ts';
import { EvilRelay } from '../relay/evil-relay.ts';

export const attack: Attack = {
  id: 'R19',
  title: 'another relay at the address',
  has: 'the address of a relay, or the way to it; no key of it',
  steps: [
    'take the place of a relay with one of his own',
    'wait for its users: learn who they are, and take what they write',
  ],
  breaks: ['authentication', 'confidentiality'],
  textbookFalls: undefined,
  stoppedBy: 'pin',
  shippedOnly: true,
  processes: false,
  textbook: undefined,

  waxwing: async (lab) => outcome(await taken(lab)),
};

async function taken(lab: Lab): Promise<Try> {
  const { relay, victim } = await relayPair(lab, { victim: 'alice' });
  const { port } = relay.link;
  await relay.stop();
  const impostor = await EvilRelay.start(lab, { who: 'mallory', port });
  await victim.until(() => victim.stops.length > 0);
  const learned = impostor.callers.filter(({ account }) => equalBytes(account, victim.account));
  return { wanted: ['who calls'], obtained: learned.map(() => 'who calls'), stop: victim.stops[0] };
}
