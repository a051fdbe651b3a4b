/** What a user says to requests (§9.6): yes or no; and what follows from a yes. */
import type { Bytes } from '@waxwing/protocol';
import type { Place } from './place.ts';
import type { RoomInvitationDesk } from './room-invitations.ts';
import type { Traffic } from './traffic.ts';

export interface RequestDeskOptions {
  readonly place: Place;
  readonly traffic: Traffic;
  readonly invitations: RoomInvitationDesk;
}

export class RequestDesk {
  readonly #options: RequestDeskOptions;

  constructor(options: RequestDeskOptions) {
    this.#options = options;
  }

  /** A channel stands: what was accepted when the program ended takes effect now. */
  up(): void {
    const { traffic, invitations } = this.#options;
    traffic.inBackground('invitations', async () => {
      for (const account of invitations.accepted) this.enterRoom(account);
    });
  }

  accept(account: Bytes): void {
    const { place, traffic } = this.#options;
    place.store.contacts.add(place.relay, account, 'open');
    traffic.owe(account);
    traffic.outgoing.wake(account);
    this.enterRoom(account);
  }

  refuse(account: Bytes): void {
    this.#options.traffic.strangers.refuse(account);
  }

  /** The one that an account invited to while it was a stranger. */
  enterRoom(account: Bytes): void {
    const { traffic, invitations } = this.#options;
    traffic.open(() => invitations.take(account));
  }
}
