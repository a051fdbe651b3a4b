/** A member of a room with the shipped code (§10), in memory: the attacker carries states and copies. */
import {
  type Certificates,
  createRoom,
  type Device,
  isProtocolError,
  type ItemTo,
  joinRoom,
  type MadeItems,
  type Party,
  RoomConversation,
  type RoomRecord,
  sameParty,
  type SealedRoomFlight,
  textOf,
  TYPE_TEXT,
  utf8,
} from '@waxwing/protocol';
import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';
import { type Stop, stopOf } from '../check.ts';
import type { Lab } from '../lab.ts';
import type { Name } from '../people.ts';

export class RoomMember {
  readonly device: Device;
  readonly room: RoomConversation;
  readonly texts: string[] = [];
  readonly stops: Stop[] = [];
  readonly #now: number;

  constructor(
    lab: Lab,
    of: { readonly device: Device; readonly record: RoomRecord; readonly certificates: Certificates },
  ) {
    const { device, record: state, certificates } = of;
    this.device = device;
    this.room = new RoomConversation(p, { device, state, certificates });
    this.#now = lab.now;
  }

  get party(): Party {
    const { account, device } = this.device.bundle;
    return { account, device };
  }

  say(text: string): Promise<SealedRoomFlight> {
    return this.room.seal({ items: [{ type: TYPE_TEXT, body: utf8(text) }], now: this.#now });
  }

  /** Takes what came of the room in the session with `from`. Never throws for what an attacker does. */
  async take(item: Uint8Array | undefined, from: Party): Promise<void> {
    await this.#judged(async () => {
      const { opened } = await this.room.take({ body: item ?? new Uint8Array(0), from, now: this.#now });
      for (const { items } of opened) this.#show(items);
    });
  }

  /** Opens its copy of a flight; holds it where its state has not come. */
  async open({ copies }: SealedRoomFlight): Promise<void> {
    const copy = copies.find(({ to }) => sameParty(to, this.party));
    if (copy?.inner.kind !== 'envelope') return;
    const { envelope } = copy.inner;
    await this.#judged(async () => {
      try {
        const { items, gap, writtenBefore } = await this.room.open(envelope, this.#now);
        if (gap > 0) this.#note('chain', `before it there is a gap of ${String(gap)}: it is shown as that`);
        if (writtenBefore) this.#note('room', 'it is shown as written before the list of members changed');
        this.#show(items);
      } catch (error) {
        if (!isProtocolError(error) || error.code !== 'envelope-0' || error.check !== 'sid') throw error;
        await this.room.hold(envelope, this.#now);
        this.#note('room', 'it is held and counted, and its state is asked for');
      }
    });
  }

  #show(items: readonly { readonly body: Uint8Array }[]): void {
    for (const { body } of items) this.texts.push(textOf(body) ?? '');
  }

  #note(check: Stop['check'], message: string): void {
    this.stops.push({ check, code: undefined, message });
  }

  async #judged(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.stops.push(stopOf(error));
    }
  }
}

export interface Room {
  /** Its admin. */
  readonly alice: RoomMember;
  readonly others: readonly RoomMember[];
  readonly certificates: Certificates;
}

/** A room that alice has made with others in it. */
export async function roomOf(lab: Lab, ...names: readonly Name[]): Promise<Room> {
  const [{ device: alice }, ...people] = await lab.people.persons('alice', 'bob', 'carol', 'mallory');
  const everybody = [alice, ...people.map(({ device }) => device)];
  const certificates: Certificates = (party) =>
    everybody.flatMap(({ bundle }) => (sameParty(bundle, party) ? [bundle.certificate] : []));
  const members = await Promise.all(names.map(async (name) => (await lab.people.person(name)).device));
  const made = await createRoom(p, alice, {
    name: 'group',
    members: members.map(({ bundle: { account, device } }) => ({ account, device })),
    now: lab.now,
  });
  const others: RoomMember[] = [];
  for (const device of members) {
    const came = { body: itemFor(made, device) ?? new Uint8Array(0), from: made.state.says.by, now: lab.now };
    others.push(
      new RoomMember(lab, { device, record: await joinRoom(p, { device, certificates }, came), certificates }),
    );
  }
  return { alice: new RoomMember(lab, { device: alice, record: made.record, certificates }), others, certificates };
}

/** What is to be sent to a device of a new state. */
export function itemFor({ items }: MadeItems, { bundle }: Device): Uint8Array | undefined {
  return items.find(({ to }: ItemTo) => sameParty(to, bundle))?.item.body;
}
