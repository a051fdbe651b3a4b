/** A flight that passed every check (§9.3, step 6): whose it is, what of it is kept, and what is told. */
import {
  type Bytes,
  concat,
  type FlightItem,
  LIVE_MAX_AGE,
  MAX_GOT_RANGES,
  type OpenedMailboxFlight,
  type PrekeyUse,
  type ReceivedChain,
  textOf,
  toHex,
  TYPE_STEP,
  TYPE_TEXT,
} from '@waxwing/protocol';
import type { PeerView } from '../direct/peer-view.ts';
import type { ChainKey } from '../store/chain.ts';
import type { Contact } from '../store/relay.ts';
import type { RoomInvitation } from '../store/room-invitation.ts';
import type { LinkBook } from './link-book.ts';
import { DROPPED, type OpenedMail } from './opened-mail.ts';
import type { Pair } from './pair.ts';
import { isKnown, type Place, viewAccount } from './place.ts';
import type { PrekeyKeeper } from './prekey-keeper.ts';
import type { ReceiptBook } from './receipt-book.ts';
import { CTL_NICK } from './receipts.ts';
import type { RelayMessage } from './relay-message.ts';
import type { Asking, RequestBook } from './request-book.ts';
import { invitedTo } from './room-invitations.ts';
import { joinRanges } from './seq-ranges.ts';

/** Types of items that the program says and nobody typed. */
const OWN_TYPES = 'application/waxwing-';

/** Nobody falls back to what he was. */
const RANK = { member: 0, request: 1, open: 2 } as const;

/** What a part of the program does with an item of its type; `undefined` where none takes it: it is ignored. */
export type ItemDoor = (item: FlightItem, flight: OpenedMailboxFlight, pair: Pair) => Promise<OpenedMail | undefined>;
/** What a part of the program does with the ctl of an accepted flight. */
export type ControlDoor = (flight: OpenedMailboxFlight, pair: Pair) => OpenedMail | undefined;

export interface AcceptedFlightsOptions {
  readonly place: Place;
  readonly keeper: PrekeyKeeper;
  readonly receipts: ReceiptBook;
  readonly links: LinkBook;
  readonly requests: RequestBook;
  readonly items: readonly ItemDoor[];
  readonly control: readonly ControlDoor[];
  /** Whether an account is in a room with us. */
  readonly isMember: (account: Bytes) => boolean;
  /** What room a stranger's flight invites to, where it does nothing else. */
  readonly invitation: (flight: OpenedMailboxFlight, pair: Pair) => Promise<RoomInvitation | undefined>;
  readonly onMessages: (messages: readonly RelayMessage[]) => void;
  /** Something came of this account, for which it may wait; `newDevice`: it is another one than before. */
  readonly onHeard: (account: Bytes, at: { readonly device: Bytes; readonly newDevice: boolean }) => void;
}

/** `kept` is false where nothing of the flight is: then nothing of it has happened, neither to its pair nor to a prekey. */
export interface Admitted {
  readonly mail: OpenedMail;
  readonly kept: boolean;
}

/** What of a stranger's flight may be kept. */
interface Asked {
  readonly message: FlightItem | undefined;
  readonly invitation: RoomInvitation | undefined;
}

export interface Circumstances {
  /** The chain before the flight. */
  readonly before: ReceivedChain;
  /** Where it began a session. */
  readonly start: { readonly weaker: boolean; readonly use: PrekeyUse } | undefined;
}

export class AcceptedFlights {
  readonly #options: AcceptedFlightsOptions;

  constructor(options: AcceptedFlightsOptions) {
    this.#options = options;
  }

  /** A batch begins. */
  begin(): void {
    this.#options.links.begin();
    this.#options.requests.begin();
  }

  /** Blocked, or in quarantine: what it says is dropped. */
  isUnheard(key: ChainKey): boolean {
    const { store } = this.#options.place;
    return store.peers.get(key.account)?.blockedAt !== undefined || store.chains.get(key).quarantinedAt !== undefined;
  }

