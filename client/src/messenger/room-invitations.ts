/** Invitations into rooms by accounts that nobody here knows (§9.6): kept as they came, and taken once their user says yes. */
import {
  type Bytes,
  decodeRoomItem,
  decodeRoomStatement,
  isProtocolError,
  joinRoom,
  type OpenedMailboxFlight,
  sameParty,
  TYPE_ROOM,
} from '@waxwing/protocol';
import type { RoomInvitation } from '../store/room-invitation.ts';
import { DROPPED, type OpenedMail } from './opened-mail.ts';
import type { Pair } from './pair.ts';
import { ownDevice, type Place } from './place.ts';
import type { Rooms } from './rooms.ts';

export interface RoomInvitationDeskOptions {
  readonly place: Place;
  readonly rooms: Rooms;
  /** As if it had come just now, of somebody who is heard. */
  readonly take: (invitation: RoomInvitation) => Promise<OpenedMail>;
}

export class RoomInvitationDesk {
  readonly #options: RoomInvitationDeskOptions;

  constructor(options: RoomInvitationDeskOptions) {
    this.#options = options;
  }

  /** What a stranger's flight invites to, where it does and nothing else: a state that would let us into a room. */
  async of({ items }: OpenedMailboxFlight, pair: Pair): Promise<RoomInvitation | undefined> {
    const { place, rooms } = this.#options;
    const [only, ...more] = items;
    if (only?.type !== TYPE_ROOM || more.length > 0) return undefined;
    const { account, peerDevice: device } = pair.key;
    const body = new Uint8Array(only.body);
    const from = { account, device };
    const known = [pair.state.peer, ...pair.state.earlier].map(({ certificate }) => certificate);
    try {
      const { room } = await joinRoom(
        place.p,
        { device: ownDevice(place), certificates: (party) => (sameParty(party, from) ? known : []) },
        { body, from, now: place.now() },
      );
      return rooms.get(room)?.isMember === true ? undefined : { account, device, body, at: place.now() };
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      return undefined;
    }
  }

  /** Those accepted whose room was not entered then, because the program ended or the disk failed. */
  get accepted(): readonly Bytes[] {
    const { store, relay } = this.#options.place;
    return store.roomInvitations
      .list(relay)
      .map(({ account }) => account)
      .filter((account) => this.#isAccepted(account));
  }

  /** The invitation of an account that is accepted takes effect; in a batch. */
  async take(account: Bytes): Promise<OpenedMail> {
    const { place, take } = this.#options;
    const { store, relay } = place;
    const invitation = store.roomInvitations.get(relay, account);
    if (invitation === undefined || !this.#isAccepted(account)) return DROPPED;
    const { commit, show } = await take(invitation);
    return {
      commit: () => {
        store.roomInvitations.remove(relay, account);
        commit();
      },
      show,
    };
  }

  #isAccepted(account: Bytes): boolean {
    const { store, relay } = this.#options.place;
    return store.contacts.get(relay, account)?.standing === 'open' && store.peers.get(account)?.blockedAt === undefined;
  }
}

/** The name of the room that an invitation is to, as it came: sanitise it. Undefined where none waits. */
export function invitedTo({ store, relay }: Place, account: Bytes): string | undefined {
  const invitation = store.roomInvitations.get(relay, account);
  return invitation && decodeRoomStatement(decodeRoomItem(invitation.body).statement).name;
}
