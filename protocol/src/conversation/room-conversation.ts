/** Sealing and opening the messages of a room (§10), and taking and making its states. */
import { equalBytes } from '../bytes.ts';
import type { Party } from '../envelope/message-statement.ts';
import { gotOf } from '../envelope/received-chain.ts';
import { ProtocolError } from '../errors.ts';
import type { Device } from '../keys/device.ts';
import { TYPE_ROOM_LEAVE } from '../labels.ts';
import { HASH_SIZE, MAX_HELD, MAX_HELD_BYTES, ROOM_GOT_EVERY } from '../limits.ts';
import { type Primitives, SecretKey } from '../primitives.ts';
import { addedAt } from '../rooms/added.ts';
import type { RoomChange } from '../rooms/change.ts';
import { makeNextState, signLeave } from '../rooms/make-room-state.ts';
import { isAdmin, memberOf } from '../rooms/member-file.ts';
import { type Certificates, openLeaveItem } from '../rooms/open-room-item.ts';
import { sameParty } from '../rooms/party.ts';
import { refuseRoom } from '../rooms/refusal.ts';
import { encodeRoomGot, encodeRoomQuestion, type RoomQuestion } from '../rooms/room-control.ts';
import { encodeLeaveItem } from '../rooms/room-item.ts';
import { firstHalf } from '../rooms/room-state.ts';
import type { ControlEntry } from './flight.ts';
import { openHeld, openInRoom, readRoomHeader, type RoomSelf } from './open-in-room.ts';
import { takeItems } from './plan-flight.ts';
import type {
  ItemTo,
  MadeItems,
  OpenedHeld,
  OpenedRoomFlight,
  SealedRoomFlight,
  TakenRoomState,
} from './room-flight.ts';
import { stateItem, stateItems } from './room-items.ts';
import {
  changeDue,
  dropOldOfRoom,
  leaverOf,
  newestEpoch,
  type RoomEpoch,
  type RoomRecord,
  withAuthor,
  withChain,
  withEpoch,
  withState,
} from './room-record.ts';
import { type RoomFlightToSeal, sealInRoom } from './seal-room-flight.ts';
import { type CameInSession, itemContext, takeRoomState } from './take-room-state.ts';

export interface RoomConversationOptions {
  readonly device: Device;
  readonly state: RoomRecord;
  /** What is known of the members' devices, looked at anew each time. */
  readonly certificates: Certificates;
  /** A monotonic clock in milliseconds: gives the proof its durations. */
  readonly stopwatch?: (() => number) | undefined;
}

/**
 * One room on one device. Calls are serialised. `state` is a value that moves on with each of them: store it in one
 * transaction with what came of the call, before a copy or an item leaves and before anything is shown.
 */
export class RoomConversation {
  readonly #p: Primitives;
  readonly #self: RoomSelf;
  #record: RoomRecord;
  #work: Promise<unknown> = Promise.resolve();

  constructor(p: Primitives, options: RoomConversationOptions) {
    this.#p = p;
    const { device, certificates, stopwatch, state } = options;
    this.#self = { device, certificates, stopwatch, rejection: new SecretKey(p.randomBytes(HASH_SIZE)) };
    this.#record = state;
  }

  get state(): RoomRecord {
    return this.#record;
  }

