/** What members say they have of a room's own flights (§10.3), and what they ask for (§10.5). */
import {
  type Bytes,
  isDelivered,
  isWithin,
  MAX_SENT_ANEW,
  type RoomGot,
  type RoomQuestion,
  toHex,
} from '@waxwing/protocol';
import { DROPPED, type OpenedMail } from './opened-mail.ts';
import { pairKey, type Place } from './place.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';

/** Until the same state is given to the same member once more, ms. */
const ANSWER_AGAIN = 60_000;
/** Missing flights that one receipt has sent anew. */
const MAX_ANEW = 64;

export interface RoomReceiptsOptions {
  readonly place: Place;
  readonly rooms: Rooms;
  readonly onDelivered: (room: Room, numbers: readonly number[]) => void;
  /** Something is queued for the room. */
  readonly onQueued: (room: Room) => void;
  readonly onErrand: (account: Bytes) => void;
}

interface Member {
  readonly account: Bytes;
  readonly device: Bytes;
}

export class RoomReceipts {
  readonly #options: RoomReceiptsOptions;
  /** When a state was given to whom; monotonic, ms. */
  readonly #answered = new Map<string, number>();

  constructor(options: RoomReceiptsOptions) {
    this.#options = options;
  }

  /** A `room-got` of this member. */
  got(from: Member, got: RoomGot): OpenedMail {
    const { place, rooms, onDelivered, onQueued } = this.#options;
    const room = rooms.get(got.room);
    if (room === undefined || got.last > room.state.sent.seq) return DROPPED;
    let delivered: readonly number[] = [];
    let anew: readonly number[] = [];
    return {
      commit: () => {
        ({ delivered, anew } = this.#take(room, from, got));
      },
      show: () => {
        if (delivered.length > 0) onDelivered(room, delivered);
        if (anew.length === 0) return;
        place.observe({ kind: 'sent-anew', numbers: anew, reason: 'They did not arrive at a member of the room.' });
        onQueued(room);
      },
    };
  }

  /** A question for a state. */
  answer(from: Member, question: RoomQuestion): OpenedMail {
    const { place, rooms, onErrand } = this.#options;
    const answer = rooms.get(question.room)?.conversation.answer(question, from);
    const name = [question.room, question.sid, from.account, from.device].map(toHex).join('/');
    const since = performance.now() - (this.#answered.get(name) ?? -ANSWER_AGAIN);
    if (answer === undefined || since < ANSWER_AGAIN) return DROPPED;
    this.#answered.set(name, performance.now());
    return {
      commit: () => {
        place.store.errands.add(from.account, { type: answer.item.type, body: new Uint8Array(answer.item.body) });
      },
      show: () => {
        onErrand(from.account);
      },
    };
  }

  /** A copy did not open there, and is lost; or its mailbox is gone, and nobody will ever read it. */
  lost(room: Room, of: { readonly id: Bytes; readonly seq: number; readonly gone: boolean }): void {
    const { place, onQueued } = this.#options;
    const { store } = place;
    const anew = store.transaction(() => {
      store.posted.remove([of.id]);
      return of.gone ? [] : this.#sendAnew(room, [of.seq]);
    });
    if (anew.length === 0) return;
    place.observe({ kind: 'sent-anew', numbers: anew, reason: 'They did not open at a member of the room.' });
    onQueued(room);
  }

  #take(room: Room, from: Member, got: RoomGot): { delivered: readonly number[]; anew: readonly number[] } {
    const { store } = this.#options.place;
    const chain = pairKey(this.#options.place, from);
    const rows = store.posted.ofChain(chain, room.id);
    const waiting = store.rooms.unconfirmed(room.id, from);
    const seqs = store.rooms.confirm(
      room.id,
      waiting.filter(({ seq }) => isDelivered(got, seq)),
    );
    const delivered = store.mail.deliver(room.chain, seqs);
    const underWay = new Set(rows.filter(({ kept }) => kept).map(({ seq }) => seq));
    const missing = waiting.filter(({ seq }) => isWithin(got.ranges, seq) && !underWay.has(seq)).slice(0, MAX_ANEW);
    store.posted.remove(
      rows.filter(({ seq }) => isDelivered(got, seq) || missing.some((one) => one.seq === seq)).map(({ id }) => id),
    );
    const known = new Set(waiting.map(({ seq }) => seq));
    this.#voidUnknown(room, got, known);
    const anew = this.#sendAnew(
      room,
      missing.map(({ seq }) => seq),
    );
    return { delivered, anew };
  }

  /** What is named as missing and is waited for by nobody holds nothing: it is told as void. */
  #voidUnknown(room: Room, { ranges }: RoomGot, known: ReadonlySet<number>): void {
    const voids = new Set(room.voids.map(([from]) => from));
    for (const [from, to] of ranges) {
      for (let seq = from; seq <= to && voids.size < MAX_ANEW; seq++) if (!known.has(seq)) voids.add(seq);
    }
    room.voids = [...voids].sort((a, b) => a - b).map((seq) => [seq, seq] as const);
  }

  /** Their messages are queued for the room again: new seqs, the same ids, so that nobody sees them twice. */
  #sendAnew(room: Room, wanted: readonly number[]): readonly number[] {
    const { store } = this.#options.place;
    const given = new Set(store.mail.countTries(store.mail.numbersOf(room.chain, wanted), MAX_SENT_ANEW));
    // What was sent four times stays as it is: it may be that this member only says that it did not come.
    const seqs = wanted.filter((seq) => !store.mail.numbersOf(room.chain, [seq]).every((number) => given.has(number)));
    const anew = store.mail.requeue(room.chain, seqs, given);
    store.rooms.confirm(
      room.id,
      store.rooms.unconfirmed(room.id).filter(({ seq }) => seqs.includes(seq)),
    );
    room.voids = [...room.voids, ...seqs.map((seq) => [seq, seq] as const)];
    return anew;
  }
}
