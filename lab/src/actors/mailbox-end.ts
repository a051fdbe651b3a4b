/**
 * A user of a relay as the lab composes one of the protocol's own steps (§9), in the order of the spec: what mallory and the
 * bystanders use, and the victim where some checks are off. It stores nothing.
 */
import {
  type Bytes,
  createPrekeys,
  decodePrekeyEntry,
  type Device,
  ENVELOPE_STATE,
  equalBytes,
  type HeldPrekeys,
  initiate,
  type InnerEnvelope,
  isProtocolError,
  type KnownPrekeys,
  mailboxOf,
  type OpenedMailboxFlight,
  type OpenedPrekeySet,
  openOuter,
  type PrekeySet,
  type PutEnvelope,
  readMailboxHeader,
  type RelayEvent,
  type RelayLink,
  renewDevice,
  respond,
  spendPrekeys,
  textOf,
  toHex,
  utf8,
} from '@waxwing/protocol';
import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';
import { unsafeStart } from '@waxwing/protocol/unsafe';
import { Changing } from '../changing.ts';
import { type Stop, stopOf } from '../check.ts';
import type { Lab } from '../lab.ts';
import type { Name } from '../people.ts';
import { takeSet } from '../waxwing/prekey-set.ts';
import { KeptMember } from './kept-member.ts';
import { MailboxPeer } from './mailbox-peer.ts';
import type { Notice, RelayEnd } from './relay-end.ts';
import { ChannelEnded, type RelayMember, RelayRefusal } from './relay-member.ts';

export interface MailboxEndOptions {
  /** Whether it is the one attacked: then the lab may turn its checks off. */
  readonly victim?: boolean;
  /** Accounts that this user knows by a name. */
  readonly known?: ReadonlyMap<string, Bytes>;
  /** Its clock, Unix ms; the true one unless given. */
  readonly now?: () => number;
}

/** A new session because of a relay's word costs a device at most one start in this time (§9.4), ms. */
const RESTART_EVERY = 3_600_000;
/** Older than this is shown with how long it was on its way, ms. */
const AT_ONCE = 60_000;

export class MailboxEnd implements RelayEnd {
  device: Device;
  readonly texts: string[] = [];
  readonly told: Notice[] = [];
  readonly stops: Stop[] = [];
  readonly delivered: string[] = [];
  readonly waits: number[] = [];
  /** What sessions were started from that came here. */
  readonly starts: unsafeStart.StartMessage[] = [];
  readonly mailbox: Bytes;
  readonly #lab: Lab;
  readonly #kept: KeptMember;
  readonly #who: Name;
  /** Of this device, the newest last: who starts may have one of the earlier ones. */
  readonly #bundles: Device['bundle'][];
  readonly #link: RelayLink;
  readonly #options: MailboxEndOptions;
  readonly #changing = new Changing();
  readonly #peers = new Map<string, MailboxPeer>();
  /** The newest statement and certificate seen of a device. */
  readonly #seen = new Map<string, KnownPrekeys & { readonly serial: number; readonly certificateHash: Bytes }>();
  /** Envelopes by their ids. */
  readonly #put = new Map<string, { readonly peer: MailboxPeer; readonly seq: number }>();
  #held: readonly HeldPrekeys[] = [];
  #turn: Promise<void> = Promise.resolve();
  #fault: Error | undefined;