  /** What has to be changed before the next flight is sealed: who leaves, or an old secret (§10.5). Give it to `change`. */
  changeDue(now: number): RoomChange | undefined {
    return changeDue(this.#record, this.#self.device.bundle, now);
  }

  /**
   * Seals one flight in the newest state: one ciphertext, a copy for each other member.
   * @throws ProtocolError `limit` where the flight is over a limit or not well-formed; `room`, check `member` where this
   *   device is not in the room, `secret` where the newest state's has not come, `fork` while an alarm is not settled;
   *   nothing has changed then
   */
  seal(flight: RoomFlightToSeal): Promise<SealedRoomFlight> {
    const items = takeItems(this.#p, flight.items);
    return this.#inTurn(async () => {
      const epoch = this.#sendable();
      const { plan, chain } = sealInRoom(this.#p, {
        device: this.#self.device,
        room: this.#record.room,
        epoch,
        last: this.#record.sent,
        certificates: this.#self.certificates,
        flight: { ...flight, items },
      });
      // From here on the place and the seq are used up: a crash skips a number and never repeats one (§5.2).
      this.#record = dropOldOfRoom({ ...withChain(this.#record, epoch, chain), sent: plan.end }, flight.now);
      return plan.seal();
    });
  }

  /**
   * Opens one envelope of this room. Whatever fails, the state is as it was, and nobody is to be blamed (§10.4).
   * @throws ProtocolError `room`, check `bundle`, where the author's is still to be fetched; `envelope-0`: check `sid` where
   *   its state or secret has not come: both are for `hold`; `used` for a copy of what was opened; `-1`; `-3`, check `unwrap` where none of the own keys opens the wrap, which alone is told to
   *   the relay; `-4`, check `removed` for one whose author is in the room no more; `-5`
   */
  open(envelope: Uint8Array, now: number): Promise<OpenedRoomFlight> {
    return this.#inTurn(async () => {
      const { record, flight } = await openInRoom(this.#p, this.#self, this.#record, { envelope, now });
      this.#record = record;
      return flight;
    });
  }

  /**
   * Keeps an envelope whose state has not come (§10.5). The result is what to ask for, and whom: one after the other.
   * @throws ProtocolError `limit`, check `held`, where there is no room for it: it is then `unopenable`
   */
  hold(envelope: Uint8Array, now: number): Promise<{ readonly question: ControlEntry; readonly of: readonly Party[] }> {
    return this.#inTurn(() => {
      const { sid } = readRoomHeader(this.#p, this.#record.room, envelope);
      const record = dropOldOfRoom(this.#record, now);
      const bytes = new Uint8Array(envelope);
      if (!record.held.some((one) => equalBytes(one.envelope, bytes))) {
        const size = record.held.reduce((sum, one) => sum + one.envelope.length, bytes.length);
        if (record.held.length >= MAX_HELD || size > MAX_HELD_BYTES) {
          throw new ProtocolError('limit', 'held', 'too many messages of this room wait for a state already');
        }
        this.#record = { ...record, held: [...record.held, { sid, envelope: bytes, at: now }] };
      }
      return Promise.resolve({ question: encodeRoomQuestion({ room: record.room, sid }), of: this.#others() });
    });
  }

  /** Opens what was held and can be opened now: once the bundle of an author has been fetched. */
  openHeld(now: number): Promise<OpenedHeld> {
    return this.#inTurn(async () => {
      const { record, opened, refused } = await openHeld(this.#p, this.#self, this.#record, now);
      this.#record = record;
      return { opened, refused };
    });
  }

  /**
   * Takes a state that an item `application/waxwing-room` brings, and opens what was held for it.
   * @throws ProtocolError `room`, as `openRoomItem`; check `fork` where its author made two states in one place, or would undo
   *   a settled state and is no admin: the alarm is then in the state, and has to be stored. Check `settled` for the latter by
   *   somebody who is in the room no more: to be shown once for each, and nothing else. Otherwise the state is as it was
   */
  take(came: CameInSession): Promise<TakenRoomState> {
    return this.#inTurn(async () => {
      const { record, taken } = await takeRoomState(this.#p, this.#self, this.#record, came);
      this.#record = record;
      if (taken === undefined)
        throw refuseRoom('fork', 'A member made two states in one place, or one that would undo what is settled.');
      return taken;
    });
  }

  /**
   * Takes a leave statement that an item `application/waxwing-room-leave` brings.
   * @throws ProtocolError `room`, check `shape`, `grammar`, `room id`, `by`, `signature`, `leaves` or `bundle`
   */
  takeLeave(body: Uint8Array, now: number): Promise<void> {
    return this.#inTurn(async () => {
      const { statement, signature } = await openLeaveItem(this.#p, itemContext(this.#self, this.#record), body);
      this.#record = dropOldOfRoom(
        { ...this.#record, leaves: [...this.#record.leaves, { statement, signature }] },
        now,
      );
    });
  }

  /**
   * Makes the next state.
   * @throws ProtocolError `room`, check `member`, `fork`, `file`, `grammar` or `change`; nothing has changed then
   */
  change(change: RoomChange, now: number): Promise<MadeItems> {
    return this.#inTurn(async () => {
      const before = this.#present();
      const me = this.#self.device.bundle;
      const leaves =
        change.change === 'leave'
          ? this.#record.leaves.filter((leave) => change.members.some((one) => sameParty(one, leaverOf(leave))))
          : [];
      if (change.change === 'leave' && leaves.length !== change.members.length) {
        throw refuseRoom('leaves', 'Who is to be left out has not signed that he leaves.');
      }
      const maker = { me, signKey: this.#self.device.signKey, now };
      const { state, secret } = await makeNextState(this.#p, maker, { before, change, leaves });
      this.#record = withState(this.#p, this.#record, { state, secret, me, now });
      return { state, items: stateItems({ state, secret, me, before: before.file }) };
    });
  }

  /**
   * Says that this device leaves: whoever sends next makes the state without it. An alarm does not keep anybody in a room.
   * @throws ProtocolError `room`, check `change` for the last admin, who names another first; `member`
   */
  leave(now: number): Promise<readonly ItemTo[]> {
    return this.#inTurn(async () => {
      const newest = this.#newest();
      const { file } = newest;
      const me = this.#self.device.bundle;
      const others = this.#others();
      if (others.length > 0 && isAdmin(file, me) && !others.some((other) => isAdmin(file, other))) {
        throw refuseRoom('change', 'The last admin of a room names another one first.');
      }
      // An admin's clock may be ahead of this one: the word has to stand after the state that added this device.
      const made = Math.max(now, addedAt(this.#record.epochs, newest, me));
      const leave = await signLeave(this.#p, { me, signKey: this.#self.device.signKey, now: made }, this.#record.room);
      this.#record = dropOldOfRoom({ ...this.#record, leaves: [...this.#record.leaves, leave] }, now);
      return others.map((to) => ({ to, item: { type: TYPE_ROOM_LEAVE, body: encodeLeaveItem(leave) } }));
    });
  }

  /** The answer to a question for a state: for who is in the room, or was in that state; undefined for anybody else. */
  answer({ room, sid }: RoomQuestion, to: Party): ItemTo | undefined {
    const epoch = this.#record.epochs.find(({ state }) => equalBytes(firstHalf(state), sid));
    if (epoch === undefined || !equalBytes(room, this.#record.room)) return undefined;
    const inside = [epoch, newestEpoch(this.#record)].some(({ file }) => memberOf(file, to) !== undefined);
    return inside ? stateItem(epoch, epoch.secret, to) : undefined;
  }

  /** The secret of a state of one's own is erased: every member has confirmed it. */
  forgetSecret(state: Uint8Array): Promise<void> {
    return this.#inTurn(() => {
      this.#record = withEpoch(this.#record, { state: new Uint8Array(state) }, (epoch) => ({
        ...epoch,
        secret: undefined,
      }));
      return Promise.resolve();
    });
  }

  /** What authors are to be told in the pairwise sessions with them: what came, each at most once a minute (§10.3). */
  gots(now: number): Promise<readonly { readonly to: Party; readonly entry: ControlEntry }[]> {
    return this.#inTurn(() => {
      const due = this.#record.authors.filter(({ news, told }) => news && now - told >= ROOM_GOT_EVERY);
      for (const author of due) this.#record = withAuthor(this.#record, { ...author, told: now, news: false });
      const { room } = this.#record;
      return Promise.resolve(
        due.map(({ account, device, received }) => ({
          to: { account, device },
          entry: encodeRoomGot({ room, ...gotOf(received) }),
        })),
      );
    });
  }

  /** The user has decided to go on in this room after two states by one author (§10.5). */
  settle(): Promise<void> {
    return this.#inTurn(() => {
      const { alarm } = this.#record;
      this.#record = { ...this.#record, alarm: alarm && { ...alarm, settled: true } };
      return Promise.resolve();
    });
  }

  #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const run = this.#work.then(work);
    this.#work = run.catch(() => undefined);
    return run;
  }

  /** The newest state, which this device is in. */
  #newest(): RoomEpoch {
    const epoch = newestEpoch(this.#record);
    if (memberOf(epoch.file, this.#self.device.bundle) === undefined) {
      throw refuseRoom('member', 'This device is not in the room.');
    }
    return epoch;
  }

  /** The same, where nothing waits for the user. */
  #present(): RoomEpoch {
    const epoch = this.#newest();
    if (this.#record.alarm?.settled === false) {
      throw refuseRoom(
        'fork',
        'A member made a state that forks the room: nothing is sent until the user has decided.',
      );
    }
    return epoch;
  }

  #sendable(): RoomEpoch {
    const epoch = this.#present();
    if (epoch.chains.length === 0) throw refuseRoom('secret', "The newest state's secret has not come yet.");
    return epoch;
  }

  /** Who else is in the newest state, admins first. */
  #others(): readonly Party[] {
    const { members } = newestEpoch(this.#record).file;
    return members
      .filter((member) => !sameParty(member, this.#self.device.bundle))
      .toSorted((a, b) => Number(b.role === 'admin') - Number(a.role === 'admin'))
      .map(({ account, device }) => ({ account, device }));
  }
}
