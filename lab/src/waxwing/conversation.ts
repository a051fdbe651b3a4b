/** One end of a live conversation whose opening the lab composes: the counterpart of the product's LiveConversation. */
import {
  type Bytes,
  LIVE_TTL,
  type LiveConversation,
  type OpenedFlight,
  type Primitives,
  type SealedFlight,
  SecretKey,
} from '@waxwing/protocol';
import {
  unsafeHeader,
  type unsafeOpening,
  unsafeRatchet,
  unsafeSealing,
  unsafeStatement,
} from '@waxwing/protocol/unsafe';
import { type Off, openComposed } from './opening.ts';

type LiveOptions = ConstructorParameters<typeof LiveConversation>[1];
export type RatchetState = ReturnType<typeof unsafeRatchet.startRatchet>;
type RatchetHeader = Parameters<typeof unsafeRatchet.ratchetReceive>[2];

/** Primitives whose random bytes follow from the state: whoever has copied that draws the same. */
export function predictable(p: Primitives, state: RatchetState): Primitives {
  return { ...p, randomBytes: (size) => p.sha256(state.root.exposeSecretBytes()).slice(0, size) };
}

/** What both kinds of end can do. */
export interface Conversing {
  seal(flight: Parameters<LiveConversation['seal']>[0]): Promise<Pick<SealedFlight, 'envelope' | 'seq'>>;
  open(envelope: Uint8Array, now: number): Promise<Pick<OpenedFlight, 'outcome' | 'seq' | 'items' | 'gap'>>;
}

/** How far the counter may be skipped where it is off. */
const FARTHEST = 8;

export class ComposedConversation implements Conversing {
  readonly #p: Primitives;
  readonly #options: LiveOptions;
  readonly #off: Off;
  readonly #opening: Omit<unsafeOpening.OpeningContext, 'last' | 'gapAllowed'>;
  readonly #sending: unsafeStatement.StatementContext;
  /** Every state there was, the newest last: without the counter, used keys are kept. */
  readonly #states: RatchetState[];
  #sent: { readonly seq: number; readonly hash: Bytes };
  #received: { readonly seq: number; readonly hash: Bytes } | undefined;
  #first = true;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(p: Primitives, options: LiveOptions, off: Off) {
    const { device, peer, handshake, chain, now } = options;
    const { sid } = handshake;
    this.#p = p;
    this.#options = options;
    this.#off = off;
    this.#sent = chain.sent;
    this.#received = chain.received;
    this.#states = [unsafeRatchet.startRatchet(p, { ...handshake, self: device.bundle, peer, now })];
    this.#sending = unsafeStatement.statementContext(p, { sid, from: device.bundle, to: peer });
    this.#opening = {
      kind: unsafeHeader.KIND_LIVE,
      sid,
      device: device.bundle.device,
      certificate: peer.certificate,
      statement: unsafeStatement.statementContext(p, { sid, from: peer, to: device.bundle }),
      wrapKeys: device.wrapKeys.map(({ privateKey }) => privateKey),
      rejection: new SecretKey(p.randomBytes(32)),
      clockOffset: handshake.clockOffset,
    };
  }

  get #ratchet(): RatchetState {
    return this.#states.at(-1) as RatchetState;
  }

  /** What a thief finds who copies its memory: the ratchet as it is now, or without the check, as it ever was. */
  get memory(): readonly RatchetState[] {
    return this.#off('ratchet') ? [...this.#states] : [this.#ratchet];
  }

  async seal(flight: Parameters<LiveConversation['seal']>[0]): Promise<Pick<SealedFlight, 'envelope' | 'seq'>> {
    const p = this.#p;
    const { device, peer, handshake } = this.#options;
    const drawing = this.#off('ratchet') ? predictable(p, this.#ratchet) : p;
    const { state, header, messageKey } = unsafeRatchet.ratchetSend(drawing, this.#ratchet, flight.now);
    this.#states.push(state);
    const items = flight.items.map(({ type, body, opening }) => ({
      type,
      body: new Uint8Array(body),
      opening: opening === undefined ? p.randomBytes(32) : new Uint8Array(opening),
    }));
    const signed = { seq: this.#sent.seq + 1, prev: this.#sent.hash, sent: flight.now, ttl: LIVE_TTL };
    const commitments = items.map((item) => unsafeStatement.commitItem(p, item));
    const statement = unsafeStatement.encodeMessageStatement(p, this.#sending, { ...signed, commitments });
    this.#sent = { seq: signed.seq, hash: p.sha256(statement) };
    const { envelope } = await unsafeSealing.sealEnvelope(p, {
      header: { kind: unsafeHeader.KIND_LIVE, sid: handshake.sid, toDevice: peer.device, ...header },
      messageKey,
      statement,
      payload: { ...signed, items, ctl: flight.ctl ?? [] },
      signKey: device.signKey,
      wrapKey: peer.certificate.wrapKey,
    });
    return { envelope, seq: signed.seq };
  }

  open(envelope: Uint8Array, now: number): ReturnType<Conversing['open']> {
    const run = this.#turn.then(() => this.#open(envelope, now));
    this.#turn = run.catch(() => undefined);
    return run;
  }

  async #open(encoded: Uint8Array, now: number): ReturnType<Conversing['open']> {
    const context = { ...this.#opening, last: this.#received, gapAllowed: this.#first };
    const opening = { encoded, now, deriveKey: (header: RatchetHeader) => this.#deriveKey(header, now) };
    const opened = await openComposed(this.#p, context, opening, this.#off);
    const { payload, freshness, statementHash, commitments } = opened;
    const accepted = freshness.fault === undefined;
    this.#received = { seq: payload.seq, hash: statementHash };
    this.#first = false;
    const items = payload.items.map((item, at) => ({ ...item, id: commitments[at] as Bytes }));
    return {
      outcome: accepted ? 'accepted' : 'too-old',
      seq: payload.seq,
      items: accepted ? items : [],
      gap: freshness.gap,
    };
  }

  #deriveKey(header: RatchetHeader, now: number): unsafeOpening.DerivedKey {
    const { state, messageKey } = this.#off('counter')
      ? this.#anyKey(header, now)
      : unsafeRatchet.ratchetReceive(this.#p, this.#ratchet, header, now);
    return { messageKey, commit: () => this.#states.push(state) };
  }

  /** Without the counter: the key of any place in a chain that was there or is close ahead. */
  #anyKey(header: RatchetHeader, now: number): ReturnType<typeof unsafeRatchet.ratchetReceive> {
    for (let at = this.#states.length - 1; at >= 0; at--) {
      let state = this.#states[at] as RatchetState;
      for (let n = Math.max(0, header.n - FARTHEST); n < header.n; n++) {
        state = this.#try(state, { ...header, n }, now)?.state ?? state;
      }
      const found = this.#try(state, header, now);
      if (found !== undefined) return found;
    }
    return unsafeRatchet.ratchetReceive(this.#p, this.#ratchet, header, now);
  }

  #try(
    state: RatchetState,
    header: RatchetHeader,
    now: number,
  ): ReturnType<typeof unsafeRatchet.ratchetReceive> | undefined {
    try {
      return unsafeRatchet.ratchetReceive(this.#p, state, header, now);
    } catch {
      return undefined;
    }
  }
}
