/** What is done to rooms (§10.1): made, changed and left, each in one transaction with the items that tell it. */
import {
  createRoom,
  type Bytes,
  isProtocolError,
  type ItemTo,
  type MadeItems,
  newestEpoch,
  type RoomChange,
  type RoomState,
} from '@waxwing/protocol';
import { ownDevice, type Place } from './place.ts';
import { meetMember, settleMembers, tellState } from './room-states.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';

export interface RoomChangesOptions {
  readonly place: Place;
  readonly rooms: Rooms;
  /** Something is queued for this account. */
  readonly onErrand: (account: Bytes) => void;
  readonly onDelivered: (room: Room, numbers: readonly number[]) => void;
}

export class RoomChanges {
  readonly #options: RoomChangesOptions;

  constructor(options: RoomChangesOptions) {
    this.#options = options;
  }

  /** @throws ProtocolError `room`, check `grammar`, for a name that no room can have */
  async create(name: string): Promise<Room> {
    const { place, rooms } = this.#options;
    const made = await createRoom(place.p, ownDevice(place), { name, members: [], now: place.now() });
    const room = rooms.add(made.record);
    try {
      place.store.transaction(() => {
        room.save();
      });
    } catch (error) {
      rooms.forget(room);
      throw error;
    }
    room.settle();
    tellState({ place, rooms }, room, { state: made.state, before: undefined });
    return room;
  }

  /** The change is made of what is newest when it is this one's turn. @throws ProtocolError `room`; nothing has changed then */
  async make(room: Room, change: (newest: RoomState) => RoomChange): Promise<void> {
    const { place, rooms, onDelivered } = this.#options;
    let delivered: readonly number[] = [];
    const { made, before } = await room.change<{ made: MadeItems; before: Room['state'] }>(
      async (conversation) => {
        const { state } = conversation;
        return { made: await conversation.change(change(newestEpoch(state)), place.now()), before: state };
      },
      (done) => {
        this.#queue(done.made.items, done.made.state.state);
        delivered = settleMembers(place, room);
      },
    );
    tellState({ place, rooms }, room, { state: made.state, before });
    if (delivered.length > 0) onDelivered(room, delivered);
    this.#wake(made.items);
  }

  /** A change of one's own that did not last is made again where it still may be (§10.5). */
  async again(room: Room, change: RoomChange): Promise<void> {
    try {
      await this.make(room, () => change);
    } catch (error) {
      if (!isProtocolError(error, 'room')) throw error;
    }
  }

  /** @throws ProtocolError `room`, check `change` for the last admin */
  async leave(room: Room): Promise<void> {
    const items = await room.change(
      (conversation) => conversation.leave(this.#options.place.now()),
      (made) => {
        this.#queue(made, undefined);
      },
    );
    this.#wake(items);
  }

  /** The user goes on in this room after an alarm (§10.5). */
  async settle(room: Room): Promise<void> {
    await room.change(
      (conversation) => conversation.settle(),
      () => undefined,
    );
  }

  #queue(items: readonly ItemTo[], state: Bytes | undefined): void {
    const { store } = this.#options.place;
    for (const { to, item } of items) {
      const account = new Uint8Array(to.account);
      meetMember(this.#options.place, account);
      store.errands.add(account, { type: item.type, body: new Uint8Array(item.body), state });
    }
  }

  #wake(items: readonly ItemTo[]): void {
    for (const { to } of items) this.#options.onErrand(new Uint8Array(to.account));
  }
}
