/** A look at everything that may be wrong at a relay (§9.4, §9.6): what can be mended is, and the rest is said. */
import { type Bytes, gotOf } from '@waxwing/protocol';
import { RelayFailure } from '../relay/relay-failure.ts';
import type { RelayRequests } from '../relay/relay-requests.ts';
import type { DoctorReport } from './messenger.ts';
import { titleOf } from './names.ts';
import type { Place } from './place.ts';
import type { PrekeyKeeper } from './prekey-keeper.ts';
import { countSeqs } from './seq-ranges.ts';
import type { Traffic } from './traffic.ts';

export interface Patient {
  readonly place: Place;
  readonly keeper: PrekeyKeeper;
  readonly traffic: Traffic;
  /** Of the channel that stands. */
  readonly requests: RelayRequests | undefined;
}

type Open = DoctorReport['open'][number];

export async function examine(patient: Patient): Promise<DoctorReport> {
  const { traffic, requests } = patient;
  const repaired: string[] = [];
  const open: Open[] = [];
  if (requests === undefined) {
    open.push({ sentence: 'The relay is not connected.', next: 'Nothing: it is called again by itself.' });
  } else {
    await mend(patient, requests, { repaired, open });
  }
  open.push(...(await missing(patient, repaired)), ...waiting(patient));
  return { unopenable: traffic.unopened.list(), repaired, open };
}

/** What may be done at any time: new prekeys where they are due, a question after old envelopes, another try for what waits. */
async function mend(
  { place, keeper, traffic }: Patient,
  requests: RelayRequests,
  found: { readonly repaired: string[]; readonly open: Open[] },
): Promise<void> {
  const { store, relay } = place;
  try {
    const counter = keeper.held[0]?.counter ?? 0;
    if (await keeper.refill(requests, { counter, entriesLeft: Number.POSITIVE_INFINITY })) {
      found.repaired.push('New one-time keys were left at the relay, so that others can write to you.');
    }
    await traffic.lost.review(requests);
  } catch (error) {
    if (!(error instanceof RelayFailure)) throw error;
    found.open.push({ sentence: error.message, next: error.next });
  }
  for (const { account } of store.contacts.list(relay)) traffic.outgoing.wake(account);
}

/** Deliveries of others that never came. */
async function missing({ place, traffic, requests }: Patient, repaired: string[]): Promise<Open[]> {
  const { store, relay } = place;
  const open: Open[] = [];
  for (const { account } of store.contacts.list(relay)) {
    const pair = await traffic.pairs.current(account);
    const count = pair === undefined ? 0 : countSeqs(gotOf(pair.state.received).ranges);
    if (count === 0) continue;
    const title = titleOf(place, account);
    open.push({
      sentence: `${deliveries(count)} of ${title} did not arrive.`,
      next: 'Nothing: they were asked for, and come when the sender is connected. Each is asked for once a day.',
    });
    if (requests === undefined || !mayAsk(place, account)) continue;
    const asked = await traffic.quotes.ask(account);
    if (asked === 0) continue;
    repaired.push(
      `${deliveries(asked)} of ${title} that did not arrive ${asked === 1 ? 'was' : 'were'} asked for again.`,
    );
    traffic.outgoing.wake(account, { step: true });
  }
  return open;
}

/** Requests and blocked accounts are told nothing. */
function mayAsk({ store, relay }: Place, account: Bytes): boolean {
  return store.contacts.get(relay, account)?.standing === 'open' && store.peers.get(account)?.blockedAt === undefined;
}

function deliveries(count: number): string {
  return `${String(count)} ${count === 1 ? 'delivery' : 'deliveries'}`;
}

/** Own messages that wait. */
function waiting({ place }: Patient): Open[] {
  const { store, relay } = place;
  return store.contacts.list(relay).flatMap(({ account }): Open[] => {
    const { queued, tooOld } = store.outbox.counts({ account });
    const title = titleOf(place, account);
    const given = {
      sentence: `${String(tooOld)} to ${title} were given up on.`,
      next: 'Send them again with /resend.',
    };
    const held = {
      sentence: `${String(queued)} to ${title} wait for a session.`,
      next: 'Nothing: it is tried again by itself. Ask your peer to connect once if it lasts.',
    };
    return [...(tooOld > 0 ? [given] : []), ...(queued > 0 ? [held] : [])];
  });
}
