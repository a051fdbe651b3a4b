/** What comes of rooms: envelopes of kind 2 (§10.4), states and leave statements (§10.2), receipts and questions (§10.3, §10.5). */
import {
  type Bytes,
  type CameInSession,
  decodeLeaveItem,
  decodeLeaveStatement,
  decodeRoomGot,
  decodeRoomItem,
  decodeRoomQuestion,
  decodeRoomStatement,
  firstHalf,
  type FlightItem,
  type Header,
  isProtocolError,
  joinRoom,
  type OpenedMailboxFlight,
  type OpenedRoomFlight,
  type Party,
  roomAddress,
  type RoomStatement,
  toHex,
  TYPE_ROOM,
  TYPE_ROOM_LEAVE,
} from '@waxwing/protocol';
import { RelayFailure } from '../relay/relay-failure.ts';
import type { RoomStray } from '../store/room.ts';
import type { RoomInvitation } from '../store/room-invitation.ts';
import type { Chores } from './chores.ts';
import { DROPPED, type OpenedMail } from './opened-mail.ts';
import type { Pair } from './pair.ts';
import { ownDevice, type Place } from './place.ts';
import type { RelayMessage } from './relay-message.ts';
import { keepInRoom } from './room-flights.ts';
import type { RoomReceipts } from './room-receipts.ts';
import { stateMail, tellAlarm, tellRefused } from './room-states.ts';
import type { RoomTidings } from './room-tidings.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';

export interface RoomIncomingOptions {
  readonly place: Place;
  readonly rooms: Rooms;
  readonly receipts: RoomReceipts;
  readonly tidings: RoomTidings;
  readonly onMessages: (room: Room, messages: readonly RelayMessage[]) => void;
  readonly onDelivered: (room: Room, numbers: readonly number[]) => void;
  /** A state moved on: what is queued may go now, and changes of one's own that did not last are to be made again. */
  readonly onState: (room: Room, again: Parameters<Room['conversation']['change']>[0][]) => void;
  readonly chores: Chores;
  /** The relay could not be asked for what this room needs: `retry` is to be called later. */
  readonly onPassing: (room: Room, failure: RelayFailure) => void;
}

/** What is to be read before an item is judged. */
interface Named {
  readonly room: Bytes;
  readonly signers: readonly Party[];
  readonly says: RoomStatement | undefined;
}

export class RoomIncoming {
  readonly #options: RoomIncomingOptions;
  /** Whose states were refused because they would undo what is settled: room and author. */
  readonly #refusals = new Set<string>();

  constructor(options: RoomIncomingOptions) {
    this.#options = options;
  }

  /** An envelope of kind 2. @throws ProtocolError where it is to be told to the relay */
  async envelope(envelope: Bytes, header: Header): Promise<OpenedMail> {
    const { rooms } = this.#options;
    const room = rooms.at(header.toDevice);
    if (room === undefined) return this.#stray({ address: header.toDevice, from: undefined, bytes: envelope });
    await rooms.take(room);
    return await this.#inRoom(room, envelope, header);
  }

  /** An item of a pairwise session. */
  async item({ type, body }: FlightItem, _flight: OpenedMailboxFlight, pair: Pair): Promise<OpenedMail | undefined> {
    if (type !== TYPE_ROOM && type !== TYPE_ROOM_LEAVE) return undefined;
    const named = type === TYPE_ROOM ? namedInState(body) : namedInLeave(body);
    if (named === undefined) return DROPPED;
    const { place, rooms } = this.#options;
    await rooms.bundles.find(named.signers);
    const room = rooms.get(named.room);
    if (room !== undefined) await rooms.take(room);
    const from = { account: pair.key.account, device: pair.key.peerDevice };
    const came = { body, from, now: place.now() };
    if (type === TYPE_ROOM_LEAVE) return room === undefined ? DROPPED : await this.#leave(room, came);
    return await this.#state(room, { came, named });
  }

  /** An invitation that was kept, and is accepted now. */
  async invitation({ account, device, body, at }: RoomInvitation): Promise<OpenedMail> {
    const { place, rooms } = this.#options;
    const named = namedInState(body);
    if (named === undefined) return DROPPED;
    await rooms.bundles.find(named.signers);
    const room = rooms.get(named.room);
    if (room !== undefined) await rooms.take(room);
    return await this.#state(room, { came: { body, from: { account, device }, now: place.now() }, named, at });
  }

