/** What a user does with rooms: whom he means, and what he is told when the rules of a room do not allow it. */
import {
  type Bytes,
  equalBytes,
  isAdmin,
  MAX_ROOM_MEMBERS,
  openBundle,
  type RoomChange,
  type RoomState,
} from '@waxwing/protocol';
import { WaxwingError } from '../errors.ts';
import type { RelayRequests } from '../relay/relay-requests.ts';
import { findAccount, notConnected } from './names.ts';
import { ownDevice, type Place } from './place.ts';
import { blockedError } from './relay-conversation.ts';
import type { RoomChanges } from './room-changes.ts';
import { lastAdmin, notAdmin, notInRoom, roomFull, roomRefusal } from './room-errors.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';

export interface RoomDeskOptions {
  readonly place: Place;
  readonly rooms: Rooms;
  readonly changes: RoomChanges;
  /** The user goes on in a room: what is queued for it may go. */
  readonly onSettled: (room: Room) => void;
  /** Of the channel that stands. */
  readonly requests: () => RelayRequests | undefined;
}

type Member = RoomState['file']['members'][number];

export class RoomDesk {
  readonly #options: RoomDeskOptions;

  constructor(options: RoomDeskOptions) {
    this.#options = options;
  }

  /** @throws WaxwingError `name-invalid` */
  async create(name: string): Promise<Room> {
    return await this.#allowed(() => this.#options.changes.create(name.trim().normalize('NFC')));
  }

  /** @throws WaxwingError `not-in-room`, `not-admin`, `room-full`, `peer-blocked`, as `findAccount`; RelayFailure */
  async invite(id: Bytes, who: string): Promise<void> {
    const room = this.#adminIn(id);
    const { place, requests } = this.#options;
    const { store } = place;
    const account = await findAccount(place, requests(), who);
    const peer = store.peers.get(account);
    if (peer?.blockedAt !== undefined) throw blockedError(peer.fingerprint);
    const device = await this.#deviceOf(account);
    if (this.#membersOf(room, account).some((one) => equalBytes(one.device, device))) return;
    if (room.file.members.length >= MAX_ROOM_MEMBERS) throw roomFull();
    await this.#change(room, () => ({ change: 'add', members: [{ account, device, role: 'member' }] }));
    store.contacts.add(place.relay, account, 'open'); // to seek somebody is to be willing to hear him (§9.6)
  }

  /** All devices of an account. @throws WaxwingError `not-in-room`, `not-admin`, `name-unknown` */
  async remove(id: Bytes, who: string): Promise<void> {
    const room = this.#adminIn(id);
    const members = await this.#members(room, who);
    if (equalBytes(members[0].account, ownDevice(this.#options.place).bundle.account)) throw leaveInstead();
    await this.#change(room, () => ({ change: 'remove', members }));
  }

  /** @throws WaxwingError `not-in-room`, `not-admin`, `last-admin`, `name-unknown` */
  async setRole(id: Bytes, who: string, role: 'admin' | 'member'): Promise<void> {
    const room = this.#adminIn(id);
    const members = (await this.#members(room, who)).filter((one) => one.role !== role);
    if (members.length === 0) return;
    const admins = room.file.members.filter((one) => one.role === 'admin').length;
    if (role === 'member' && members.length === admins) throw lastAdmin();
    await this.#change(room, () => ({ change: 'role', members: members.map((one) => ({ ...one, role })) }));
  }

  /** @throws WaxwingError `not-in-room`, `not-admin`, `name-invalid` */
  async rename(id: Bytes, name: string): Promise<void> {
    const room = this.#adminIn(id);
    const wanted = name.trim().normalize('NFC');
    if (this.#options.rooms.view(room).name === wanted) return;
    await this.#change(room, () => ({ change: 'name', name: wanted }));
  }

  /**
   * Goes on in a room that a member has forked (§10.5), with the members that are shown here. Whether there was anything to
   * decide. @throws WaxwingError `not-in-room`
   */
  async settle(id: Bytes): Promise<boolean> {
    const room = this.#insideOf(id);
    if (this.#options.rooms.view(room).standing !== 'fork') return false;
    await this.#options.changes.settle(room);
    this.#options.onSettled(room);
    return true;
  }

  /** A fork keeps nobody in a room. @throws WaxwingError `not-in-room`, `last-admin` */
  async leave(id: Bytes): Promise<void> {
    const room = this.#insideOf(id);
    const { place, changes } = this.#options;
    const me = ownDevice(place).bundle;
    const admins = room.file.members.filter(({ role }) => role === 'admin');
    if (isAdmin(room.file, me) && admins.length === 1 && room.file.members.length > 1) throw lastAdmin();
    await this.#allowed(() => changes.leave(room));
  }

  #change(room: Room, change: (newest: RoomState) => RoomChange): Promise<void> {
    return this.#allowed(() => this.#options.changes.make(room, change));
  }

  async #allowed<Value>(work: () => Promise<Value>): Promise<Value> {
    try {
      return await work();
    } catch (error) {
      throw roomRefusal(error);
    }
  }

  /** A room that one is in, forked or not. */
  #insideOf(id: Bytes): Room {
    const room = this.#options.rooms.get(id);
    if (room === undefined)
      throw new WaxwingError('name-unknown', 'There is no such room here.', 'See waxwing room list.');
    const { standing } = this.#options.rooms.view(room);
    if (standing === 'left' || standing === 'removed') throw notInRoom(standing);
    return room;
  }

  #memberIn(id: Bytes): Room {
    const room = this.#insideOf(id);
    const { standing } = this.#options.rooms.view(room);
    if (standing !== 'member') throw notInRoom(standing);
    return room;
  }

  #adminIn(id: Bytes): Room {
    const room = this.#memberIn(id);
    if (!isAdmin(room.file, ownDevice(this.#options.place).bundle)) throw notAdmin();
    return room;
  }

  #membersOf(room: Room, account: Bytes): readonly Member[] {
    return room.file.members.filter((one) => equalBytes(one.account, account));
  }

  async #members(room: Room, who: string): Promise<readonly [Member, ...Member[]]> {
    const { place, requests } = this.#options;
    const account = await findAccount(place, requests(), who);
    const [first, ...more] = this.#membersOf(room, account);
    if (first === undefined) {
      throw new WaxwingError('name-unknown', 'Nobody of that name is in this room.', 'See /room members.');
    }
    return [first, ...more];
  }

  /** The device that an account is written to. */
  async #deviceOf(account: Bytes): Promise<Bytes> {
    const { place, requests } = this.#options;
    const known = place.store.contacts.get(place.relay, account)?.device;
    if (known !== undefined) return known;
    const channel = requests();
    if (channel === undefined) throw notConnected('It alone knows the device of somebody new.');
    for (const { bundle } of await channel.fetch(account, false)) {
      const read = await openBundle(place.p, bundle, place.now());
      if (equalBytes(read.account, account)) return read.device;
    }
    throw new WaxwingError(
      'prekeys-bad',
      'The relay gave out the keys of somebody else.',
      'Tell the operator of the relay. Nothing was sent.',
    );
  }
}

function leaveInstead(): WaxwingError {
  return new WaxwingError('name-unknown', 'That is you: a room is left, not taken from you.', 'Use /room leave.');
}
