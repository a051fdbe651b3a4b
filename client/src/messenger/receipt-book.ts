/** What peers say they received and read (§9.6): own messages delivered, read, or lost and sent anew. */
import {
  type Bytes,
  type ControlEntry,
  decodeMailboxControl,
  type Got,
  isDelivered,
  isWithin,
  type Party,
} from '@waxwing/protocol';
import type { SeqRange } from '../store/message.ts';
import type { OpenedMail } from './opened-mail.ts';
import type { Pair } from './pair.ts';
import { ownDevice, type Place, viewAccount } from './place.ts';
import { withGot, withLostFlights, withVoids } from './receipts.ts';
import { withoutRanges } from './seq-ranges.ts';

export interface ReceiptBookOptions {
  readonly place: Place;
  readonly onDelivered: (account: Bytes, numbers: readonly number[]) => void;
  /** Flights to this device did not arrive: what they told beside their items is to be told again. */
  readonly onLost: (peer: Party) => void;
  /** Something is queued again. */
  readonly onQueued: (account: Bytes) => void;
}

export class ReceiptBook {
  readonly #options: ReceiptBookOptions;

  constructor(options: ReceiptBookOptions) {
    this.#options = options;
  }

  /** What the ctl of an accepted flight says of own flights. */
  mail(pair: Pair, ctl: readonly ControlEntry[]): OpenedMail {
    const { place, onDelivered, onLost, onQueued } = this.#options;
    const { account, peerDevice } = pair.key;
    const { got, read } = decodeMailboxControl(ctl);
    let delivered: readonly number[] = [];
    let anew: readonly number[] = [];
    let seen: readonly number[] = [];
    let lost = false;
    let oldCopy = false;
    return {
      commit: () => {
        if (got !== undefined) {
          oldCopy = got.last > pair.state.sent.seq;
          if (!oldCopy) ({ delivered, anew, lost } = this.#take(pair, got));
        }
        if (read !== undefined) seen = this.#read(pair, read);
      },
      show: () => {
        if (oldCopy) place.observe({ kind: 'restored-copy', peer: viewAccount(place, account) });
        if (delivered.length > 0) onDelivered(account, delivered);
        if (seen.length > 0) place.observe({ kind: 'read', numbers: seen });
        if (anew.length > 0) {
          const reason = 'They did not arrive: a relay lost them, or something between.';
          place.observe({ kind: 'sent-anew', numbers: anew, reason });
        }
        if (lost) onLost({ account, device: peerDevice });
        onQueued(account); // a receipt makes room for what waits
      },
    };
  }

  #take(pair: Pair, got: Got): { delivered: readonly number[]; anew: readonly number[]; lost: boolean } {
    const { place } = this.#options;
    const { posted, mail, errands, outbox, contacts } = place.store;
    const { key } = pair;
    const rows = posted.ofChain(key);
    const isMissing = (seq: number): boolean => isWithin(got.ranges, seq);
    const there = rows.filter(({ seq }) => isDelivered(got, seq));
    const lost = rows.filter(({ seq, kept }) => isMissing(seq) && !kept);
    const upTo = Math.min(got.last, (got.ranges[0]?.[0] ?? Number.POSITIVE_INFINITY) - 1);
    const first = outbox.acknowledge(key, upTo);
    // What went over a live channel that ended before its word lies at no relay, and is delivered or lost all the same.
    const posts = new Set(seqs(rows));
    const live = mail.undecided(key, [upTo + 1, got.last]).filter((seq) => !posts.has(seq));
    const lostSeqs = [...seqs(lost), ...live.filter(isMissing)];
    const deliveredSeqs = [...seqs(there), ...live.filter((seq) => !isMissing(seq))];
    const delivered = [...first, ...mail.deliver(key, deliveredSeqs)];
    errands.done(key, seqs(there));
    const anew = mail.requeue(key, lostSeqs);
    errands.requeue(key, seqs(lost));
    posted.remove([...there, ...lost].map(({ id }) => id));
    const underWay = new Set(rows.filter(({ kept }) => kept).map(({ seq }) => seq));
    const voids = withoutRanges(
      got.ranges,
      [...underWay].map((seq): SeqRange => [seq, seq]),
    );
    const told = withGot(pair.notes, got, ownDevice(place).bundle.certificate.serial);
    pair.notes = withVoids(withLostFlights(told, lostSeqs), voids);
    if (got.last > 0) contacts.setLinkProof(place.relay, key.account, undefined);
    return { delivered: delivered.sort((a, b) => a - b), anew, lost: lost.length > 0 };
  }

  #read(pair: Pair, upTo: number): readonly number[] {
    const { peerRead } = pair.notes;
    if (upTo <= peerRead || upTo > pair.state.sent.seq) return [];
    pair.notes = { ...pair.notes, peerRead: upTo };
    return this.#options.place.store.mail.deliveredBetween(pair.key, peerRead, upTo);
  }
}

function seqs(rows: readonly { readonly seq: number }[]): number[] {
  return rows.map(({ seq }) => seq);
}
