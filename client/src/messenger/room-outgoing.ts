/** What is queued for a room becomes flights (§10.3): one ciphertext, and a copy for each member. */
import {
  type Bytes,
  concat,
  type ControlEntry,
  ENVELOPE_ID_SIZE,
  firstHalf,
  isProtocolError,
  mailboxOf,
  newestEpoch,
  type Party,
  type RoomChange,
  sameParty,
  sealOuter,
  type SealedRoomFlight,
} from '@waxwing/protocol';
import { WaxwingError } from '../errors.ts';
import { RelayFailure } from '../relay/relay-failure.ts';
import type { QueuedMessage } from '../store/message.ts';
import { ownDevice, pairKey, type Place } from './place.ts';
import type { Room } from './room.ts';
import type { RoomChanges } from './room-changes.ts';
import type { Rooms } from './rooms.ts';
import type { RoomTidings } from './room-tidings.ts';

/** When to try again after the disk failed, ms. */
const AFTER_DISK_FAILURE = 10_000;
const CTL_VOID = 'void';
/** Void ranges told in one flight. */
const MAX_VOIDS_TOLD = 12;
/** Copies of one room that the relay does not have yet, at most: a flood waits here and not there. */
const MAX_COPIES = 512;

export interface RoomOutgoingOptions {
  readonly place: Place;
  readonly rooms: Rooms;
  readonly changes: RoomChanges;
  readonly tidings: RoomTidings;
  /** Sealed and on disk: to be put. */
  readonly onSealed: () => void;
  readonly onDelivered: (room: Room, numbers: readonly number[]) => void;
  /** The relay could not be asked for what this room needs. */
  readonly onPassing: (room: Room, failure: RelayFailure) => void;
  readonly onFault: (error: unknown) => void;
}

export class RoomOutgoing {
  readonly #options: RoomOutgoingOptions;
  readonly #working = new Map<Room, { again: boolean; done: Promise<void> }>();
  #up = false;

  constructor(options: RoomOutgoingOptions) {
    this.#options = options;
  }

