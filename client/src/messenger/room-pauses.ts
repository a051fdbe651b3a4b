/** Rooms whose work the relay could not help with just now: each goes on after a pause. */
import { Backoff } from '../connection/backoff.ts';
import type { RelayFailure } from '../relay/relay-failure.ts';
import type { Room } from './room.ts';

export class RoomPauses {
  readonly #over: (room: Room) => void;
  readonly #pauses = new Map<Room, { readonly backoff: Backoff; timer: NodeJS.Timeout | undefined }>();
  #up = false;

  /** `over`: the pause of this room is over. */
  constructor(over: (room: Room) => void) {
    this.#over = over;
  }

  up(): void {
    this.#up = true;
  }

  /** The channel has ended: the next one begins anew. */
  down(): void {
    this.#up = false;
    for (const { timer } of this.#pauses.values()) clearTimeout(timer);
    this.#pauses.clear();
  }

  /** As long as the relay asks for, and longer each time. */
  wait(room: Room, { retry }: RelayFailure): void {
    if (!this.#up) return;
    const pause = this.#pauses.get(room) ?? { backoff: new Backoff(), timer: undefined };
    this.#pauses.set(room, pause);
    if (pause.timer !== undefined) return;
    pause.timer = setTimeout(() => {
      pause.timer = undefined;
      this.#over(room);
    }, pause.backoff.next(retry)).unref();
  }
}
