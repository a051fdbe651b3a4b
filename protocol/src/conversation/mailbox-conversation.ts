/** Sealing and opening the messages of two devices through their mailboxes (§9): sessions, envelopes and chain together. */
import { type Bytes, equalBytes } from '../bytes.ts';
import { decodeEnvelope } from '../envelope/envelope.ts';
import { decodeHeader, type Header, KIND_MAILBOX } from '../envelope/header.ts';
import { statementContext } from '../envelope/message-statement.ts';
import { type MailboxOpeningContext, type Opened, openEnvelope } from '../envelope/open.ts';
import type { Item } from '../envelope/payload.ts';
import { advanceChain } from '../envelope/received-chain.ts';
import type { EnvelopeRoom } from '../envelope/seal.ts';
import { isProtocolError, ProtocolError } from '../errors.ts';
import { openBundle } from '../keys/bundle.ts';
import type { Device } from '../keys/device.ts';
import { sameKey } from '../keys/profile.ts';
import { HASH_SIZE, OUTER_LENGTHS } from '../limits.ts';
import type { InnerEnvelope } from '../outer/inner.ts';
import { type Primitives, SecretKey } from '../primitives.ts';
import { mailboxReceive } from '../ratchet/mailbox-ratchet.ts';
import { acceptControl, stepDue } from '../ratchet/pq.ts';
import { ratchetSend } from '../ratchet/ratchet.ts';
import type { OpenStart } from '../start/respond.ts';
import type { StartedSession } from '../start/start-session.ts';
import type { ChainEnd, ChainState, ControlEntry, OpenedFlight, OutgoingItem, SealedFlight } from './flight.ts';
import { type FlightTrace, OpeningWatch, SealingWatch } from './flight-trace.ts';
import { type MailboxSession, newSession } from './mailbox-session.ts';
import {
  dropOld,
  type MailboxState,
  sendingSession,
  withBundle,
  withOwnStart,
  withPeerStart,
  withSession,
} from './mailbox-state.ts';
import { type OpenedQuote, openQuote, placeBetween } from './open-quote.ts';
import { openedFlight } from './opened-flight.ts';
import { planFlight, sealPlan, takeItems } from './plan-flight.ts';

export interface MailboxFlightToSeal {
  readonly items: readonly OutgoingItem[];
  readonly ctl?: readonly ControlEntry[] | undefined;
  /** Unix milliseconds. */
  readonly now: number;
  /** Seconds after which the sender wants it forgotten; 0, and where it is absent, is no wish. */
  readonly ttl?: number | undefined;
}

export interface SealedMailboxFlight extends SealedFlight {
  /** 16: the session it was sealed in. */
  readonly sid: Bytes;
  /** What goes into the outer sealing: the envelope, and the start until the peer has answered. */
  readonly inner: InnerEnvelope;
}

export interface OpenedMailboxFlight extends OpenedFlight {
  readonly sid: Bytes;
  /** One that was missing: it is shown as `arrived late`. */
  readonly late: boolean;
}

export interface MailboxConversationOptions {
  readonly device: Device;
  readonly state: MailboxState;
  /** A monotonic clock in milliseconds: gives the proof its durations. */
  readonly stopwatch?: (() => number) | undefined;
  /** Told of each flight that was sealed, and of each envelope of a session that is known or starts. */
  readonly trace?: FlightTrace | undefined;
}

const BUNDLE = 'bundle';
const LARGEST_OUTER = OUTER_LENGTHS.at(-1) ?? 0;

/**
 * The header of an envelope that came through a mailbox: its sid says whose it is (§9.3, steps 2 and 3).
 * @throws ProtocolError `envelope-0`, for an envelope of another kind (check `kind`) or device (`device`) too
 */
export function readMailboxHeader(device: Uint8Array, envelope: Uint8Array): Header {
  const header = decodeHeader(decodeEnvelope(envelope).hdr);
  if (header.kind !== KIND_MAILBOX) throw refuse('kind', 'the envelope is not of the kind of a mailbox');
  if (!equalBytes(header.toDevice, device)) throw refuse('device', 'the envelope is for another device');
  return header;
}

