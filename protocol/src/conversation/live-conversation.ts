/** Sealing and opening the messages of one conversation over one live channel: ratchet, envelope and chain together. */
import type { Bytes } from '../bytes.ts';
import { KIND_LIVE } from '../envelope/header.ts';
import { type StatementContext, statementContext } from '../envelope/message-statement.ts';
import { type DerivedKey, type OpeningContext, openEnvelope } from '../envelope/open.ts';
import type { Item } from '../envelope/payload.ts';
import { FRAME_ROOM } from '../envelope/seal.ts';
import { ProtocolError, isProtocolError } from '../errors.ts';
import type { ClientResult, ServerResult } from '../handshake/handshake-result.ts';
import type { Bundle } from '../keys/bundle.ts';
import type { Device } from '../keys/device.ts';
import { HASH_SIZE, LIVE_TTL } from '../limits.ts';
import { type Primitives, SecretKey } from '../primitives.ts';
import { acceptControl, stepDue } from '../ratchet/pq.ts';
import type { RatchetHeader, RatchetState } from '../ratchet/ratchet-state.ts';
import { ratchetReceive, ratchetSend, startRatchet } from '../ratchet/ratchet.ts';
import type { ChainEnd, ChainState, ControlEntry, OpenedFlight, OutgoingItem, SealedFlight } from './flight.ts';
import { type FlightTrace, OpeningWatch, SealingWatch } from './flight-trace.ts';
import { openedFlight } from './opened-flight.ts';
import { planFlight, sealPlan, takeItems } from './plan-flight.ts';

/** What a conversation takes from a finished handshake (§3); a HandshakeResult is one. */
export type EstablishedSession =
  | Pick<ServerResult, 'role' | 'clockOffset' | 'root' | 'sid' | 'peerDh'>
  | Pick<ClientResult, 'role' | 'clockOffset' | 'root' | 'sid' | 'ownDh'>;

export interface LiveConversationOptions {
  readonly device: Device;
  /** The peer's bundle as the handshake authenticated it. */
  readonly peer: Bundle;
  readonly handshake: EstablishedSession;
  readonly chain: ChainState;
  /** Unix milliseconds. */
  readonly now: number;
  /** A monotonic clock in milliseconds: gives the proof its durations. */
  readonly stopwatch?: (() => number) | undefined;
  readonly trace?: FlightTrace | undefined;
}

export interface FlightToSeal {
  readonly items: readonly OutgoingItem[];
  readonly ctl?: readonly ControlEntry[] | undefined;
  /** Unix milliseconds. */
  readonly now: number;
}

/**
 * One conversation over one live channel. It dies with the channel: its ratchet is never stored. Calls of `seal` are
 * serialised among themselves, and so are calls of `open`; the two directions do not wait for each other.
 */
export class LiveConversation {
  readonly #p: Primitives;
  readonly #device: Device;
  readonly #peer: Bundle;
  readonly #sending: StatementContext;
  readonly #opening: Omit<OpeningContext, 'last' | 'gapAllowed'>;
  readonly #sid: Bytes;
  readonly #stopwatch: (() => number) | undefined;
  readonly #trace: FlightTrace | undefined;
  #ratchet: RatchetState;
  #sent: ChainEnd;
  #received: ChainEnd | undefined;
  #firstOfChannel = true;
  #failuresBehindHmac = 0;
  #broken = false;
  #sealing: Promise<unknown> = Promise.resolve();
  #openings: Promise<unknown> = Promise.resolve();

