/** Typing signals (§9.7): never stored, dropped without a word where anything about them is not right. */
import {
  type Bytes,
  isProtocolError,
  mailboxOf,
  openOuter,
  openTypingSignal,
  sealOuter,
  sealTypingSignal,
  sendingSession,
  toHex,
  TYPING_EVERY,
  type TypingSignal,
} from '@waxwing/protocol';
import type { RelayRequests } from '../relay/relay-requests.ts';
import type { Pairs } from './pairs.ts';
import { ownDevice, type Place, viewAccount } from './place.ts';
import type { Where } from './relay-event.ts';

const NO_ROOM = new Uint8Array(0);

export interface TypingOptions {
  readonly place: Place;
  readonly pairs: Pairs;
  /** The room of a signal, where this account is in it. */
  readonly room: (id: Bytes, account: Bytes) => Where | undefined;
}

export class Typing {
  readonly #options: TypingOptions;
  /** When the last signal went, by account and room; monotonic, ms. */
  readonly #sent = new Map<string, { readonly at: number; readonly on: boolean }>();
  /** The time of the last one taken, by session. */
  readonly #taken = new Map<string, number>();

  constructor(options: TypingOptions) {
    this.#options = options;
  }

  /** At most one in 3 s, and only in a session that stands: the other shows it for 6 s and no longer. */
  async say(
    requests: RelayRequests,
    account: Bytes,
    signal: Pick<TypingSignal, 'on'> & { readonly room?: Bytes },
  ): Promise<void> {
    const { place, pairs } = this.#options;
    const { on, room = NO_ROOM } = signal;
    if (!this.#isDue(`${toHex(account)}/${toHex(room)}`, on)) return;
    const pair = await pairs.current(account);
    const session = pair && sendingSession(pair.state);
    if (pair === undefined || session === undefined || session.start.length > 0) return; // a start is not for signals
    const { p, relay, now } = place;
    const { peer } = pair.state;
    const mailbox = mailboxOf(p, { relay, account: peer.account, device: peer.device });
    const box = sealTypingSignal(p, { key: session.typingOut, sid: session.sid }, { on, room, time: now() });
    const inner = { kind: 'signal', sid: session.sid, box } as const;
    await requests.signal(mailbox, sealOuter(p, { inner, dhKey: peer.certificate.dhKey, mailbox }));
  }

  async take(outer: Bytes): Promise<void> {
    const { place, pairs } = this.#options;
    const { p, relay, now, store, observe } = place;
    const { bundle, dhKey } = ownDevice(place);
    try {
      const mailbox = mailboxOf(p, { relay, account: bundle.account, device: bundle.device });
      const inner = openOuter(p, { outer, dhKey, mailbox });
      if (inner.kind !== 'signal') return;
      const pair = await pairs.ofSession(inner.sid);
      const session = pair?.state.sessions.find(({ sid }) => toHex(sid) === toHex(inner.sid));
      if (pair === undefined || session === undefined) return;
      const { account } = pair.key;
      if (store.peers.get(account)?.blockedAt !== undefined) return;
      const name = toHex(inner.sid);
      const lastTime = this.#taken.get(name) ?? 0;
      const key = { key: session.typingIn, sid: inner.sid };
      const signal = openTypingSignal(p, key, { box: inner.box, lastTime, now: now() });
      this.#taken.set(name, signal.time);
      const peer = viewAccount(place, account);
      const isOpen = store.contacts.get(relay, account)?.standing === 'open';
      const privately = isOpen ? { peer } : undefined;
      const where = signal.room.length === 0 ? privately : this.#options.room(signal.room, account);
      if (where !== undefined) observe({ kind: 'typing', where, peer, on: signal.on });
    } catch (error) {
      if (!isProtocolError(error)) throw error;
    }
  }

  #isDue(name: string, on: boolean): boolean {
    const last = this.#sent.get(name);
    const at = performance.now();
    const due = last === undefined ? on : at - last.at >= TYPING_EVERY && (on || last.on);
    if (due) this.#sent.set(name, { at, on });
    return due;
  }
}
