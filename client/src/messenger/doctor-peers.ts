/** What the doctor finds between this device and one account. */
import { type Bytes, DAY, gotOf } from '@waxwing/protocol';
import { isPassing, RelayFailure } from '../relay/relay-failure.ts';
import { type Finding, finding, many } from './doctor-report.ts';
import { titleOf } from './names.ts';
import type { Pair } from './pair.ts';
import type { Place } from './place.ts';
import { countSeqs } from './seq-ranges.ts';
import type { Traffic } from './traffic.ts';

export interface PeerCase {
  readonly place: Place;
  readonly traffic: Traffic;
  readonly connected: boolean;
}

export async function examinePeer(of: PeerCase, account: Bytes): Promise<readonly Finding[]> {
  const pair = await of.traffic.pairs.current(account);
  const found = [
    ...(pair === undefined ? [] : [...quarantined(of, pair), ...lostSession(of, pair), ...noReceipt(of, pair)]),
    ...(pair === undefined ? [] : await missing(of, pair)),
    ...waiting(of, account),
  ];
  const about = titleOf(of.place, account);
  return found.map((one) => ({ ...one, about }));
}

/** Deliveries that never came: asked for where that may be. */
async function missing({ place, traffic, connected }: PeerCase, pair: Pair): Promise<Finding[]> {
  const { account } = pair.key;
  const count = countSeqs(gotOf(pair.state.received).ranges);
  if (count === 0) return [];
  const sentence = `${many(count, 'delivery', 'deliveries')} did not arrive.`;
  const { store, relay } = place;
  if (store.peers.get(account)?.blockedAt !== undefined) return []; // nothing of theirs is wanted
  if (store.contacts.get(relay, account)?.standing !== 'open') {
    return [finding('missing', sentence, { next: 'Accept their request: strangers are asked for nothing.' })];
  }
  if (!connected) {
    return [
      finding('missing', sentence, { next: 'Run the doctor again when the relay is connected: it asks for them.' }),
    ];
  }
  const asked = await traffic.quotes.ask(account);
  if (asked > 0) traffic.outgoing.wake(account, { step: true });
  const when =
    asked > 0 ? `${many(asked, 'delivery', 'deliveries')} asked for just now.` : 'Asked for within the last day.';
  const repaired = `${when} They come when the sender is connected.`;
  return [finding('missing', sentence, { repaired, next: 'If it stays so, ask them to connect once.' })];
}

/** Own messages that wait, and for what; those that are not sent any more. */
function waiting({ place, traffic, connected }: PeerCase, account: Bytes): Finding[] {
  const { queued, tooOld } = place.store.outbox.counts({ account });
  const found: Finding[] = [];
  if (queued > 0) {
    const why = traffic.held.of(account);
    const reason = why?.message ?? (connected ? 'They are on their way.' : 'The relay is not connected.');
    const passes = why?.code === 'too-fast' || (why instanceof RelayFailure && isPassing(why));
    const kept = 'They are kept, and tried again by themselves.';
    found.push(
      finding('held-back', `${many(queued, 'message')} ${queued === 1 ? 'waits' : 'wait'} here: ${reason}`, {
        code: why?.code,
        repaired: kept,
        next: passes ? undefined : why?.next,
      }),
    );
  }
  if (tooOld > 0) {
    const sentence = `${many(tooOld, 'message')} ${tooOld === 1 ? 'was' : 'were'} given up on.`;
    found.push(finding('given-up', sentence, { next: 'Send them again with /resend.' }));
  }
  return found;
}

/** What the relay had taken, has no more, and no receipt came of: since a day at least, so that none is merely under way. */
function noReceipt({ place, traffic }: PeerCase, pair: Pair): Finding[] {
  const { store, now } = place;
  const rows = store.posted.ofChain(pair.key);
  const lost = rows.filter((one) => one.lost).length;
  const found: Finding[] = [];
  if (lost > 0) {
    found.push(
      finding('no-receipt', `${many(lost, 'delivery', 'deliveries')} lay at the relay for 30 days, and nobody came.`, {
        repaired: 'They are sent anew when the recipient is back.',
      }),
    );
  }
  const gone = traffic.lost.unknownOf(pair.key).filter(({ at }) => at < now() - DAY).length;
  if (gone > 0) {
    const sentence = `${many(gone, 'delivery', 'deliveries')} that the relay took it has no more, and no receipt came.`;
    found.push(
      finding('no-receipt', sentence, {
        next: 'Ask them to run the doctor: it asks for what did not arrive. A relay that drops what it took looks like this.',
      }),
    );
  }
  return found;
}

function lostSession({ place }: PeerCase, pair: Pair): Finding[] {
  const { lost, sends, notes } = pair;
  if (lost.length === 0) return [];
  const sentence = 'A session was lost: something that was sent in it did not open there.';
  if (!sends) {
    const repaired = 'Another one is started with the next message, once an hour at most.';
    return [finding('session-lost', sentence, { repaired })];
  }
  if (place.now() - notes.restartedAt > DAY) return []; // long over
  return [finding('session-lost', sentence, { repaired: 'Another one was started, and what was lost went again.' })];
}

function quarantined({ place }: PeerCase, pair: Pair): Finding[] {
  if (place.store.chains.get(pair.key).quarantinedAt === undefined) return [];
  return [
    finding('quarantined', 'Too much that does not hold came from there: nothing more of it is taken.', {
      next: 'Ask them, over another way, what runs there.',
    }),
  ];
}
