/** Everything about rooms at a relay, put together: what comes of them, what goes to them, and what their user does. */
import {
  type Bytes,
  encodeParty,
  type EnvelopeState,
  ENVELOPE_STATE,
  equalBytes,
  sameParty,
  toHex,
} from '@waxwing/protocol';
import type { RelayFailure } from '../relay/relay-failure.ts';
import type { RelayRequests } from '../relay/relay-requests.ts';
import type { PostedEnvelope, PostedLine } from '../store/posted.ts';
import { Chores } from './chores.ts';
import type { Pairs } from './pairs.ts';
import { ownDevice, type Place } from './place.ts';
import type { Where } from './relay-event.ts';
import { RoomBundles } from './room-bundles.ts';
import { RoomChanges } from './room-changes.ts';
import { RoomDesk } from './room-desk.ts';
import { RoomInvitationDesk } from './room-invitations.ts';
import { RoomIncoming } from './room-incoming.ts';
import { RoomPauses } from './room-pauses.ts';
import { RoomOutgoing, waitingCopies } from './room-outgoing.ts';
import { RoomReceipts } from './room-receipts.ts';
import { RoomTalk } from './room-talk.ts';
import { RoomTidings } from './room-tidings.ts';
import type { Room } from './room.ts';
import { Rooms } from './rooms.ts';
import type { Guests } from './traffic.ts';

export interface RoomTrafficOptions {
  readonly place: Place;
  readonly pairs: Pairs;
  /** Something is queued for this account, or to be told to it at once. */
  readonly wake: (account: Bytes) => void;
  /** Something is to be told to this account soon. */
  readonly owe: (account: Bytes) => void;
  /** Envelopes are to be put. */
  readonly onSealed: () => void;
  readonly onTyping: (account: Bytes, signal: { readonly on: boolean; readonly room: Bytes }) => void;
  readonly onFault: (error: unknown) => void;
}

