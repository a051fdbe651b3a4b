/** What members are told of a room between the two devices (§10.3, §10.5): what came, and questions for states. */
import {
  type Bytes,
  type ControlEntry,
  encodeRoomGot,
  encodeRoomQuestion,
  equalBytes,
  firstHalf,
  gotOf,
  newestEpoch,
  type Party,
  type RoomAuthor,
  ROOM_GOT_EVERY,
  sameParty,
  toHex,
} from '@waxwing/protocol';
import type { Chores } from './chores.ts';
import { ownDevice, type Place } from './place.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';

/** Until the next member is asked for a state, ms. */
const ASK_NEXT = 30_000;
/** How often each member is asked for one state. */
const ROUNDS = 2;

export interface RoomTidingsOptions {
  readonly place: Place;
  readonly rooms: Rooms;
  /** Something is to be told to this account soon. */
  readonly owe: (account: Bytes) => void;
  readonly chores: Chores;
}

interface Told {
  readonly room: Room;
  readonly author: RoomAuthor;
}

export class RoomTidings {
  readonly #options: RoomTidingsOptions;
  /** Entries that were handed out, and what they tell. */
  readonly #entries = new WeakMap<ControlEntry, Told>();
  /** What has gone and is not on disk as told yet. */
  readonly #telling = new Set<RoomAuthor['received']>();
  readonly #questions = new Map<string, ControlEntry[]>();
  /** How often a state (room/sid) was asked for. */
  readonly #asked = new Map<string, { count: number; timer: NodeJS.Timeout | undefined }>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #ended = false;

  constructor(options: RoomTidingsOptions) {
    this.#options = options;
  }

  /** A channel stands: what was not told when the last one ended. */
  up(): void {
    for (const room of this.#options.rooms.all) for (const author of room.state.authors) this.owe(room, author);
  }

  /** All members may be asked anew for what has not come. */
  askAgain(): void {
    for (const asked of this.#asked.values()) asked.count = 0;
    for (const room of this.#options.rooms.all) this.askAll(room);
  }

  end(): void {
    this.#ended = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const { timer } of this.#asked.values()) clearTimeout(timer);
  }

  /** Something of this author came: it is told at once, and then once a minute at most. */
  owe(room: Room, author: Party): void {
    const known = room.state.authors.find((one) => sameParty(one, author));
    if (known?.news !== true || this.#ended) return;
    const { place, owe } = this.#options;
    const wait = known.told + ROOM_GOT_EVERY - place.now();
    if (wait <= 0) {
      owe(known.account);
      return;
    }
    const name = `${toHex(room.id)}/${toHex(known.account)}`;
    if (this.#timers.has(name)) return;
    const again = (): void => {
      this.#timers.delete(name);
      this.owe(room, author);
    };
    this.#timers.set(name, setTimeout(again, Math.min(wait, ROOM_GOT_EVERY)).unref());
  }

  /** What the next flight to this account says. */
  more(account: Bytes): readonly ControlEntry[] {
    const gots = this.#options.rooms.all.flatMap((room) =>
      room.state.authors
        .filter((author) => equalBytes(author.account, account) && this.#isDue(room, author))
        .map((author) => {
          const entry = encodeRoomGot({ room: room.id, ...gotOf(author.received) });
          this.#entries.set(entry, { room, author });
          return entry;
        }),
    );
    return [...(this.#questions.get(toHex(account)) ?? []), ...gots];
  }

  /** A flight with this ctl is on disk. */
  said(account: Bytes, ctl: readonly ControlEntry[]): void {
    const name = toHex(account);
    const left = (this.#questions.get(name) ?? []).filter((entry) => !ctl.includes(entry));
    if (left.length > 0) this.#questions.set(name, left);
    else this.#questions.delete(name);
    for (const entry of ctl) {
      const told = this.#entries.get(entry);
      if (told === undefined) continue;
      this.#telling.add(told.author.received);
      this.#options.chores.addEach(() => this.#mark(told));
    }
  }

  /** Asks one member after the other, admins first, for the state of this sid (16). */
  ask(room: Room, sid: Bytes): void {
    const question = encodeRoomQuestion({ room: room.id, sid });
    const name = `${toHex(room.id)}/${toHex(sid)}`;
    const asked = this.#asked.get(name) ?? { count: 0, timer: undefined };
    this.#asked.set(name, asked);
    const others = this.#others(room);
    if (asked.timer !== undefined || this.#ended || asked.count >= others.length * ROUNDS) return;
    const to = others[asked.count % others.length];
    asked.count += 1;
    asked.timer = setTimeout(() => {
      asked.timer = undefined;
      if (this.#isWanted(room, sid)) this.ask(room, sid);
    }, ASK_NEXT).unref();
    if (to === undefined) return;
    const account = new Uint8Array(to.account);
    this.#questions.set(toHex(account), [...(this.#questions.get(toHex(account)) ?? []), question]);
    this.#options.owe(account);
  }

  /** Something waits for it: held messages, or one's own where its secret has not come. */
  #isWanted({ state }: Room, sid: Bytes): boolean {
    const newest = newestEpoch(state);
    if (newest.chains.length === 0 && equalBytes(firstHalf(newest.state), sid)) return true;
    return state.held.some((one) => equalBytes(one.sid, sid));
  }

  #others(room: Room): readonly Party[] {
    const me = ownDevice(this.#options.place).bundle;
    return newestEpoch(room.state)
      .file.members.filter((member) => !sameParty(member, me))
      .toSorted((a, b) => Number(b.role === 'admin') - Number(a.role === 'admin'));
  }

  #isDue(room: Room, { news, told, received }: RoomAuthor): boolean {
    if (!news || this.#telling.has(received) || !room.isMember) return false;
    return this.#options.place.now() - told >= ROOM_GOT_EVERY;
  }

  /** What was told to this device may not have come there: it is told once more. */
  async tellAgain(peer: Party): Promise<void> {
    for (const room of this.#options.rooms.all) {
      if (!room.state.authors.some((author) => sameParty(author, peer))) continue;
      await this.#change(room, (author) => (sameParty(author, peer) ? { ...author, news: true } : author));
      this.owe(room, peer);
    }
  }

  /** A channel stands: whoever has a state that something waits for is asked for it. */
  askAll(room: Room): void {
    const newest = firstHalf(newestEpoch(room.state).state);
    const sids = new Map([newest, ...room.state.held.map(({ sid }) => sid)].map((sid) => [toHex(sid), sid]));
    for (const sid of sids.values()) if (room.isMember && this.#isWanted(room, sid)) this.ask(room, sid);
  }

  async #mark({ room, author }: Told): Promise<void> {
    const { place } = this.#options;
    await this.#change(room, (one) => {
      if (!sameParty(one, author)) return one;
      return { ...one, told: place.now(), news: one.received !== author.received };
    });
    this.#telling.delete(author.received);
    this.owe(room, author);
  }

  async #change(room: Room, change: (author: RoomAuthor) => RoomAuthor): Promise<void> {
    await room.inTurn(async () => {
      try {
        room.become({ ...room.state, authors: room.state.authors.map(change) });
        this.#options.place.store.transaction(() => {
          room.save();
        });
      } catch (error) {
        room.revert();
        throw error;
      }
      room.settle();
    });
  }
}