  async mail(pair: Pair, flight: OpenedMailboxFlight, circumstances: Circumstances): Promise<Admitted> {
    const relation = this.#relationOf(pair, flight);
    if (relation === 'open' || (relation === 'member' && !flight.items.some(isTyped))) {
      const parts = await this.#parts(pair, flight);
      return { mail: this.#whole(pair, flight, { ...circumstances, standing: relation, parts }), kept: true };
    }
    const { requests, invitation } = this.#options;
    const asked =
      relation === 'member'
        ? { message: undefined, invitation: undefined }
        : { message: soleMessage(flight), invitation: await invitation(flight, pair) };
    switch (requests.admit(pair, this.#askingOf(flight, asked))) {
      case 'kept':
        return { mail: this.#request(pair, flight, { ...circumstances, ...asked }), kept: true };
      case 'later':
        this.#putOff(pair, flight, circumstances);
        return { mail: DROPPED, kept: true };
      case 'away':
        return { mail: DROPPED, kept: false };
      case 'full':
        return { mail: requests.turnedAway, kept: false };
    }
  }

  /** What a stranger's flight says beside what it asks, and its link, is not heard. */
  #request(pair: Pair, flight: OpenedMailboxFlight, of: Circumstances & Asked): OpenedMail {
    const { place, links } = this.#options;
    const { store, relay } = place;
    const { message, invitation } = of;
    if (message === undefined && invitation === undefined) this.#putOff(pair, flight, of);
    const parts = [links.mail(pair.key.account, flight.ctl)];
    if (invitation !== undefined) {
      const keep = (): void => {
        store.roomInvitations.keep(relay, invitation);
      };
      parts.push({ commit: keep, show: () => undefined });
    }
    const items = message === undefined ? [] : [message];
    return this.#whole(pair, { ...flight, items }, { ...of, standing: 'request', parts });
  }

  /** It has not come: its number is one that is missing, and is asked for as soon as its sender is told anything (§9.6). */
  #putOff(pair: Pair, { seq, items }: OpenedMailboxFlight, { before }: Circumstances): void {
    if (items.every(({ type }) => type === TYPE_STEP)) return; // there is nothing to ask for
    pair.become({ ...pair.state, received: before });
    const again = joinRanges([...pair.notes.again, [seq, seq]]).slice(0, MAX_GOT_RANGES);
    pair.notes = { ...pair.notes, again };
  }

  #askingOf(flight: OpenedMailboxFlight, { message, invitation }: Asked): Asking {
    if (message !== undefined || invitation !== undefined) return 'message';
    const says = flight.items.some(isTyped);
    return says || this.#options.links.isShown(flight.ctl) ? 'leave' : 'nothing';
  }

