/** Contact links (§11.2): those made here, and who came by one. */
import {
  type Bytes,
  contactProof,
  type ControlEntry,
  DAY,
  decodeMailboxControl,
  equalBytes,
  encodeRelayLink,
  inviteToken,
  LINK_SECRET_SIZE,
  toHex,
} from '@waxwing/protocol';
import type { RelayRequests } from '../relay/relay-requests.ts';
import type { ContactLink } from '../store/contact-link.ts';
import { DROPPED, type OpenedMail } from './opened-mail.ts';
import { ownDevice, type Place, viewAccount } from './place.ts';

export class LinkBook {
  readonly #place: Place;
  /** Who came by which link (its proof, hex) in this batch: not on disk yet. */
  readonly #visits = new Map<string, Bytes>();

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

  /** A batch of the mailbox begins: what the last one used is on disk, or was undone. */
  begin(): void {
    this.#visits.clear();
  }

  /** Whether this account comes by a link that is still good, and that nobody else has used. */
  isVisit(account: Bytes, ctl: readonly ControlEntry[]): boolean {
    const link = this.#linkOf(ctl);
    if (link === undefined || this.#hasEnded(link) || link.usedBy !== undefined) return false;
    const visitor = this.#visits.get(toHex(link.proof));
    return visitor === undefined || equalBytes(visitor, account);
  }

  /** Whether one of our links is shown, good or not. */
  isShown(ctl: readonly ControlEntry[]): boolean {
    return this.#linkOf(ctl) !== undefined;
  }

  mail(account: Bytes, ctl: readonly ControlEntry[]): OpenedMail {
    const link = this.#linkOf(ctl);
    if (link === undefined) return DROPPED;
    const name = toHex(link.proof);
    const user = link.usedBy ?? this.#visits.get(name);
    if (user !== undefined && equalBytes(user, account)) return DROPPED; // told until it is received
    if (user === undefined) this.#visits.set(name, account);
    const told = { made: link.made, again: user !== undefined, ended: this.#hasEnded(link) };
    return {
      commit: () => {
        this.#place.store.contactLinks.use(link.proof, account);
      },
      show: () => {
        this.#place.observe({ kind: 'link-used', peer: viewAccount(this.#place, account), ...told });
      },
    };
  }

  /** By the own clock: what a stranger says of the time he wrote could make a link last for ever. */
  #hasEnded({ ends }: ContactLink): boolean {
    return this.#place.now() >= ends;
  }

  #linkOf(ctl: readonly ControlEntry[]): ContactLink | undefined {
    const { link } = decodeMailboxControl(ctl);
    return link && this.#place.store.contactLinks.get(link);
  }
}