  private constructor(
    lab: Lab,
    of: { readonly who: Name; readonly device: Device },
    link: RelayLink,
    options: MailboxEndOptions,
  ) {
    const { who, device } = of;
    this.#lab = lab;
    this.#options = options;
    this.#link = link;
    this.#kept = new KeptMember(lab, {
      link,
      device: () => this.device,
      hear: (event) => {
        this.#turn = this.#turn.then(() => this.#hear(event)).catch((error: unknown) => this.#fail(error));
      },
      ended: (stop) => {
        if (stop !== undefined) this.stops.push(stop);
        this.#changing.changed();
      },
    });
    this.#who = who;
    this.#bundles = [device.bundle];
    this.device = device;
    this.mailbox = mailboxOf(p, { relay: link.relay, account: device.bundle.account, device: device.bundle.device });
  }

  /** Joins, leaves prekeys, and reads what comes from then on. */
  static async join(lab: Lab, link: RelayLink, who: Name, options: MailboxEndOptions = {}): Promise<MailboxEnd> {
    const { device } = await lab.people.person(who);
    const end = new MailboxEnd(lab, { who, device }, link, options);
    await (await end.member()).ask({ op: 'join', token: new Uint8Array(0) });
    await end.leavePrekeys(1);
    return end;
  }

  get ended(): boolean {
    return this.#kept.givenUp;
  }

  get account(): Bytes {
    return this.device.bundle.account;
  }

  /** The channel: opened when first asked for, and anew when it has ended. */
  member(): Promise<RelayMember> {
    return this.#kept.member();
  }

  /** Uploads new prekeys with this counter, and reads what has come. */
  async leavePrekeys(counter: number): Promise<void> {
    const { held, statement, signature, entries } = await createPrekeys(p, this.device, { counter, now: this.#now() });
    this.#held = [...this.#held, held];
    const keys = entries.map((entry) => decodePrekeyEntry(entry)).map(({ opk, ek }) => ({ opk, ek }));
    const member = await this.member();
    await member.ask({ op: 'prekeys', statement, signature, keys });
    await member.ask({ op: 'receive' });
  }

  /** Goes on with a new certificate, as every device does once a year. */
  async renew(): Promise<void> {
    const { account } = await this.#lab.people.person(this.#who);
    const { device } = this;
    this.device = await renewDevice(p, { account, device, now: this.#now(), rotateWrapKey: false, newDeviceId: false });
    this.#bundles.push(this.device.bundle);
    (await this.member()).end();
  }

  async say(to: Bytes, text: string): Promise<void> {
    try {
      const peer = this.#peers.get(toHex(to)) ?? (await this.#meet(to));
      const sealed = await peer.sealText({ text, opening: p.randomBytes(32), times: 0 });
      await this.#send(peer, sealed);
      if (this.#off('receipt')) this.delivered.push(text);
    } catch (error) {
      if (!(error instanceof RelayRefusal)) this.stops.push(stopOf(error));
    }
    this.#changing.changed();
  }

  async claim(name: string): Promise<void> {
    await (await this.member()).ask({ op: 'claim', name: utf8(name) });
  }

  async find(name: string): Promise<Bytes | undefined> {
    const { account } = await (await this.member()).ask({ op: 'resolve', name: utf8(name) });
    const known = this.#options.known?.get(name);
    if (known === undefined || equalBytes(known, account) || this.#off('pin')) return account;
    this.told.push({ kind: 'changed', name });
    this.stops.push({ check: 'pin', code: 'peer-changed', message: `@${name} is another account than the one known` });
    return undefined;
  }

  remembered(): Promise<number> {
    return Promise.resolve(this.told.filter(({ kind }) => kind === 'unopenable').length);
  }

  async until(holds: () => boolean, patience?: number): Promise<boolean> {
    const held = await this.#changing.until(() => this.#fault !== undefined || holds(), patience);
    if (this.#fault !== undefined) throw this.#fault;
    return held;
  }

  /** A fault of the lab, where the run is not over. */
  #fail(error: unknown): void {
    if (this.#kept.over) return;
    this.#fault ??= error instanceof Error ? error : new Error(String(error));
    this.#changing.changed();
  }

  #off(check: Stop['check']): boolean {
    return this.#options.victim === true && this.#lab.off(check);
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }

  /** A conversation with the one device of an account. @throws ProtocolError `prekeys`, RelayRefusal */
  async #meet(account: Bytes): Promise<MailboxPeer> {
    const prekeys = await this.#fetch(account);
    const peer = this.#peer(prekeys.bundle);
    await this.#start(peer, prekeys);
    return peer;
  }

  async #fetch(account: Bytes): Promise<OpenedPrekeySet> {
    const { sets } = await (await this.member()).ask({ op: 'fetch', account, withEntry: true });
    const seen = ({ device }: { readonly device: Bytes }) => this.#seen.get(toHex(device));
    const prekeys = await takeSet(sets[0] as PrekeySet, {
      account,
      own: this.device.bundle,
      knownSerial: seen,
      knownPrekeys: seen,
      now: this.#now(),
      off: (check) => this.#off(check),
    });
    const { bundle, statement, statementHash } = prekeys;
    const { serial } = bundle.certificate;
    const { certificateHash } = bundle;
    this.#seen.set(toHex(bundle.device), { counter: statement.counter, statementHash, serial, certificateHash });
    return prekeys;
  }

  async #start({ conversation }: MailboxPeer, prekeys: OpenedPrekeySet): Promise<void> {
    if (prekeys.entry === undefined) this.#noteWeaker();
    await conversation.start(initiate(p, { device: this.device, prekeys, now: this.#now() }), this.#now());
  }

  #peer(bundle: MailboxPeer['conversation']['state']['peer']): MailboxPeer {
    const key = toHex(bundle.account);
    const peer =
      this.#peers.get(key) ??
      new MailboxPeer({ device: this.device, bundle, relay: this.#link.relay, now: () => this.#now() });
    this.#peers.set(key, peer);
    return peer;
  }

  async #send(peer: MailboxPeer, { put, seq }: { readonly put: PutEnvelope; readonly seq: number }): Promise<void> {
    this.#put.set(toHex(put.id), { peer, seq });
    await this.#ask(put);
  }

  /** Puts it until the relay has answered, under one id. */
  async #ask(put: PutEnvelope): Promise<void> {
    for (;;) {
      try {
        await (await this.member()).ask({ op: 'put', envelopes: [put] });
        return;
      } catch (error) {
        if (!(error instanceof ChannelEnded)) throw error;
      }
    }
  }

  async #hear(event: RelayEvent): Promise<void> {
    if (event.event === 'deliver') {
      for (const { id, outer } of event.envelopes) {
        const op = (await this.#read(outer)) ? 'confirm' : 'unopenable';
        const member = await this.member();
        member.ask({ op, ids: [id] }).catch(() => undefined); // it will come again
      }
    } else if (event.event === 'status') {
      for (const { id, state } of event.notices) {
        const known = this.#put.get(toHex(id));
        if (known !== undefined && state === ENVELOPE_STATE.unopenable) await this.#repair(known);
      }
    }
    this.#changing.changed();
  }

  /** Sends a text anew in a new session, because the relay says that it could not be opened (§9.4). */
  async #repair({ peer, seq }: { readonly peer: MailboxPeer; readonly seq: number }): Promise<void> {
    const sent = peer.sentAs(seq);
    if (sent === undefined) return;
    const now = this.#now();
    const soon = peer.restartedAt !== undefined && now - peer.restartedAt < RESTART_EVERY;
    if (soon && !this.#off('repair')) {
      this.told.push({ kind: 'not delivered', text: sent.text });
      const message = 'a new start was made within the hour: another one is not made on a word of the relay’s';
      this.stops.push({ check: 'repair', code: undefined, message });
      return;
    }
    peer.restartedAt = now;
    try {
      await this.#start(peer, await this.#fetch(peer.conversation.state.peer.account));
      this.told.push({ kind: 'sent anew', text: sent.text });
      await this.#send(peer, await peer.sealText(sent, seq));
    } catch (error) {
      this.stops.push(stopOf(error));
    }
  }

  /** @returns whether it was opened, or is a copy of what was */
  async #read(outer: Bytes): Promise<boolean> {
    try {
      const inner = openOuter(p, { outer, dhKey: this.device.dhKey, mailbox: this.mailbox });
      if (inner.kind === 'envelope') await this.#open(inner);
      return true;
    } catch (error) {
      this.stops.push(stopOf(error));
      if (!isProtocolError(error)) throw error;
      if (error.check === 'used') return true;
      this.told.push({ kind: 'unopenable', code: error.code, check: error.check });
      return false;
    }
  }

  async #open({ envelope, start }: InnerEnvelope): Promise<void> {
    const { sid } = readMailboxHeader(this.device.bundle.device, envelope);
    const now = this.#now();
    const known = [...this.#peers.values()].find(({ conversation: { state } }) =>
      [...state.sessions, ...state.gone].some((session) => equalBytes(session.sid, sid)),
    );
    if (known !== undefined || start.length === 0) {
      if (known === undefined) throw new ReferenceError('an envelope of no session: the lab makes none');
      await this.#accept(known, await known.conversation.open(envelope, now));
      return;
    }
    const opened = await respond(
      p,
      { device: this.device, bundles: this.#bundles, prekeys: this.#held, knownSerial: () => undefined },
      { start, sid, now },
    );
    const peer = this.#peer(opened.peer);
    const flight = await peer.conversation.openStarted(opened, envelope, now);
    if (!this.#off('start')) this.#held = spendPrekeys(this.#held, opened.use);
    this.starts.push(unsafeStart.decodeStart(start));
    if (opened.weaker) this.#noteWeaker();
    await this.#accept(peer, flight);
  }

  async #accept(peer: MailboxPeer, flight: OpenedMailboxFlight): Promise<void> {
    this.#noteGap(flight);
    for (const text of peer.takeGot(flight)) if (!this.delivered.includes(text)) this.delivered.push(text);
    const items = peer.unseen(flight);
    for (const { body } of items) {
      const text = textOf(body) ?? '';
      this.#noteWait(flight, text);
      this.texts.push(text);
    }
    if (items.length > 0) await this.#ask(await peer.sealGot());
  }

  #noteGap({ gap, seq, late, items }: OpenedMailboxFlight): void {
    if ((gap === 0 && !late) || this.#off('chain')) return;
    if (gap > 0) this.told.push({ kind: 'missing', count: gap });
    else this.told.push({ kind: 'late', text: items.map(({ body }) => textOf(body)).join() });
    const message = late
      ? `flight ${String(seq)} came after later ones: it is shown as one that arrived late`
      : `before flight ${String(seq)} there is a gap of ${String(gap)}: it is shown as that`;
    this.stops.push({ check: 'chain', code: undefined, message });
  }

  #noteWait({ age }: OpenedMailboxFlight, text: string): void {
    if (age <= AT_ONCE || this.#off('freshness')) return;
    this.told.push({ kind: 'waited', text, milliseconds: age });
    const message = `it is shown as one that was under way for ${String(Math.round(age / 60_000))} min`;
    this.stops.push({ check: 'freshness', code: undefined, message });
  }

  #noteWeaker(): void {
    if (this.#off('start')) return;
    this.told.push({ kind: 'weaker start' });
    this.stops.push({
      check: 'start',
      code: undefined,
      message: 'it is told as a weaker start, without a one-time key',
    });
  }
}
