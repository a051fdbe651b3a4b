/** put, receive, confirm, unopenable, status, signal (§11.4). */
import { ENVELOPE_DAYS, ENVELOPE_STATE, REFUSAL, type RelayRequest } from '@waxwing/protocol/wire';
import { mailboxSubject, NOTICES } from '../../bus/bus.ts';
import { failureFields } from '../../log.ts';
import { type Caller, dayOf, type Handled } from '../caller.ts';
import { Refusal } from '../refusal.ts';

type Request<Op extends RelayRequest['op']> = Extract<RelayRequest, { op: Op }>;

export async function put(caller: Caller, { envelopes }: Request<'put'>): Promise<Handled> {
  const { parts, key } = caller;
  const size = envelopes.reduce((sum, { outer }) => sum + outer.length, 0);
  const retry = Math.max(await parts.rates.puts.take(key, envelopes.length), await parts.rates.bytes.take(key, size));
  if (retry > 0) throw new Refusal(REFUSAL.tooMany, retry);
  const subjects = envelopes.map(({ mailbox }) => mailboxSubject(mailbox));
  const unanswered = await tooManyUnanswered(caller, subjects);
  const admitted = envelopes.filter((_, at) => !unanswered.has(subjects[at] ?? ''));
  caller.remember(admitted.map(({ id }) => id));
  const goes = dayOf(parts.now()) + ENVELOPE_DAYS;
  const stored: Promise<readonly number[]> =
    admitted.length === 0
      ? Promise.resolve([])
      : parts.commits.submit({ kind: 'put', envelopes: admitted, goes, quota: parts.quota });
  return { answer: answerPut(caller, { subjects, unanswered, stored }) };
}

/** Mailboxes that have not written back, and into which this one has written enough (§12). */
async function tooManyUnanswered(
  { parts, subject: from }: Caller,
  subjects: readonly string[],
): Promise<ReadonlySet<string>> {
  const counts = new Map<string, number>();
  for (const subject of subjects) {
    counts.set(subject, (counts.get(subject) ?? 0) + 1);
  }
  const refused = new Set<string>();
  for (const [to, count] of counts) {
    await parts.rates.unanswered.clear(`${to}>${from}`);
    if ((await parts.rates.unanswered.take(`${from}>${to}`, count)) > 0) refused.add(to);
  }
  return refused;
}

async function answerPut(
  { parts, subject: from }: Caller,
  {
    subjects,
    unanswered,
    stored,
  }: {
    subjects: readonly string[];
    unanswered: ReadonlySet<string>;
    stored: Promise<readonly number[]>;
  },
): Promise<{ op: 'put'; codes: number[] }> {
  let codes: readonly number[] | undefined;
  try {
    codes = await stored;
  } catch (error) {
    parts.log.error({ event: 'commit failed', ...failureFields(error) });
  }
  let at = 0;
  const woken = new Set<string>();
  const answered = subjects.map((subject) => {
    if (unanswered.has(subject)) return REFUSAL.tooMany;
    const code = codes === undefined ? REFUSAL.cannotStore : (codes[at++] ?? REFUSAL.cannotStore);
    if (code === 0) woken.add(subject);
    return code;
  });
  // Anybody can make up mailboxes: for those that are not there nothing stays in memory.
  const made = new Set(subjects.filter((_, index) => answered[index] === REFUSAL.mailboxUnknown));
  for (const to of made) await parts.rates.unanswered.clear(`${from}>${to}`);
  parts.metrics.stored(answered.filter((code) => code === 0).length);
  for (const subject of woken) parts.bus.publish(subject, { kind: 'stored' });
  return { op: 'put', codes: answered };
}

export async function receive(caller: Caller): Promise<Handled> {
  // Behind the answer: what is delivered follows it.
  setImmediate(() => caller.startDelivery());
  return { answer: Promise.resolve({ op: 'receive' }) };
}

export async function confirm(caller: Caller, { ids }: Request<'confirm'>): Promise<Handled> {
  const { parts, mailbox } = caller;
  const gone = parts.commits.submit({ kind: 'confirm', mailbox, ids });
  return {
    answer: gone.then(() => {
      caller.confirmed(ids);
      return { op: 'confirm' };
    }),
  };
}

export async function unopenable(caller: Caller, { ids }: Request<'unopenable'>): Promise<Handled> {
  const { parts, mailbox, key } = caller;
  const goes = dayOf(parts.now()) + ENVELOPE_DAYS;
  // Each would lie on the disk for 30 days: above the measure who put it hears of it only where he is there.
  const kept = (await parts.rates.notices.take(key, ids.length)) === 0;
  const gone = parts.commits.submit({ kind: 'unopenable', mailbox, ids, goes: kept ? goes : undefined });
  return {
    answer: gone.then((found) => {
      caller.confirmed(ids);
      if (found.length > 0) {
        parts.bus.publish(NOTICES, { kind: 'notices', ids: found, state: ENVELOPE_STATE.unopenable });
      }
      return { op: 'unopenable' };
    }),
  };
}

export async function status({ parts }: Caller, { ids }: Request<'status'>): Promise<Handled> {
  return { answer: parts.store.states(ids).then((states) => ({ op: 'status', states })) };
}

export async function signal(caller: Caller, { mailbox, outer }: Request<'signal'>): Promise<Handled> {
  const { parts, key } = caller;
  const retry = await parts.rates.signals.take(key);
  if (retry > 0) throw new Refusal(REFUSAL.tooMany, retry);
  parts.bus.publish(mailboxSubject(mailbox), { kind: 'signal', outer });
  return { answer: Promise.resolve({ op: 'signal' }) };
}
