/** A user of a relay with the shipped client: a home of his own, a messenger, and what that tells. */
import { join } from 'node:path';
import {
  isWaxwingError,
  joinRelay,
  type Messenger,
  type MessengerEnd as Ending,
  openHome,
  openMessenger,
  type RelayEvent,
} from '@waxwing/client';
import { type Bytes, isProtocolError, type RelayLink, toHex } from '@waxwing/protocol';
import { Changing } from '../changing.ts';
import { checkOf, type Stop, stopOf } from '../check.ts';
import type { Lab } from '../lab.ts';
import type { Name } from '../people.ts';
import type { Notice, RelayEnd } from './relay-end.ts';

export interface MessengerEndOptions {
  /** Whom this user has agreed to hear: what they write is no request. */
  readonly contacts?: readonly Bytes[];
  /** Names that are looked up before anything else, and so are known. */
  readonly known?: ReadonlyMap<string, Bytes>;
  /** Its clock, Unix ms; the true one unless given. */
  readonly now?: (() => number) | undefined;
}

export class MessengerEnd implements RelayEnd {
  readonly account: Bytes;
  readonly texts: string[] = [];
  readonly told: Notice[] = [];
  readonly stops: Stop[] = [];
  readonly delivered: string[] = [];
  readonly waits: number[] = [];
  /** What became of rooms, in order: who was added, removed … */
  readonly changes: string[] = [];
  ended = false;
  readonly #changing = new Changing();
  /** Own texts by their numbers, and those that the relay has. */
  readonly #said = new Map<number, string>();
  readonly #sent = new Set<number>();
  /** Rooms (hex), and how many are in them. */
  readonly #rooms = new Map<string, number>();
  readonly #whole = Promise.withResolvers<Messenger>();

  private constructor(account: Bytes) {
    this.account = account;
  }

  static async join(lab: Lab, link: RelayLink, who: Name, options: MessengerEndOptions = {}): Promise<MessengerEnd> {
    const { contacts = [], known = new Map<string, Bytes>(), now } = options;
    const person = await lab.people.person(who);
    const home = await openHome({
      path: join(await lab.folder(), 'home'),
      identity: () => Promise.resolve(person),
      now,
    });
    lab.defer(() => {
      home.close();
    });
    const end = new MessengerEnd(home.device.bundle.account);
    await joinRelay({ home, link, now });
    const messenger = await openMessenger({
      home,
      link,
      now,
      observe: (event) => {
        end.#observe(event);
      },
    });
    lab.defer(() => messenger.close(0));
    void messenger.ended.then((how) => end.#end(how));
    end.#whole.resolve(messenger);
    await messenger.caughtUp();
    for (const account of contacts) messenger.accept(account);
    for (const name of known.keys()) await messenger.open(`@${name}`);
    return end;
  }

  async say(to: Bytes, text: string): Promise<void> {
    const messenger = await this.#whole.promise;
    const stops = this.stops.length;
    const [number = 0] = messenger.conversationOf({ account: to }).post([text]);
    this.#said.set(number, text);
    await this.until(() => this.#sent.has(number) || this.stops.length > stops);
  }

  /** The new room's id. */
  async createRoom(name: string): Promise<Bytes> {
    const { key } = (await (await this.#whole.promise).createRoom(name)).view;
    if (!('room' in key)) throw new Error('a room has an id');
    return key.room;
  }

  async invite(room: Bytes, who: string): Promise<void> {
    await (await this.#whole.promise).invite(room, who);
  }

  async remove(room: Bytes, who: string): Promise<void> {
    await (await this.#whole.promise).remove(room, who);
  }

  /** In a room; resolves when the relay has answered for each copy. */
  async sayIn(room: Bytes, text: string): Promise<void> {
    const [number = 0] = (await this.#whole.promise).conversationOf({ room }).post([text]);
    this.#said.set(number, text);
    await this.until(() => this.#sent.has(number));
  }

  /** How many are in a room, as this end last heard; 0 where it is in no such room. */
  membersOf(room: Bytes): number {
    return this.#rooms.get(toHex(room)) ?? 0;
  }

  async find(name: string): Promise<Bytes | undefined> {
    try {
      const { key } = (await (await this.#whole.promise).open(`@${name}`)).view;
      return 'account' in key ? key.account : undefined;
    } catch (error) {
      if (!isWaxwingError(error, 'peer-changed')) throw error;
      return undefined;
    }
  }

  async remembered(): Promise<number> {
    return (await (await this.#whole.promise).doctor()).unopenable.length;
  }

  until(holds: () => boolean, patience?: number): Promise<boolean> {
    return this.#changing.until(holds, patience);
  }

  #observe(event: RelayEvent): void {
    switch (event.kind) {
      case 'message':
        this.#take(event.message);
        break;
      case 'sent':
        for (const number of event.numbers) this.#sent.add(number);
        break;
      case 'delivered':
        for (const number of event.numbers) this.delivered.push(this.#said.get(number) ?? '');
        break;
      case 'sent-anew':
        for (const number of event.numbers) this.told.push({ kind: 'sent anew', text: this.#said.get(number) ?? '' });
        break;
      case 'not-delivered': {
        for (const number of event.numbers)
          this.told.push({ kind: 'not delivered', text: this.#said.get(number) ?? '' });
        this.#note('repair', event.error.message);
        break;
      }
      case 'weak-start':
        this.told.push({ kind: 'weaker start' });
        this.#note('start', 'it is told as a weaker start, without a one-time key');
        break;
      case 'unopenable': {
        const { code, check, cause } = event.unopenable;
        this.told.push({ kind: 'unopenable', code, check });
        this.stops.push({ check: checkOf(code, check), code, message: cause });
        break;
      }
      case 'changed':
        this.told.push({ kind: 'changed', name: event.name });
        this.stops.push(stopOf(event.error));
        break;
      case 'room':
        this.#rooms.set(toHex(event.room.id), event.room.members.length);
        this.changes.push(event.change);
        break;
      case 'retrying':
        this.waits.push(event.inMs);
        break;
      case 'held-back':
      case 'cut':
        if (isProtocolError(event.error.cause)) this.stops.push(stopOf(event.error.cause));
        break;
      default:
        break;
    }
    this.#changing.changed();
  }

  #end(end: Ending): void {
    this.ended = true;
    if (end.how === 'failed' && isProtocolError(end.error.cause)) this.stops.push(stopOf(end.error.cause));
    this.#changing.changed();
  }

  #take({ text = '', gap, seq, late, waited }: Extract<RelayEvent, { kind: 'message' }>['message']): void {
    this.texts.push(text);
    if (gap > 0) {
      this.told.push({ kind: 'missing', count: gap });
      this.#note('chain', `before flight ${String(seq)} there is a gap of ${String(gap)}: it is shown as that`);
    }
    if (late !== false) {
      this.told.push({ kind: 'late', text });
      this.#note('chain', `flight ${String(seq)} came after later ones: it is shown as one that arrived late`);
    }
    if (waited > 0) {
      this.told.push({ kind: 'waited', text, milliseconds: waited });
      this.#note('freshness', `it is shown as one that was under way for ${String(Math.round(waited / 60_000))} min`);
    }
  }

  /** Something that was told, and refused nothing. */
  #note(check: Stop['check'], message: string): void {
    this.stops.push({ check, code: undefined, message });
  }
}
