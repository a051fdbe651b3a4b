/** All rooms of this home at its relay: read from disk at the beginning, found by id, by address, and by name. */
import {
  type Bytes,
  decodeEnvelope,
  decodeHeader,
  decodeRoomRecord,
  equalBytes,
  firstHalf,
  type Header,
  type Party,
  roomAddress,
  type RoomRecord,
  toHex,
} from '@waxwing/protocol';
import { WaxwingError } from '../errors.ts';
import type { ConversationView } from './messenger.ts';
import type { Place } from './place.ts';
import type { RoomBundles } from './room-bundles.ts';
import type { RoomView } from './room-view.ts';
import { Room } from './room.ts';
import { viewRoom } from './view-room.ts';

/** Hex digits of an id in the title of a room that shares its name. */
const PIECE = 8;

export class Rooms {
  readonly bundles: RoomBundles;
  readonly #place: Place;
  readonly #all = new Map<string, Room>();
  /** Rooms that a batch of the mailbox works on, each until its end. */
  readonly #batch = new Map<Room, () => void>();

  constructor(place: Place, bundles: RoomBundles) {
    this.#place = place;
    this.bundles = bundles;
    const { store, relay, p } = place;
    for (const id of store.rooms.list(relay)) {
      const stored = store.rooms.load(id);
      if (stored === undefined) continue;
      const saved = decodeRoomRecord(p, stored);
      this.#all.set(toHex(id), new Room({ place, bundles, state: saved, saved }));
    }
  }

  get all(): readonly Room[] {
    return [...this.#all.values()];
  }

  get(id: Bytes): Room | undefined {
    return this.#all.get(toHex(id));
  }

  /** The room that envelopes name so (16). */
  at(address: Bytes): Room | undefined {
    return this.all.find(({ id }) => equalBytes(roomAddress(this.#place.p, id), address));
  }

  /** A room of which nothing is on disk yet. */
  add(state: RoomRecord): Room {
    const room = new Room({ place: this.#place, bundles: this.bundles, state, saved: undefined });
    this.#all.set(toHex(room.id), room);
    return room;
  }

  forget(room: Room): void {
    this.#all.delete(toHex(room.id));
  }

  view(room: Room): RoomView {
    return viewRoom(this.#place, room);
  }

  /** Whose chain an envelope names, where its state is held. */
  senderOf(room: Room, { sid, dh }: Header): Party | undefined {
    const epoch = room.state.epochs.find(({ state }) => equalBytes(firstHalf(state), sid));
    return epoch?.chains.find((chain) => equalBytes(chain.dh, dh));
  }

  /** @throws ProtocolError `envelope-0` */
  headerOf(envelope: Uint8Array): Header {
    return decodeHeader(decodeEnvelope(envelope).hdr);
  }

  /** Whether somebody is in a room with us. */
  knows(account: Bytes): boolean {
    return this.all.some((room) => room.isMember && room.file.members.some((one) => equalBytes(one.account, account)));
  }

  /** Whether somebody is met in rooms and nowhere else: nothing was said, and he has no name here. */
  isOnlyMember({ peer, lastAt, request }: ConversationView): boolean {
    if (peer === undefined || lastAt > 0 || request || peer.trust === 'verified' || !this.knows(peer.account))
      return false;
    const known = this.#place.store.peers.get(peer.account);
    return known?.petname === undefined && (known?.pins.length ?? 0) === 0;
  }

  /** `#name`, and a piece of the id where two have one name. */
  titleOf(room: Room): string {
    const { name } = this.view(room);
    const alike = this.all.filter((one) => this.view(one).name === name);
    return alike.length > 1 ? `#${name}/${toHex(room.id).slice(0, PIECE)}` : `#${name}`;
  }

  /** The room of a title or name, with `#`. @throws WaxwingError `name-unknown`, `name-ambiguous` */
  find(title: string): Room {
    const wanted = title.trim().normalize('NFC');
    const exact = this.all.find((room) => this.titleOf(room) === wanted);
    if (exact !== undefined) return exact;
    const named = this.all.filter((room) => `#${this.view(room).name}` === wanted);
    const alive = named.filter((room) => ['member', 'fork'].includes(this.view(room).standing));
    const [first, ...more] = alive.length > 0 ? alive : named.length > 0 ? named : this.#byPiece(wanted);
    if (first === undefined) {
      throw new WaxwingError('name-unknown', 'You are in no room of that name.', 'See waxwing room list.');
    }
    if (more.length > 0) {
      throw new WaxwingError(
        'name-ambiguous',
        `${String(more.length + 1)} rooms are called that.`,
        `Add a piece of the id: ${[first, ...more].map((room) => this.titleOf(room)).join(', ')}`,
      );
    }
    return first;
  }

  /** Works on this room until the batch ends. */
  async take(room: Room): Promise<void> {
    if (!this.#batch.has(room)) this.#batch.set(room, await room.lock());
  }

  /** What a batch of the mailbox does with the rooms it took; inside its transaction. */
  save(): void {
    for (const room of this.#batch.keys()) room.save();
  }

  settle(): void {
    for (const room of this.#batch.keys()) room.settle();
  }

  revert(): void {
    for (const room of this.#batch.keys()) if (!room.revert()) this.forget(room);
  }

  end(): void {
    for (const end of this.#batch.values()) end();
    this.#batch.clear();
  }

  /** `#name/1a2b`, however much of the id was typed; `#1a2b` too. */
  #byPiece(wanted: string): readonly Room[] {
    const [, name = '', piece = ''] = /^#(?:(.*)\/)?([0-9a-f]{4,})$/u.exec(wanted) ?? [];
    if (piece === '') return [];
    return this.all.filter(
      (room) => toHex(room.id).startsWith(piece) && (name === '' || this.view(room).name === name),
    );
  }
}
