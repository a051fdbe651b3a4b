/** Two users of one relay that lies, of whom one is the victim. */
import type { Bytes } from '@waxwing/protocol';
import type { Lab } from '../lab.ts';
import type { Name } from '../people.ts';
import { EvilRelay } from '../relay/evil-relay.ts';
import { MailboxEnd } from './mailbox-end.ts';
import { MessengerEnd } from './messenger-end.ts';
import type { RelayEnd } from './relay-end.ts';

export interface RelayPair {
  readonly relay: EvilRelay;
  /** Bob unless the victim is; the lab's client, with all its checks. */
  readonly other: MailboxEnd;
  readonly victim: RelayEnd;
}

export interface VictimOptions {
  /** Names it has looked up before, and whose they were. */
  readonly known?: ReadonlyMap<string, Bytes>;
  /** Its clock, Unix ms; the true one unless given. */
  readonly now?: () => number;
}

/** `victim`: bob unless given; the other one is then alice. */
export async function relayPair(
  lab: Lab,
  { victim = 'bob', ...options }: VictimOptions & { readonly victim?: 'alice' | 'bob' } = {},
): Promise<RelayPair> {
  const relay = await EvilRelay.start(lab);
  const other = await MailboxEnd.join(lab, relay.link, victim === 'bob' ? 'alice' : 'bob');
  return { relay, other, victim: await joinVictim(lab, relay, victim, options) };
}

/** The end that an attack is aimed at: the shipped client, or the lab's, as the lab says. It hears alice, bob and carol. */
export async function joinVictim(
  lab: Lab,
  relay: EvilRelay,
  who: Name,
  options: VictimOptions = {},
): Promise<RelayEnd> {
  if (lab.victim === 'composed') return await MailboxEnd.join(lab, relay.link, who, { ...options, victim: true });
  const people = await lab.people.persons('alice', 'bob', 'carol');
  const contacts = people.map(({ device }) => device.bundle.account);
  return await MessengerEnd.join(lab, relay.link, who, { ...options, contacts });
}