  constructor(p: Primitives, options: LiveConversationOptions) {
    const { device, peer, handshake, chain, now } = options;
    const self = device.bundle;
    this.#p = p;
    this.#device = device;
    this.#peer = peer;
    this.#sid = handshake.sid;
    this.#stopwatch = options.stopwatch;
    this.#trace = options.trace;
    this.#sent = chain.sent;
    this.#received = chain.received;
    this.#ratchet = startRatchet(p, { ...handshake, self, peer, now });
    this.#sending = statementContext(p, { sid: handshake.sid, from: self, to: peer });
    this.#opening = {
      kind: KIND_LIVE,
      sid: handshake.sid,
      device: self.device,
      certificate: peer.certificate,
      statement: statementContext(p, { sid: handshake.sid, from: peer, to: self }),
      wrapKeys: device.wrapKeys.map(({ privateKey }) => privateKey),
      rejection: new SecretKey(p.randomBytes(HASH_SIZE)),
      clockOffset: handshake.clockOffset,
    };
  }

  /** After the last sealed and the last accepted (or too old) flight. */
  get chain(): ChainState {
    return { sent: this.#sent, received: this.#received };
  }

  /** Failures of steps 2-5 behind a good HMAC. The caller adds them up over channels: QUARANTINE_AFTER of them (§5.4). */
  get failuresBehindHmac(): number {
    return this.#failuresBehindHmac;
  }

  /** Whether a flight with one empty item of TYPE_STEP is due, so that one-way talk heals too (§6). */
  stepDue(now: number): boolean {
    return stepDue(this.#ratchet, now);
  }

  /**
   * Seals one flight. The chain has moved on when the promise resolves: store it before the envelope leaves.
   * @throws ProtocolError `limit` before anything changed, where the flight is over a limit or not well-formed; `reuse`
   *   where a counter is at its end or an earlier flight could not be sealed (its place in the ratchet is lost)
   */
  seal(flight: FlightToSeal): Promise<SealedFlight> {
    // Copied now: the caller's bytes may change before it is this flight's turn.
    const items = takeItems(this.#p, flight.items);
    const run = this.#sealing.then(() => this.#seal({ ...flight, items }));
    this.#sealing = run.catch(() => undefined);
    return run;
  }

  /**
   * Opens one envelope, in the order of the calls.
   * @throws ProtocolError `envelope-0`, `-1`, `-3`, `-4`, `-5`: the channel ends with the reject frame
   */
  open(envelope: Uint8Array, now: number): Promise<OpenedFlight> {
    const run = this.#openings.then(() => this.#open(envelope, now));
    this.#openings = run.catch(() => undefined);
    return run;
  }

  async #seal(flight: Omit<FlightToSeal, 'items'> & { readonly items: readonly Item[] }): Promise<SealedFlight> {
    const p = this.#p;
    const { items, now, ctl = [] } = flight;
    if (this.#broken) throw new ProtocolError('reuse', 'seal', 'an earlier flight of this channel was not sealed');
    const ratchet = ratchetSend(p, this.#ratchet, now);
    const plan = planFlight(p, {
      kind: KIND_LIVE,
      sid: this.#sid,
      peer: this.#peer,
      signKey: this.#device.signKey,
      statement: this.#sending,
      ratchet,
      last: this.#sent,
      items,
      ctl,
      now,
      ttl: LIVE_TTL,
      room: FRAME_ROOM,
    });
    const trace = this.#trace?.();
    const watch = trace && new SealingWatch(trace, { ratchet: this.#ratchet, chain: this.#sent });
    // From here on the key and the seq are used up: a crash skips a number and never repeats one (§5.2).
    this.#ratchet = ratchet.state;
    this.#sent = plan.end;
    this.#broken = true;
    const sealed = await sealPlan(p, plan, watch?.layers);
    this.#broken = false;
    watch?.sealed(sealed.envelope, plan.sealing, { ratchet: ratchet.state, chain: plan.end });
    return sealed;
  }

  async #open(encoded: Uint8Array, now: number): Promise<OpenedFlight> {
    const p = this.#p;
    const last = this.#received;
    const context = { ...this.#opening, last, gapAllowed: this.#firstOfChannel };
    const trace = this.#trace?.();
    const watch = trace && new OpeningWatch(trace, { envelope: encoded, chain: last, ratchet: this.#ratchet });
    const opened = await openEnvelope(p, context, {
      encoded,
      now,
      deriveKey: (header) => this.#deriveKey(header, now, watch),
      stopwatch: this.#stopwatch,
      watch: watch?.step,
    }).catch((error: unknown) => {
      if (isProtocolError(error, 'envelope-3', 'envelope-4', 'envelope-5')) this.#failuresBehindHmac += 1;
      if (isProtocolError(error)) watch?.opened(error, last);
      throw error;
    });
    const { payload, freshness, hash } = opened;
    // Step 6: all five hold, or all but the age.
    this.#received = { seq: payload.seq, hash };
    this.#firstOfChannel = false;
    // The ratchet as it is now: flights may have been sealed while this one was being opened.
    if (freshness.fault === undefined) this.#ratchet = acceptControl(p, this.#ratchet, payload.ctl, now);
    watch?.opened(freshness.fault, this.#received);
    return openedFlight(opened);
  }

  #deriveKey(header: RatchetHeader, now: number, watch: OpeningWatch | undefined): DerivedKey {
    const before = this.#ratchet;
    const { state, messageKey } = ratchetReceive(this.#p, before, header, now);
    return {
      messageKey,
      commit: () => {
        this.#ratchet = state;
        watch?.turned({ before, after: state });
      },
    };
  }
}

/** Both chains of two devices that have never spoken (§5.2). */
export function newChain(): ChainState {
  return { sent: { seq: 0, hash: new Uint8Array(HASH_SIZE) }, received: undefined };
}
