/** Flights that are missing (§9.6): asked for again, given again as they were signed, and taken as quotes. */
import {
  type Bytes,
  concat,
  DAY,
  decodeMailboxControl,
  ENVELOPE_ID_SIZE,
  type FlightItem,
  gotOf,
  HASH_SIZE,
  isProtocolError,
  LIVE_MAX_AGE,
  MAX_GOT_RANGES,
  type OpenedMailboxFlight,
  type OpenedQuote,
  quoteFlight,
  textOf,
  TYPE_QUOTE,
  TYPE_TEXT,
} from '@waxwing/protocol';
import type { KeptFlight } from '../store/mail.ts';
import type { SeqRange } from '../store/message.ts';
import type { PostedLine } from '../store/posted.ts';
import { DROPPED, type OpenedMail } from './opened-mail.ts';
import type { Pair } from './pair.ts';
import type { Pairs } from './pairs.ts';
import { type Place, viewAccount } from './place.ts';
import { withVoids } from './receipts.ts';
import type { RelayMessage } from './relay-message.ts';
import { countSeqs, joinRanges, withoutRanges } from './seq-ranges.ts';
import type { UnopenedBook } from './unopened-book.ts';

/** Own flights that are given again to one device within a day, each once: whoever asks for more waits. */
const MAX_ANSWERED = 64;
/** Types of items that the program says and nobody typed. */
const OWN_TYPES = 'application/waxwing-';

export interface QuoteBookOptions {
  readonly place: Place;
  readonly pairs: Pairs;
  readonly unopened: UnopenedBook;
  readonly onMessages: (messages: readonly RelayMessage[]) => void;
  /** Whether the account is told anything. */
  readonly mayTell: (account: Bytes) => boolean;
  /** Something is queued for the account, or owed to it. */
  readonly onQueued: (account: Bytes) => void;
}

/** What an answer comes to, flight by flight. */
interface Answer {
  readonly quotes: KeptFlight[];
  /** Seqs that are lost: their errands are queued again. */
  readonly errands: number[];
  readonly voids: SeqRange[];
}

export class QuoteBook {
  readonly #options: QuoteBookOptions;

  constructor(options: QuoteBookOptions) {
    this.#options = options;
  }

  /**
   * What is missing of the account is asked for with the next flight, each seq once a day. How many that are now.
   * @throws WaxwingError where the disk fails
   */
  async ask(account: Bytes): Promise<number> {
    const { place, pairs } = this.#options;
    const pair = await pairs.current(account);
    if (pair === undefined) return 0;
    return await pair.inTurn(async () => {
      const now = place.now();
      const asked = pair.notes.asked.filter(([, , at]) => isOfToday(at, now));
      const taken = asked.map(([from, to]): SeqRange => [from, to]);
      const wanted = withoutRanges(gotOf(pair.state.received).ranges, taken).slice(0, MAX_GOT_RANGES);
      if (wanted.length === 0) return 0;
      pair.notes = {
        ...pair.notes,
        again: joinRanges([...pair.notes.again, ...wanted]).slice(0, MAX_GOT_RANGES),
        asked: [...asked, ...wanted.map(([from, to]) => [from, to, now] as const)],
      };
      try {
        place.store.transaction(() => {
          pair.save();
        });
      } catch (error) {
        pair.revert();
        throw error;
      }
      pair.settle();
      return countSeqs(wanted);
    });
  }

  /** The peer asks for own flights: given again as they were signed, or sent anew, or told to be gone. */
  answer(flight: OpenedMailboxFlight, pair: Pair): OpenedMail | undefined {
    const { place, onQueued } = this.#options;
    const { again } = decodeMailboxControl(flight.ctl);
    const { account } = pair.key;
    if (again === undefined || !this.#options.mayTell(account)) return undefined;
    let anew: readonly number[] = [];
    return {
      commit: () => {
        anew = this.#give(pair, again);
      },
      show: () => {
        const reason = 'The recipient asked for them again, and they are too large to be quoted.';
        if (anew.length > 0) place.observe({ kind: 'sent-anew', numbers: anew, reason });
        onQueued(account);
      },
    };
  }

  /** A flight that was missing, as its sender signed it. What does not pass changes nothing and counts against nobody. */
  async take({ type, body }: FlightItem, pair: Pair): Promise<OpenedMail | undefined> {
    if (type !== TYPE_QUOTE) return undefined;
    const { place, unopened } = this.#options;
    const { account } = pair.key;
    if (!this.#isOpen(account)) return DROPPED;
    try {
      return this.#mail(pair, await pair.conversation.openQuote(body, place.now()));
    } catch (error) {
      if (!isProtocolError(error, 'quote')) throw error;
      // Another copy of it was faster, or it is told to be void.
      if (error.check === 'place') return DROPPED;
      return unopened.mail(error, { id: place.p.sha256(body).slice(0, ENVELOPE_ID_SIZE), account });
    }
  }

  #isOpen(account: Bytes): boolean {
    const { store, relay } = this.#options.place;
    return store.contacts.get(relay, account)?.standing === 'open';
  }

  /** The numbers of the messages that are sent anew. */
  #give(pair: Pair, again: readonly SeqRange[]): readonly number[] {
    const { store, now, p } = this.#options.place;
    const { posted, mail, errands } = store;
    const { key } = pair;
    const at = now();
    const before = pair.notes.answered.filter((one) => isOfToday(one[1], at));
    const rows = posted.ofChain(key);
    const done = new Set(before.map(([seq]) => seq));
    const answer = this.#look(pair, again, { rows, done });
    const anew: number[] = [];
    const voids = [...answer.voids];
    for (const { seq, items, commitments, ...signed } of answer.quotes) {
      const quote = quoteFlight(p, { ...signed, commitments: split(commitments) }, items);
      if (quote === undefined) {
        anew.push(...mail.requeue(key, [seq]));
        posted.remove(idsOf(rows, [seq]));
        voids.push([seq, seq]);
      } else {
        errands.add(key.account, { type: quote.type, body: new Uint8Array(quote.body) });
      }
    }
    errands.requeue(key, answer.errands);
    posted.remove(idsOf(rows, answer.errands));
    const given = [...answer.quotes.map(({ seq }) => seq), ...answer.errands];
    const notes = { ...pair.notes, answered: [...before, ...given.map((seq) => [seq, at] as const)] };
    // A void is told with a receipt, where nothing else goes to this peer.
    pair.notes = voids.length === 0 ? notes : withVoids({ ...notes, owed: notes.owed + 1 }, voids);
    return anew;
  }