  #contact(account: Bytes): Contact | undefined {
    const { store, relay } = this.#options.place;
    return store.contacts.get(relay, account);
  }

  /** `member`: known from rooms alone. What is of these is heard, and what is said privately is a request. */
  #relationOf(pair: Pair, flight: OpenedMailboxFlight): 'open' | 'member' | 'stranger' {
    const { place, links, isMember } = this.#options;
    const { account } = pair.key;
    const standing = this.#contact(account)?.standing;
    if (standing === 'open' || links.isVisit(account, flight.ctl)) return 'open';
    if (standing === undefined && isKnown(place, account)) return 'open';
    return standing === 'member' || isMember(account) ? 'member' : 'stranger';
  }

  /** What others make of the items and the ctl. */
  async #parts(pair: Pair, flight: OpenedMailboxFlight): Promise<readonly OpenedMail[]> {
    const { items, control, receipts, links } = this.#options;
    const parts: OpenedMail[] = [links.mail(pair.key.account, flight.ctl), receipts.mail(pair, flight.ctl)];
    for (const item of flight.items) {
      if (isTyped(item)) continue;
      for (const door of items) {
        const part = await door(item, flight, pair);
        if (part !== undefined) parts.push(part);
      }
    }
    for (const door of control) {
      const part = door(flight, pair);
      if (part !== undefined) parts.push(part);
    }
    return parts;
  }

  #whole(
    pair: Pair,
    flight: OpenedMailboxFlight,
    context: Circumstances & { readonly standing: Contact['standing']; readonly parts: readonly OpenedMail[] },
  ): OpenedMail {
    const { place, onMessages, onHeard } = this.#options;
    const { standing, parts, start } = context;
    const { account } = pair.key;
    const nick = viewAccount(place, account).nick;
    let messages: readonly RelayMessage[] = [];
    let newDevice = false;
    return {
      commit: () => {
        newDevice = this.#meet(pair, { standing, flight });
        if (start !== undefined) this.#noteStart(pair, start.use);
        messages = this.#keep(pair, flight);
        const answered = flight.items.some(({ type }) => type !== TYPE_STEP);
        if (answered) pair.notes = { ...pair.notes, owed: pair.notes.owed + 1 };
        for (const part of parts) part.commit();
      },
      show: () => {
        const peer = viewAccount(place, account);
        if (newDevice) place.observe({ kind: 'new-device', peer });
        if (start?.weaker === true) place.observe({ kind: 'weak-start', peer });
        if (standing === 'open' && peer.nick !== nick) place.observe({ kind: 'nick', peer });
        for (const part of parts) part.show();
        if (standing === 'request') this.#ask(peer, messages);
        else onMessages(messages);
        if (standing !== 'request') onHeard(account, { device: pair.key.peerDevice, newDevice });
      },
    };
  }

  #ask(peer: PeerView, messages: readonly RelayMessage[]): void {
    const { place } = this.#options;
    for (const message of messages) place.observe({ kind: 'request', message });
    if (messages.length > 0) return;
    place.observe({ kind: 'asks', peer, invitation: invitedTo(place, peer.account) });
  }

  /** Remembers who it is, and at which device it is written to from now on. Whether that is another one than before. */
  #meet(
    pair: Pair,
    { standing, flight }: { readonly standing: Contact['standing']; readonly flight: OpenedMailboxFlight },
  ): boolean {
    const { store, relay } = this.#options.place;
    const { account, peerDevice } = pair.key;
    const known = this.#contact(account);
    const rises = known === undefined || RANK[standing] > RANK[known.standing];
    const contact = rises ? store.contacts.add(relay, account, standing) : known;
    const nick = flight.ctl.findLast(([name]) => name === CTL_NICK)?.[1];
    const told = nick instanceof Uint8Array ? textOf(nick) : undefined;
    if (standing === 'open') {
      const known = store.prekeys.knownSerial(account, peerDevice);
      const bundle = pair.state.peer;
      if (known === undefined || known.serial <= bundle.certificate.serial) store.peers.meet(bundle);
      // It was told while it was a request, and is not told again.
      const text = told ?? (store.peers.get(account)?.nick === undefined ? contact.nick : undefined);
      if (text !== undefined) store.peers.claimNick(account, text);
    } else if (told !== undefined) {
      store.contacts.claimNick(relay, account, told);
    }
    const other = contact.device === undefined || toHex(contact.device) !== toHex(peerDevice);
    if (!other || flight.late) return false;
    store.contacts.setDevice(relay, account, peerDevice);
    return contact.device !== undefined;
  }

  #noteStart(pair: Pair, { counter }: PrekeyUse): void {
    const bundleSerial = Math.max(pair.notes.bundleSerial, this.#options.keeper.serialOf(counter));
    pair.notes = { ...pair.notes, bundleSerial };
  }

  #keep(pair: Pair, flight: OpenedMailboxFlight): readonly RelayMessage[] {
    const { place } = this.#options;
    const items = flight.items.filter(isTyped);
    if (items.length === 0) return [];
    const { seq, statement, signature, commitments, sent, age, gap, proof, outcome, late } = flight;
    const received = place.now();
    const numbers = place.store.history.receive(
      {
        chain: pair.key,
        seq,
        statement,
        signature,
        commitments: concat(...commitments),
        bundle: pair.state.peer.bytes,
        sent,
        proof: JSON.stringify(proof),
        outcome,
        age,
        gap,
      },
      items,
    );
    const peer = viewAccount(place, pair.key.account);
    const waited = age > LIVE_MAX_AGE ? age : 0;
    return items.flatMap(({ type, body }, index): RelayMessage[] => {
      const number = numbers[index];
      if (number === undefined) return []; // an id is shown once (§5.1)
      const text = type === TYPE_TEXT ? textOf(body) : undefined;
      const place_ = { gap: index === 0 ? gap : 0, seq, late: late ? ('late' as const) : (false as const), waited };
      return [
        { number, peer, type, body, text, sent, received, age, proof, room: undefined, remark: undefined, ...place_ },
      ];
    });
  }
}

function isTyped({ type }: FlightItem): boolean {
  return !type.startsWith(OWN_TYPES);
}

/** The message of a flight that holds this one and nothing else. */
function soleMessage({ items }: OpenedMailboxFlight): FlightItem | undefined {
  const [only, ...more] = items;
  return only !== undefined && more.length === 0 && isTyped(only) ? only : undefined;
}