  /** What the ctl of a pairwise flight says of rooms. */
  control(flight: OpenedMailboxFlight, pair: Pair): OpenedMail | undefined {
    const { receipts } = this.#options;
    const from = { account: pair.key.account, device: pair.key.peerDevice };
    const mails = flight.ctl.flatMap((entry): OpenedMail[] => {
      const got = decodeRoomGot(entry);
      if (got !== undefined) return [receipts.got(from, got)];
      const question = decodeRoomQuestion(entry);
      return question === undefined ? [] : [receipts.answer(from, question)];
    });
    return together(mails);
  }

  /** Tries what came too early once more, now that more is known of the room. */
  retry(room: Room): void {
    const { chores, onPassing } = this.#options;
    chores.add(`retry/${toHex(room.id)}`, async () => {
      try {
        await this.#retry(room);
      } catch (error) {
        if (!(error instanceof RelayFailure)) throw error;
        onPassing(room, error);
      }
    });
  }

  async #retry(room: Room): Promise<void> {
    const { place, rooms } = this.#options;
    const { store, p } = place;
    const strays = store.roomStrays.of(roomAddress(p, room.id));
    if (room.state.held.length > 0) await this.#openHeld(room);
    if (strays.length === 0) return;
    for (const { from, bytes } of strays) {
      if (from !== undefined) await rooms.bundles.find(namedInState(bytes)?.signers ?? []);
    }
    const mail = await room.change(
      async () => {
        const mails: OpenedMail[] = [];
        for (const stray of strays) mails.push(await this.#retryOne(room, stray));
        return together(mails) ?? DROPPED;
      },
      ({ commit }) => {
        store.roomStrays.remove(strays.map(({ number }) => number));
        commit();
      },
    );
    mail.show();
  }