  /** What is to be done of what is asked for, as far as this day's measure goes. */
  #look(
    pair: Pair,
    again: readonly SeqRange[],
    { rows, done }: { readonly rows: readonly PostedLine[]; readonly done: ReadonlySet<number> },
  ): Answer {
    const { mail } = this.#options.place.store;
    const answer: Answer = { quotes: [], errands: [], voids: [] };
    const last = pair.state.sent.seq;
    // On its way, or sent anew by itself when the recipient is back.
    const waiting = new Set(rows.filter(({ kept, lost }) => kept || lost).map(({ seq }) => seq));
    let left = MAX_ANSWERED - done.size;
    for (const [from, asked] of again) {
      const to = Math.min(asked, last);
      if (from > to || left <= 0) break;
      const flights = mail.signedFlights(pair.key, [from, to], MAX_ANSWERED);
      const end = flights.length < MAX_ANSWERED ? to : (flights.at(-1)?.seq ?? to);
      const carried = new Set(flights.map(({ seq }) => seq));
      const others = rows.map(({ seq }) => seq).filter((seq) => seq >= from && seq <= end && !carried.has(seq));
      const spared: number[] = [...carried];
      for (const flight of flights) {
        if (left <= 0 || done.has(flight.seq) || waiting.has(flight.seq)) continue;
        answer.quotes.push(flight);
        left -= 1;
      }
      for (const seq of others) {
        if (left <= 0 || done.has(seq) || waiting.has(seq)) {
          spared.push(seq);
          continue;
        }
        answer.errands.push(seq);
        left -= 1;
      }
      const kept = spared.map((seq): SeqRange => [seq, seq]);
      answer.voids.push(...withoutRanges([[from, end]], kept));
    }
    return answer;
  }

  #mail(pair: Pair, quoted: OpenedQuote): OpenedMail {
    const { onMessages } = this.#options;
    let messages: readonly RelayMessage[] = [];
    return {
      commit: () => {
        messages = this.#keep(pair, quoted);
      },
      show: () => {
        onMessages(messages);
      },
    };
  }

  #keep(pair: Pair, quoted: OpenedQuote): readonly RelayMessage[] {
    const { place } = this.#options;
    const { seq, statement, signature, commitments, bundle, sent, age, proof } = quoted;
    const items = quoted.items.filter(({ type }) => !type.startsWith(OWN_TYPES));
    if (items.length === 0) return [];
    const record = { chain: pair.key, seq, statement, signature, commitments: concat(...commitments), bundle, sent };
    const numbers = place.store.history.receive(
      { ...record, proof: JSON.stringify(proof), outcome: 'accepted', age, gap: 0 },
      items,
    );
    const peer = viewAccount(place, pair.key.account);
    const received = place.now();
    const waited = age > LIVE_MAX_AGE ? age : 0;
    return items.flatMap(({ type, body }, index): RelayMessage[] => {
      const number = numbers[index];
      if (number === undefined) return []; // an id is shown once (§5.1)
      const text = type === TYPE_TEXT ? textOf(body) : undefined;
      const shown = { number, peer, type, body, text, sent, received, age, proof, gap: 0, seq, waited };
      return [{ ...shown, late: 'quoted', room: undefined, remark: undefined }];
    });
  }
}

function isOfToday(at: number, now: number): boolean {
  return at > now - DAY && at <= now;
}

function split(commitments: Bytes): Bytes[] {
  return Array.from({ length: commitments.length / HASH_SIZE }, (_, at) =>
    commitments.slice(at * HASH_SIZE, (at + 1) * HASH_SIZE),
  );
}

function idsOf(rows: readonly PostedLine[], seqs: readonly number[]): Bytes[] {
  return rows.filter(({ seq }) => seqs.includes(seq)).map(({ id }) => id);
}
