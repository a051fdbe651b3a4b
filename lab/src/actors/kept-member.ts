/** A channel with a relay that is there again when it has ended: opened when first asked for. */
import { isProtocolError, type RelayEvent, type RelayLink } from '@waxwing/protocol';
import type { HandshakeDevice } from '@waxwing/protocol/channel';
import { type Stop, stopOf } from '../check.ts';
import type { Lab } from '../lab.ts';
import { RelayMember } from './relay-member.ts';

/** A relay that is not there is called again after this, ms. */
const REDIAL_AFTER = 20;

export interface KeptMemberOptions {
  readonly link: RelayLink;
  /** Asked before each channel. */
  readonly device: () => HandshakeDevice;
  readonly hear: (event: RelayEvent) => void;
  /** A channel ended; with the check that ended it, where it was one of this side's. */
  readonly ended: (stop: Stop | undefined) => void;
}

export class KeptMember {
  /** The relay is not the one it was: it is not called again. */
  givenUp = false;
  readonly #lab: Lab;
  readonly #options: KeptMemberOptions;
  #member: Promise<RelayMember> | undefined;
  #over = false;

  constructor(lab: Lab, options: KeptMemberOptions) {
    this.#lab = lab;
    this.#options = options;
    lab.defer(() => {
      this.#over = true;
    });
  }

  get over(): boolean {
    return this.#over;
  }

  member(): Promise<RelayMember> {
    this.#member ??= this.#dial();
    return this.#member;
  }

  async #dial(): Promise<RelayMember> {
    const { link, device, hear, ended } = this.#options;
    const member = await RelayMember.dial(this.#lab, {
      link,
      device: device(),
      hear,
      ended: (stop) => {
        this.#member = undefined;
        ended(stop);
        void this.#redial();
      },
    });
    member.ask({ op: 'receive' }).catch(() => undefined); // no member yet, or cut again
    return member;
  }

  async #redial(): Promise<void> {
    while (!this.#over && !this.givenUp) {
      try {
        await this.member();
        return;
      } catch (error) {
        this.#member = undefined;
        if (isProtocolError(error)) {
          this.givenUp = true;
          this.#options.ended(stopOf(error));
        } else await new Promise((resolve) => setTimeout(resolve, REDIAL_AFTER));
      }
    }
  }
}