export class RoomTraffic {
  readonly rooms: Rooms;
  readonly desk: RoomDesk;
  readonly invitations: RoomInvitationDesk;
  readonly #options: RoomTrafficOptions;
  readonly #changes: RoomChanges;
  readonly #tidings: RoomTidings;
  readonly #receipts: RoomReceipts;
  readonly #incoming: RoomIncoming;
  readonly #outgoing: RoomOutgoing;
  readonly #talks = new Map<Room, RoomTalk>();
  readonly #pauses = new RoomPauses((room) => {
    this.#incoming.retry(room);
    this.#outgoing.wake(room);
  });
  #requests: RelayRequests | undefined;
  readonly #chores: Chores;

  constructor(options: RoomTrafficOptions) {
    this.#options = options;
    const { place, pairs, wake, owe, onSealed, onFault } = options;
    const rooms = new Rooms(place, new RoomBundles(place, pairs));
    this.rooms = rooms;
    const onDelivered = (room: Room, numbers: readonly number[]): void => {
      place.observe({ kind: 'delivered', numbers });
      this.talk(room).delivered(numbers);
    };
    const onQueued = (room: Room): void => {
      this.#outgoing.wake(room);
    };
    const onPassing = (room: Room, failure: RelayFailure): void => {
      this.#pauses.wait(room, failure);
    };
    const changes = new RoomChanges({ place, rooms, onErrand: wake, onDelivered });
    const chores = new Chores({ place, onFault });
    this.#chores = chores;
    const tidings = new RoomTidings({ place, rooms, owe, chores });
    const receipts = new RoomReceipts({ place, rooms, onDelivered, onQueued, onErrand: wake });
    this.#changes = changes;
    this.#tidings = tidings;
    this.#receipts = receipts;
    this.desk = new RoomDesk({ place, rooms, changes, onSettled: onQueued, requests: () => this.#requests });
    this.#outgoing = new RoomOutgoing({ place, rooms, changes, tidings, onSealed, onDelivered, onPassing, onFault });
    this.#incoming = new RoomIncoming({
      place,
      rooms,
      receipts,
      tidings,
      onMessages: (room, messages) => {
        for (const message of messages) place.observe({ kind: 'message', message });
        this.talk(room).take(messages);
      },
      onDelivered,
      onState: (room, again) => {
        onQueued(room);
        for (const change of again) chores.addEach(() => this.#changes.again(room, change));
      },
      onPassing,
      chores,
    });
    this.invitations = new RoomInvitationDesk({
      place,
      rooms,
      take: (invitation) => this.#incoming.invitation(invitation),
    });
  }

  /** What the traffic between devices asks of rooms. */
  get guests(): Guests {
    return {
      room: (envelope, header) => this.#incoming.envelope(envelope, header),
      items: [(item, flight, pair) => this.#incoming.item(item, flight, pair)],
      control: [(flight, pair) => this.#incoming.control(flight, pair)],
      batch: this.rooms,
      more: (account) => this.#tidings.more(account),
      said: (account, ctl) => {
        this.#tidings.said(account, ctl);
        this.#chores.add('secrets', () => this.#forgetSecrets());
      },
      isMember: (account) => this.rooms.knows(account),
      invitation: (flight, pair) => this.invitations.of(flight, pair),
      onLost: (peer) => {
        this.#chores.add(`again/${encodeParty(peer)}`, () => this.#tidings.tellAgain(peer));
      },
      onRoomEnvelope: (envelope, state) => {
        this.#lost(envelope, state);
      },
      onRoomStored: (envelopes) => {
        this.#stored(envelopes);
      },
      typingIn: (id, account) => this.#where(id, account),
    };
  }

  up(requests: RelayRequests): void {
    this.#requests = requests;
    this.rooms.bundles.up(requests);
    this.#pauses.up();
    this.#outgoing.up();
    this.#tidings.up();
    // What came too early, and was not opened before the program or the channel ended.
    for (const room of this.rooms.all) {
      this.#incoming.retry(room);
      this.#tidings.askAll(room);
    }
  }

  down(): void {
    this.#requests = undefined;
    this.rooms.bundles.up(undefined);
    this.#pauses.down();
    this.#outgoing.down();
  }

  end(): void {
    this.down();
    this.#chores.end();
    this.#tidings.end();
    for (const talk of this.#talks.values()) talk.close();
  }

  /** Members are asked once more for what is missing. */
  askAgain(): void {
    this.#tidings.askAgain();
    for (const room of this.rooms.all) this.#outgoing.wake(room);
  }

  /** Nothing of rooms is being sealed. */
  get idle(): boolean {
    return this.#outgoing.idle;
  }

  /** Resolves when nobody works on a room any more. */
  async settled(): Promise<void> {
    await this.#outgoing.settled();
    await this.#chores.settled();
    for (const room of this.rooms.all) (await room.lock())();
  }

  talk(room: Room): RoomTalk {
    const known = this.#talks.get(room);
    if (known !== undefined) return known;
    const { place } = this.#options;
    const { rooms } = this;
    const talk = new RoomTalk({
      place,
      room,
      rooms,
      onQueued: () => {
        this.#outgoing.wake(room);
      },
      onTyping: (on) => {
        this.#typing(room, on);
      },
    });
    this.#talks.set(room, talk);
    return talk;
  }

  #typing(room: Room, on: boolean): void {
    const { place, onTyping } = this.#options;
    const me = ownDevice(place).bundle;
    for (const member of room.file.members) {
      if (!sameParty(member, me)) onTyping(member.account, { on, room: room.id });
    }
  }

  #where(id: Bytes, account: Bytes): Where | undefined {
    const room = this.rooms.get(id);
    if (room?.file.members.some((member) => equalBytes(member.account, account)) !== true) return undefined;
    return { room: this.rooms.view(room) };
  }

  #lost({ id, room: of, seq, kept }: PostedLine, state: EnvelopeState): void {
    const room = of && this.rooms.get(of);
    if (room === undefined || (state !== ENVELOPE_STATE.unopenable && state !== ENVELOPE_STATE.mailboxGone)) return;
    const gone = state === ENVELOPE_STATE.mailboxGone;
    this.#receipts.lost(room, { id, seq, gone });
    if (gone && kept) this.#leftFor(room, [seq]); // of this copy nothing more is to be waited for
  }

  #stored(envelopes: readonly PostedEnvelope[]): void {
    const rooms = new Map<string, { readonly room: Room; readonly seqs: Set<number> }>();
    for (const { room: id, seq } of envelopes) {
      const room = id && this.rooms.get(id);
      if (room === undefined) continue;
      const known = rooms.get(toHex(room.id)) ?? { room, seqs: new Set() };
      known.seqs.add(seq);
      rooms.set(toHex(room.id), known);
    }
    for (const { room, seqs } of rooms.values()) this.#leftFor(room, [...seqs]);
  }

  /** Copies of these flights wait no more. A flight of which none does is sent. */
  #leftFor(room: Room, seqs: readonly number[]): void {
    const { place } = this.#options;
    const waiting = new Set(waitingCopies(place, room));
    const sent = seqs.filter((seq) => !waiting.has(seq));
    const numbers = place.store.mail.numbersOf(room.chain, sent);
    if (numbers.length > 0) place.observe({ kind: 'sent', numbers });
    this.talk(room).settle();
    this.#outgoing.wake(room);
  }

  /** A secret of one's own making is of no use once everybody has it (§10.2). */
  async #forgetSecrets(): Promise<void> {
    const { store } = this.#options.place;
    for (const room of this.rooms.all) {
      for (const { state, secret } of room.state.epochs) {
        if (secret === undefined || !store.rooms.isTold(state)) continue;
        await room.change(
          (conversation) => conversation.forgetSecret(state),
          () => undefined,
        );
      }
    }
  }
}