  async #retryOne(room: Room, { from, bytes, at }: RoomStray): Promise<OpenedMail> {
    const { rooms, place } = this.#options;
    try {
      if (from === undefined) return await this.#inRoom(room, bytes, rooms.headerOf(bytes));
      const named = namedInState(bytes);
      if (named === undefined) return DROPPED;
      return await this.#state(room, { came: { body: bytes, from, now: place.now() }, named, at });
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      return DROPPED;
    }
  }

  async #openHeld(room: Room): Promise<void> {
    const { place, rooms } = this.#options;
    // Whose it is shows once the state is there: of an author who is new nobody has had a bundle until now.
    const authors = room.state.held.map(({ envelope }) => rooms.senderOf(room, rooms.headerOf(envelope)));
    await rooms.bundles.find(authors.filter((author) => author !== undefined));
    const mail = await room.change(
      async (conversation) => {
        const { opened } = await conversation.openHeld(place.now());
        return this.#keep(room, opened);
      },
      ({ commit }) => {
        commit();
      },
    );
    mail.show();
  }

  async #inRoom(room: Room, envelope: Bytes, header: Header): Promise<OpenedMail> {
    const { place, rooms, tidings } = this.#options;
    const author = rooms.senderOf(room, header);
    if (author !== undefined) await rooms.bundles.find([author]);
    try {
      return this.#keep(room, [await room.conversation.open(envelope, place.now())]);
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      const early = error.code === 'room' || (error.code === 'envelope-0' && error.check === 'sid');
      if (early && room.isMember) {
        await room.conversation.hold(envelope, place.now());
        return {
          commit: () => undefined,
          show: () => {
            tidings.ask(room, header.sid);
          },
        };
      }
      // §10.4: every member can make such an envelope. Nothing is answered, and nobody is to be blamed.
      if (error.code === 'envelope-3' && error.check === 'unwrap') throw error;
      return DROPPED;
    }
  }

  #keep(room: Room, flights: readonly OpenedRoomFlight[]): OpenedMail {
    const { place, rooms, tidings, onMessages } = this.#options;
    let messages: readonly RelayMessage[] = [];
    return {
      commit: () => {
        messages = flights.flatMap((flight) => keepInRoom({ place, rooms }, room, flight));
      },
      show: () => {
        const view = rooms.view(room);
        onMessages(
          room,
          messages.map((message) => ({ ...message, room: view })),
        );
        for (const { author } of flights) tidings.owe(room, author);
        if (flights.length > 0 && room.state.held.length > 0) this.retry(room);
      },
    };
  }

  async #leave(room: Room, { body, now }: CameInSession): Promise<OpenedMail> {
    try {
      await room.conversation.takeLeave(body, now);
    } catch (error) {
      if (!isProtocolError(error)) throw error;
    }
    return DROPPED;
  }

  /** A state that was brought; `at`: when it came first. */
  async #state(
    known: Room | undefined,
    of: { readonly came: CameInSession; readonly named: Named; readonly at?: number },
  ): Promise<OpenedMail> {
    const { place, rooms } = this.#options;
    const { came, named, at } = of;
    const before = known?.state;
    try {
      if (known !== undefined) {
        const taken = await known.conversation.take(came);
        return this.#taken(known, { taken, before });
      }
      const { certificates } = rooms.bundles;
      const room = rooms.add(await joinRoom(place.p, { device: ownDevice(place), certificates }, came));
      await rooms.take(room);
      return this.#taken(room, { taken: undefined, before: undefined });
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      if (error.check === 'fork' && known !== undefined) return this.#alarm(known, before);
      if (error.check === 'settled' && known !== undefined) return this.#refused(known, came.body);
      const early = error.code === 'room' && (error.check === 'known' || error.check === 'bundle');
      if (!early) return DROPPED;
      const from = { account: new Uint8Array(came.from.account), device: new Uint8Array(came.from.device) };
      const bytes = new Uint8Array(came.body);
      const stray = this.#stray({ address: roomAddress(place.p, named.room), from, bytes, at });
      if (error.check !== 'known' || known === undefined || named.says === undefined) return stray;
      return together([stray, this.#askBefore(known, named.says)]) ?? stray;
    }
  }

  #taken(room: Room, of: Pick<Parameters<typeof stateMail>[2], 'taken' | 'before'>): OpenedMail {
    const { place, rooms, onState, onDelivered } = this.#options;
    const kept = this.#keep(room, of.taken?.opened ?? []);
    const mail = stateMail({ place, rooms }, room, {
      ...of,
      onDelivered: (numbers) => {
        onDelivered(room, numbers);
      },
    });
    return {
      commit: () => {
        mail.commit();
        kept.commit();
      },
      show: () => {
        mail.show();
        kept.show();
        onState(room, [...(of.taken?.again ?? [])]);
        this.retry(room);
      },
    };
  }

  #alarm(room: Room, before: Room['state'] | undefined): OpenedMail {
    const { place, rooms } = this.#options;
    if (room.state === before) return DROPPED; // known, or settled
    return {
      commit: () => undefined,
      show: () => {
        tellAlarm({ place, rooms }, room);
      },
    };
  }

  /** Said once for each author, however many states come (§10.5). */
  #refused(room: Room, body: Uint8Array): OpenedMail {
    const { place, rooms } = this.#options;
    const says = decodeRoomStatement(decodeRoomItem(body).statement);
    const name = [room.id, says.by.account, says.by.device].map(toHex).join('/');
    return {
      commit: () => undefined,
      show: () => {
        if (this.#refusals.has(name)) return;
        this.#refusals.add(name);
        tellRefused({ place, rooms }, room, says);
      },
    };
  }

  #askBefore(room: Room, says: RoomStatement): OpenedMail {
    const sid = firstHalf(says.prev);
    return {
      commit: () => undefined,
      show: () => {
        this.#options.tidings.ask(room, sid);
      },
    };
  }

  #stray(stray: Pick<RoomStray, 'address' | 'from' | 'bytes'> & { readonly at?: number | undefined }): OpenedMail {
    const { place } = this.#options;
    return {
      commit: () => {
        place.store.roomStrays.add({ ...stray, at: stray.at ?? place.now() });
      },
      show: () => undefined,
    };
  }
}

/** Of which room a state is, and who has signed it; undefined for what is none. */
function namedInState(body: Uint8Array): Named | undefined {
  try {
    const { statement, leaves } = decodeRoomItem(body);
    const says = decodeRoomStatement(statement);
    const signers = [says.by, ...leaves.map((leave) => decodeLeaveStatement(leave.statement).by)];
    return { room: says.room, signers, says };
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    return undefined;
  }
}

function namedInLeave(body: Uint8Array): Named | undefined {
  try {
    const { room, by } = decodeLeaveStatement(decodeLeaveItem(body).statement);
    return { room, signers: [by], says: undefined };
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    return undefined;
  }
}

function together(mails: readonly OpenedMail[]): OpenedMail | undefined {
  if (mails.length === 0) return undefined;
  return {
    commit: () => {
      for (const { commit } of mails) commit();
    },
    show: () => {
      for (const { show } of mails) show();
    },
  };
}
