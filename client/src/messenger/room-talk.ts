/** A conversation in a room: what the SDK's user holds. */
import type { StoredMessage } from '../store/message.ts';
import type { ConversationView } from './messenger.ts';
import { notInRoom } from './room-errors.ts';
import { waitingCopies } from './room-outgoing.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';
import { Talk, type TalkOptions } from './talk.ts';

export interface RoomTalkOptions extends TalkOptions {
  readonly room: Room;
  readonly rooms: Rooms;
}

export class RoomTalk extends Talk {
  readonly #room: Room;
  readonly #rooms: Rooms;

  constructor(options: RoomTalkOptions) {
    super(options, { room: options.room.id });
    this.#room = options.room;
    this.#rooms = options.rooms;
  }

  get view(): ConversationView {
    const { history, mail } = this.place.store;
    const { id } = this.#room;
    return {
      key: { room: id },
      title: this.#rooms.titleOf(this.#room),
      peer: undefined,
      room: this.#rooms.view(this.#room),
      unread: history.counts({ room: id }).unread,
      pending: this.pending,
      lastAt: mail.lastAt(id),
      request: false,
      invitation: undefined,
    };
  }

  history(query: { readonly limit?: number; readonly search?: string } = {}): readonly StoredMessage[] {
    return this.place.store.history.list({ conversation: this.key, ...query });
  }

  /** Who reads in a room is nobody's business: there is no receipt for it. */
  markRead(number: number): void {
    this.place.store.history.markRead(this.key, number);
  }

  protected mayPost(): void {
    const { standing } = this.#rooms.view(this.#room);
    if (standing !== 'member') throw notInRoom(standing);
  }

  protected begin(): void {
    // A room is there before anything is said in it.
  }

  protected underWay(): number {
    return waitingCopies(this.place, this.#room).length;
  }
}
