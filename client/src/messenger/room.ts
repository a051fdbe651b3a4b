/** One room on this device, in step with what is on disk. */
import {
  type Bytes,
  type Device,
  encodeRoomRecord,
  memberOf,
  type MemberFile,
  newestEpoch,
  RoomConversation,
  type RoomRecord,
} from '@waxwing/protocol';
import type { ChainKey } from '../store/chain.ts';
import type { SeqRange } from '../store/message.ts';
import { ownDevice, type Place } from './place.ts';
import type { RoomBundles } from './room-bundles.ts';

export interface RoomParts {
  readonly place: Place;
  readonly bundles: RoomBundles;
  readonly state: RoomRecord;
  /** What of it is on disk; undefined where nothing is. */
  readonly saved: RoomRecord | undefined;
}

export class Room {
  readonly id: Bytes;
  readonly #place: Place;
  readonly #bundles: RoomBundles;
  #device: Device;
  #conversation: RoomConversation;
  #saved: RoomRecord | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  /** Own seqs that hold nothing which is not sent again: told with the next flight. A member who misses one asks again. */
  voids: readonly SeqRange[] = [];

  constructor({ place, bundles, state, saved }: RoomParts) {
    this.id = state.room;
    this.#place = place;
    this.#bundles = bundles;
    this.#saved = saved;
    this.#device = ownDevice(place);
    this.#conversation = this.#converse(state);
  }

  get conversation(): RoomConversation {
    return this.#conversation;
  }

  get state(): RoomRecord {
    return this.#conversation.state;
  }

  /** The newest list of members. */
  get file(): MemberFile {
    return newestEpoch(this.state).file;
  }

  get isMember(): boolean {
    return memberOf(this.file, ownDevice(this.#place).bundle) !== undefined;
  }

  /** The name of its own flights in the store: no account and no device has it. */
  get chain(): ChainKey {
    return roomChain(this.#place, this.id);
  }

  /** As of a pair: one at a time works on a room, from the first step to the commit. */
  async lock(): Promise<() => void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const before = this.#turn;
    this.#turn = promise;
    await before;
    const device = ownDevice(this.#place);
    if (device !== this.#device) {
      this.#device = device;
      this.become(this.state);
    }
    return () => {
      resolve(undefined);
    };
  }

  async inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const end = await this.lock();
    try {
      return await work();
    } finally {
      end();
    }
  }

  /** Writes what changed, inside the transaction of whatever changed it; then `settle`, or `revert` where that failed. */
  save(): void {
    const { store, relay } = this.#place;
    const { state, id } = this;
    const before = this.#saved;
    if (state === before) return;
    const none = { epochs: [], authors: [], skipped: [], held: [] };
    const added = encodeRoomRecord({ ...state, ...rowsOf(state, before ?? none) });
    const removed = encodeRoomRecord({ ...state, ...rowsOf(before ?? none, state) });
    store.rooms.save({ relay, room: id }, { added, removed });
  }

  settle(): void {
    this.#saved = this.state;
  }

  /** What was to be saved is not on disk: nothing of it has happened. False where nothing ever was. */
  revert(): boolean {
    if (this.#saved === undefined) return false;
    if (this.#saved !== this.state) this.become(this.#saved);
    return true;
  }

  become(state: RoomRecord): void {
    this.#conversation = this.#converse(state);
  }

  /** Does something to the room and writes it together with what came of it. */
  async change<Value>(
    work: (conversation: RoomConversation) => Promise<Value>,
    keep: (value: Value) => void,
  ): Promise<Value> {
    return await this.inTurn(async () => {
      try {
        const value = await work(this.#conversation);
        this.#place.store.transaction(() => {
          this.save();
          keep(value);
        });
        this.settle();
        return value;
      } catch (error) {
        this.revert();
        throw error;
      }
    });
  }

  #converse(state: RoomRecord): RoomConversation {
    const { certificates } = this.#bundles;
    return new RoomConversation(this.#place.p, {
      device: this.#device,
      state,
      certificates,
      stopwatch: () => performance.now(),
    });
  }
}

type Rows = Pick<RoomRecord, 'epochs' | 'authors' | 'skipped' | 'held'>;

/** The rows of one record that another does not have. They are values: what is the same is the same object. */
function rowsOf(of: Rows, but: Rows): Rows {
  const rest = <Row>(rows: readonly Row[], others: readonly Row[]): readonly Row[] => {
    const known = new Set(others);
    return rows.filter((row) => !known.has(row));
  };
  return {
    epochs: rest(of.epochs, but.epochs),
    authors: rest(of.authors, but.authors),
    skipped: rest(of.skipped, but.skipped),
    held: rest(of.held, but.held),
  };
}

/** The name of the own flights to a room in the store; with a tag (16) of somebody else's. */
export function roomChain(place: Place, room: Bytes, tag: Bytes = new Uint8Array(16)): ChainKey {
  return { ownDevice: ownDevice(place).bundle.device, account: room, peerDevice: tag };
}
