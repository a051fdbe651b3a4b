/** Two users of one relay that lies, of whom one is the victim. */
import type { Lab } from '../lab.ts';
import type { Name } from '../people.ts';
import { EvilRelay } from '../relay/evil-relay.ts';
import { MailboxEnd, type MailboxEndOptions } from './mailbox-end.ts';
import type { RelayEnd } from './relay-end.ts';

export interface RelayPair {
  readonly relay: EvilRelay;
  /** Bob unless the victim is; the lab's client, with all its checks. */
  readonly other: MailboxEnd;
  readonly victim: RelayEnd;
}

/** `victim`: bob unless given; the other one is then alice. */
export async function relayPair(
  lab: Lab,
  { victim = 'bob', ...options }: Omit<MailboxEndOptions, 'victim'> & { readonly victim?: 'alice' | 'bob' } = {},
): Promise<RelayPair> {
  const relay = await EvilRelay.start(lab);
  const other = await MailboxEnd.join(lab, relay.link, victim === 'bob' ? 'alice' : 'bob');
  return { relay, other, victim: await joinVictim(lab, relay, victim, options) };
}

/** The end that an attack is aimed at. */
export async function joinVictim(
  lab: Lab,
  relay: EvilRelay,
  who: Name,
  options: Omit<MailboxEndOptions, 'victim'> = {},
): Promise<RelayEnd> {
  return await MailboxEnd.join(lab, relay.link, who, { ...options, victim: true });
}
