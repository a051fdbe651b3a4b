/** Contact links (§11.2): those made here, and who came by one. */
import {
  contactProof,
  type ControlEntry,
  DAY,
  decodeMailboxControl,
  equalBytes,
  encodeRelayLink,
  inviteToken,
  LINK_SECRET_SIZE,
} from '@waxwing/protocol';
import type { RelayRequests } from '../relay/relay-requests.ts';
import type { ContactLink } from '../store/contact-link.ts';
import { DROPPED, type OpenedMail } from './opened-mail.ts';
import type { Pair } from './pair.ts';
import { ownDevice, type Place, viewAccount } from './place.ts';

export class LinkBook {
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
  }

  /** A new link, registered at the relay. @throws RelayFailure `too-fast` … */
  async make(requests: RelayRequests, days: number): Promise<string> {
    const { p, store, relay, now } = this.#place;
    const secret = p.randomBytes(LINK_SECRET_SIZE);
    const made = now();
    store.contactLinks.add({ proof: contactProof(p, secret), secret, relay, made, ends: made + days * DAY });
    await requests.invite(p.sha256(inviteToken(p, secret)), days);
    const joined = store.relays.get(relay);
    if (joined === undefined) throw new Error('a messenger has joined its relay');
    const { host, port } = joined;
    return encodeRelayLink({ host, port, relay, secret, owner: ownDevice(this.#place).bundle.account });
  }

  /** Whether somebody comes by a link that nobody has used. */
  isVisit(ctl: readonly ControlEntry[]): boolean {
    const link = this.#linkOf(ctl);
    return link !== undefined && link.usedBy === undefined;
  }

  mail(pair: Pair, ctl: readonly ControlEntry[]): OpenedMail {
    const { account } = pair.key;
    const link = this.#linkOf(ctl);
    if (link === undefined || (link.usedBy !== undefined && equalBytes(link.usedBy, account))) return DROPPED; // told until it is received
    return {
      commit: () => {
        this.#place.store.contactLinks.use(link.proof, account);
      },
      show: () => {
        const peer = viewAccount(this.#place, account);
        this.#place.observe({ kind: 'link-used', peer, made: link.made, again: link.usedBy !== undefined });
      },
    };
  }

  #linkOf(ctl: readonly ControlEntry[]): ContactLink | undefined {
    const { link } = decodeMailboxControl(ctl);
    return link && this.#place.store.contactLinks.get(link);
  }
}