/**
 * The conversation of two devices through their mailboxes. Calls are serialised. `state` is a value that moves on with each
 * of them: store it before an envelope leaves and before a flight is shown, in one transaction with it.
 */
export class MailboxConversation {
  readonly #p: Primitives;
  readonly #device: Device;
  readonly #stopwatch: (() => number) | undefined;
  readonly #trace: FlightTrace | undefined;
  readonly #rejection: SecretKey;
  #state: MailboxState;
  #failuresBehindHmac = 0;
  #work: Promise<unknown> = Promise.resolve();

  constructor(p: Primitives, options: MailboxConversationOptions) {
    this.#p = p;
    this.#device = options.device;
    this.#state = options.state;
    this.#stopwatch = options.stopwatch;
    this.#trace = options.trace;
    this.#rejection = new SecretKey(p.randomBytes(HASH_SIZE));
  }

  get state(): MailboxState {
    return this.#state;
  }

  /** Failures of steps 2-5 behind a good HMAC, in sessions: QUARANTINE_AFTER of them, which the caller adds up (§5.4). */
  get failuresBehindHmac(): number {
    return this.#failuresBehindHmac;
  }

  /** Whether a flight is due although nobody has anything to say, so that one-way talk heals too (§6). */
  stepDue(now: number): boolean {
    const session = sendingSession(this.#state);
    return session !== undefined && stepDue(session.ratchet, now);
  }

  /** Sends on a session of one's own start from now on (§9.4). */
  start(started: StartedSession, now: number): Promise<void> {
    return this.#inTurn(() => {
      this.#state = withOwnStart(this.#state, started, now);
      return Promise.resolve();
    });
  }

  /**
   * Takes note of what a live channel with the same device did, because there is one chain for both (§5.2): its chain now,
   * and the flight that it opened, if it was that. What the channel had as a gap may still come through the mailbox.
   * @throws ProtocolError `envelope-4`, check `seq`, where too many flights are missing already; the state is as it was
   */
  noteLive(chain: ChainState, flight?: OpenedFlight): Promise<void> {
    return this.#inTurn(() => {
      const { received } = this.#state;
      const after = flight && advanceChain(received, { ...flight, hash: flight.statementHash });
      this.#state = { ...this.#state, sent: chain.sent, received: after ?? received };
      return Promise.resolve();
    });
  }

  /**
   * Seals one flight in the session that is sent on.
   * @throws ProtocolError `limit` before anything changed, where the flight is over a limit or not well-formed; `reuse` where
   *   there is no session to send on (check `session`) or a counter is at its end
   */
  seal(flight: MailboxFlightToSeal): Promise<SealedMailboxFlight> {
    const items = takeItems(this.#p, flight.items);
    return this.#inTurn(() => this.#seal({ ...flight, items }));
  }

  /**
   * Opens one envelope of a session that is known.
   * @throws ProtocolError `envelope-0` (check `sid` where the session is not known, `used` for a copy of what was opened),
   *   `-1`, `-3`, `-4`, `-5`. Up to `-1` the state is as it was; behind it the ratchet has moved on
   */
  open(envelope: Uint8Array, now: number): Promise<OpenedMailboxFlight> {
    return this.#inTurn(() => this.#open(envelope, now));
  }

  /**
   * Opens the first envelope of a session that the peer started (§9.3, steps 5 and 6). With the new state goes, in one
   * transaction, what the start used up.
   * @throws ProtocolError as `open`; the state is then as it was, whatever failed, and it counts against nobody
   */
  openStarted(opened: OpenStart, envelope: Uint8Array, now: number): Promise<OpenedMailboxFlight> {
    return this.#inTurn(() => this.#openStarted(opened, envelope, now));
  }

  /**
   * Takes a flight that the peer gives again, signed as it was, in an item `application/waxwing-quote` of a flight that was
   * accepted (§9.6). It is shown in its place as `arrived late (quoted)`.
   * @throws ProtocolError `quote`; the state is then as it was, and it counts against nobody
   */
  openQuote(body: Uint8Array, now: number): Promise<OpenedQuote> {
    return this.#inTurn(async () => {
      const { peer, received } = this.#state;
      const place = placeBetween(this.#p, { from: peer, to: this.#device.bundle, received });
      const quoted = await openQuote(this.#p, { author: peer, places: [place], now, stopwatch: this.#stopwatch }, body);
      const { seq, prev, statementHash: hash } = quoted;
      // Its ctl was not signed, and is not there: voids in it are told again by whoever is asked for them.
      this.#state = { ...this.#state, received: advanceChain(received, { seq, prev, hash, voids: [] }) };
      return quoted;
    });
  }

  #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const run = this.#work.then(work);
    this.#work = run.catch(() => undefined);
    return run;
  }

  async #seal(flight: MailboxFlightToSeal & { readonly items: readonly Item[] }): Promise<SealedMailboxFlight> {
    const p = this.#p;
    const { items, now, ctl = [], ttl = 0 } = flight;
    const { peer, sent } = this.#state;
    const session = sendingSession(this.#state);
    if (session === undefined) throw new ProtocolError('reuse', 'session', 'there is no session with this device');
    const ratchet = ratchetSend(p, session.ratchet, now);
    const { sid, start } = session;
    const plan = planFlight(p, {
      kind: KIND_MAILBOX,
      sid,
      peer,
      signKey: this.#device.signKey,
      statement: statementContext(p, { sid, from: this.#device.bundle, to: peer }),
      ratchet,
      last: sent,
      items,
      ctl,
      now,
      ttl,
      room: roomBeside(start),
    });
    const trace = this.#trace?.();
    const watch = trace && new SealingWatch(trace, { ratchet: session.ratchet, chain: sent });
    // From here on the key and the seq are used up: a crash skips a number and never repeats one (§5.2).
    this.#state = dropOld({ ...withSession(this.#state, { ...session, ratchet: ratchet.state }), sent: plan.end }, now);
    const sealed = await sealPlan(p, plan, watch?.layers);
    watch?.sealed(sealed.envelope, plan.sealing, { ratchet: ratchet.state, chain: plan.end });
    return { ...sealed, sid, inner: { kind: 'envelope', envelope: sealed.envelope, start } };
  }

  async #open(envelope: Uint8Array, now: number): Promise<OpenedMailboxFlight> {
    const { sid } = readMailboxHeader(this.#device.bundle.device, envelope);
    const session = this.#state.sessions.find((one) => equalBytes(one.sid, sid));
    if (session === undefined) {
      // Also of one that was given up: its peer may have gone on in it, and has to hear that it is no more (§9.5).
      throw refuse('sid', 'the envelope is of a session that is not known');
    }
    const moved = { session };
    const { opened, watch } = await this.#openIn(this.#state, moved, { envelope, now }).catch((error: unknown) => {
      // Behind a good HMAC the ratchet is committed and the key burnt, whatever followed (§5.4).
      this.#state = withSession(this.#state, moved.session);
      if (isProtocolError(error, 'envelope-3', 'envelope-4', 'envelope-5')) this.#failuresBehindHmac += 1;
      throw error;
    });
    this.#state = await this.#accept(withSession(this.#state, moved.session), opened, { sid, now });
    watch?.opened(undefined, endOf(this.#state));
    return { ...openedFlight(opened), sid, late: opened.freshness.late };
  }

  async #openStarted(started: OpenStart, envelope: Uint8Array, now: number): Promise<OpenedMailboxFlight> {
    const { sid } = started.session;
    const known = [...this.#state.sessions, ...this.#state.gone].some((one) => equalBytes(one.sid, sid));
    if (known) return this.#open(envelope, now); // the start is not looked at (§9.3, step 3)
    const before = withBundle(this.#state, started.peer);
    if (
      !equalBytes(before.peer.account, started.peer.account) ||
      !equalBytes(before.peer.device, started.peer.device)
    ) {
      throw refuse('sid', 'the session is one of another device');
    }
    const moved = { session: newSession(started.session) };
    const { opened, watch } = await this.#openIn(before, moved, { envelope, now });
    this.#state = await this.#accept(
      withPeerStart(before, moved.session, { now, late: opened.freshness.late }),
      opened,
      { sid, now },
    );
    watch?.opened(undefined, endOf(this.#state));
    return { ...openedFlight(opened), sid, late: opened.freshness.late };
  }

  /** Steps 0 to 5 of §5.4 in one session. `moved` takes the ratchet once the HMAC holds. */
  async #openIn(
    state: MailboxState,
    moved: { session: MailboxSession },
    opening: { readonly envelope: Uint8Array; readonly now: number },
  ): Promise<{ readonly opened: Opened; readonly watch: OpeningWatch | undefined }> {
    const p = this.#p;
    const { device } = this.#device.bundle;
    const { envelope: encoded, now } = opening;
    const { sid } = moved.session;
    const context: MailboxOpeningContext = {
      kind: KIND_MAILBOX,
      sid,
      device,
      certificate: state.peer.certificate,
      earlier: state.earlier.map(({ certificate }) => certificate),
      statement: statementContext(p, { sid, from: state.peer, to: this.#device.bundle }),
      wrapKeys: this.#device.wrapKeys.map(({ privateKey }) => privateKey),
      rejection: this.#rejection,
      received: state.received,
    };
    const trace = this.#trace?.();
    const { ratchet: before } = moved.session;
    const watch = trace && new OpeningWatch(trace, { envelope: encoded, ratchet: before, chain: endOf(state) });
    const opened = await openEnvelope(p, context, {
      encoded,
      now,
      deriveKey: (header) => {
        const { state: ratchet, messageKey } = mailboxReceive(p, moved.session, header, now);
        return {
          messageKey,
          commit: () => {
            moved.session = { ...moved.session, ...ratchet };
            watch?.turned({ before, after: moved.session.ratchet });
          },
        };
      },
      stopwatch: this.#stopwatch,
      watch: watch?.step,
    }).catch((error: unknown) => {
      if (isProtocolError(error)) watch?.opened(error, endOf(state));
      throw error;
    });
    return { opened, watch };
  }

  /** Step 6: all five hold. */
  async #accept(
    state: MailboxState,
    { payload, hash, freshness }: Opened,
    { sid, now }: { readonly sid: Bytes; readonly now: number },
  ): Promise<MailboxState> {
    const { seq, prev, ctl } = payload;
    const sessions = state.sessions.map((session) => {
      if (!equalBytes(session.sid, sid)) return session;
      const ratchet = acceptControl(this.#p, session.ratchet, ctl, now);
      return { ...session, ratchet, start: new Uint8Array(0) };
    });
    const received = advanceChain(state.received, { seq, prev, hash, voids: freshness.voids });
    return dropOld(await this.#renewed({ ...state, sessions, received }, ctl, now), now);
  }

  /** With the peer's renewed bundle, where an accepted flight brought a good one; otherwise it is ignored (§9.5). */
  async #renewed(state: MailboxState, ctl: readonly ControlEntry[], now: number): Promise<MailboxState> {
    let renewed = state;
    for (const [name, value, ...more] of ctl) {
      if (name !== BUNDLE || more.length > 0 || !(value instanceof Uint8Array)) continue;
      try {
        const bundle = await openBundle(this.#p, value, now);
        const { account, device, certificate } = renewed.peer;
        const sameDevice = equalBytes(bundle.account, account) && equalBytes(bundle.device, device);
        const sameKeys =
          sameKey(bundle.certificate.signKey, certificate.signKey) &&
          equalBytes(bundle.certificate.dhKey, certificate.dhKey);
        if (sameDevice && sameKeys) renewed = withBundle(renewed, bundle);
      } catch (error) {
        if (!isProtocolError(error, 'bundle', 'cbor', 'profile')) throw error;
      }
    }
    return renewed;
  }
}

/** The last flight that came, as a trace tells it: undefined before the first. */
function endOf({ received }: MailboxState): ChainEnd | undefined {
  return received.last.seq === 0 ? undefined : received.last;
}

/** What an envelope may take up in the largest outer sealing, with its start beside it. */
function roomBeside(start: Uint8Array): EnvelopeRoom {
  return { check: 'outer', size: LARGEST_OUTER - start.length };
}

function refuse(check: string, message: string): ProtocolError {
  return new ProtocolError('envelope-0', check, message);
}