  up(): void {
    this.#up = true;
    for (const room of this.#options.rooms.all) this.wake(room);
  }

  down(): void {
    this.#up = false;
  }

  /** Resolves when what is being sealed is on disk. */
  async settled(): Promise<void> {
    await Promise.all([...this.#working.values()].map(({ done }) => done));
  }

  /** Nothing is being sealed. */
  get idle(): boolean {
    return this.#working.size === 0;
  }

  /** There may be something to send. */
  wake(room: Room): void {
    const working = this.#working.get(room);
    if (working !== undefined) {
      working.again = true;
      return;
    }
    if (!this.#up) return;
    const run = { again: false, done: Promise.resolve() };
    this.#working.set(room, run);
    run.done = this.#work(room)
      .catch((error: unknown) => {
        if (error instanceof RelayFailure) this.#options.onPassing(room, error);
        else if (error instanceof WaxwingError) this.#diskFailed(room, error);
        else this.#options.onFault(error);
      })
      .finally(() => {
        this.#working.delete(room);
        if (run.again) this.wake(room);
      });
  }

  /** It is tried again: nothing of it has happened. */
  #diskFailed(room: Room, error: WaxwingError): void {
    this.#options.place.observe({ kind: 'storage', error });
    setTimeout(() => this.wake(room), AFTER_DISK_FAILURE).unref();
  }

  async #work(room: Room): Promise<void> {
    const { place, rooms, changes, onSealed } = this.#options;
    while (this.#up && rooms.view(room).standing === 'member' && this.#next(room).length > 0) {
      if (this.#copies(room) > MAX_COPIES) return; // what is put makes room
      const due = room.conversation.changeDue(place.now());
      if (due !== undefined) await this.#renew(room, changes, due);
      if (newestEpoch(room.state).chains.length === 0) {
        this.#askSecret(room);
        return;
      }
      await rooms.bundles.find(this.#others(room));
      await this.#seal(room);
      onSealed();
    }
  }

  /** Who leaves is left out, and an old secret is replaced, before the next message (§10.5). */
  async #renew(room: Room, changes: RoomChanges, due: RoomChange): Promise<void> {
    try {
      await changes.make(room, () => due);
    } catch (error) {
      if (!isProtocolError(error, 'room')) throw error; // another state has come meanwhile
    }
  }

  async #seal(room: Room): Promise<void> {
    const { place, onDelivered } = this.#options;
    let delivered: readonly number[] = [];
    const told = room.voids.slice(0, MAX_VOIDS_TOLD);
    const ctl: ControlEntry[] = told.map(([from, to]) => [CTL_VOID, from, to]);
    let batch: readonly QueuedMessage[] = [];
    try {
      await room.change(
        (conversation) => {
          batch = this.#next(room);
          return conversation.seal({ items: batch, ctl, now: place.now() });
        },
        (sealed) => {
          delivered = this.#keep(
            room,
            sealed,
            batch.map(({ number }) => number),
          );
        },
      );
    } catch (error) {
      // Another state came meanwhile, which has no place for us, or whose secret is still to come.
      if (isProtocolError(error, 'room')) return;
      throw error;
    }
    room.voids = room.voids.filter((range) => !told.includes(range));
    if (delivered.length > 0) onDelivered(room, delivered);
  }

  /** In one transaction with the room: the flight, its copies, and who is to confirm it. */
  #keep(room: Room, sealed: SealedRoomFlight, numbers: readonly number[]): readonly number[] {
    const { place, rooms } = this.#options;
    const { store, p, relay, now } = place;
    const { seq, statement, signature, commitments, sent, copies, without, state } = sealed;
    const bundle = ownDevice(place).bundle.bytes;
    const record = { chain: room.chain, seq, statement, signature, commitments: concat(...commitments), bundle, sent };
    store.outbox.markSent(numbers, record);
    for (const { to, inner } of copies) {
      const member = { account: new Uint8Array(to.account), device: new Uint8Array(to.device) };
      const [known] = rooms.bundles.of(member);
      if (known === undefined) throw new Error('a copy was sealed for a member whose bundle is not known');
      const mailbox = mailboxOf(p, { relay, ...member });
      store.posted.add({
        id: p.randomBytes(ENVELOPE_ID_SIZE),
        relay,
        target: mailbox,
        chain: pairKey(place, member),
        room: room.id,
        seq,
        sid: firstHalf(state),
        outer: sealOuter(p, { inner, dhKey: known.certificate.dhKey, mailbox }),
        at: now(),
        lost: false,
      });
    }
    const expected = [...copies.map(({ to }) => to), ...without];
    store.rooms.expect(room.id, seq, expected);
    return expected.length === 0 ? store.mail.deliver(room.chain, [seq]) : [];
  }

  #next(room: Room): readonly QueuedMessage[] {
    return this.#options.place.store.outbox.nextBatch({ room: room.id });
  }

  #others(room: Room): readonly Party[] {
    const me = ownDevice(this.#options.place).bundle;
    return room.file.members.filter((member) => !sameParty(member, me));
  }

  #copies(room: Room): number {
    return waitingCopies(this.#options.place, room).length;
  }

  #askSecret(room: Room): void {
    const sid: Bytes = firstHalf(newestEpoch(room.state).state);
    this.#options.tidings.ask(room, sid);
  }
}

/** Seqs of the copies of a room's flights that the relay does not have yet, one a copy. */
export function waitingCopies(place: Place, room: Room): readonly number[] {
  const me = ownDevice(place).bundle;
  return room.file.members
    .filter((member) => !sameParty(member, me))
    .flatMap((member) => place.store.posted.ofChain(pairKey(place, member), room.id))
    .filter(({ kept }) => kept)
    .map(({ seq }) => seq);
}
