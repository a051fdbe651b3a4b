/** A relay that serves: its parts put together, its hours, its orderly end. */
import { networkInterfaces } from 'node:os';
import { HandshakeGate } from '@waxwing/protocol/channel';
import { type Bytes, encodeRelayLink, type Primitives } from '@waxwing/protocol/wire';
import { InProcessBus } from './bus/in-process.ts';
import type { RelaySettings } from './config/settings.ts';
import { Handshakes } from './door/handshake.ts';
import { buildHttp } from './door/http.ts';
import { Port } from './door/port.ts';
import { keepIdentity, type RelayIdentity } from './identity.ts';
import { failureFields, type RelayLog } from './log.ts';
import { Metrics } from './metrics.ts';
import { Rates } from './rates.ts';
import { dayOf, type RelayParts } from './session/caller.ts';
import { Session, type SessionHouse } from './session/session.ts';
import { Sessions } from './session/sessions.ts';
import type { SpeakThrough } from './session/speaker.ts';
import { CommitQueue } from './store/commit-queue.ts';
import type { RelayStore } from './store/store.ts';
import type { Wire } from './wire/wire.ts';

/** How often silence and slow readers are looked at, ms. */
const TICK = 2_500;
/** How often what is past its day is deleted, ms. */
const SWEEP = 3_600_000;
/** What is under way when the relay drains may take this long, ms. */
const SETTLE = 5_000;
/** After that channels may take this long to end, ms. */
const END = 3_000;

/** Nobody stands between a session and its channel. */
const itself: SpeakThrough = ({ channel }) => channel;

export interface RelayOptions {
  readonly primitives: Primitives;
  readonly settings: RelaySettings;
  readonly store: RelayStore;
  readonly log: RelayLog;
  /** Unix milliseconds. */
  readonly now?: (() => number) | undefined;
  /** What sessions speak through in place of their channels. */
  readonly speakThrough?: SpeakThrough | undefined;
}

export class Relay {
  readonly parts: RelayParts;
  readonly #settings: RelaySettings;
  readonly #sessions: Sessions;
  readonly #handshakes: Handshakes;
  readonly #speakThrough: SpeakThrough;
  readonly #house: SessionHouse;
  readonly #timers: NodeJS.Timeout[];
  #identity: RelayIdentity;
  #port: Port | undefined;
  #channels = 0;
  #draining = false;

  private constructor(options: RelayOptions, identity: RelayIdentity) {
    const { primitives, settings, store, log, now = Date.now, speakThrough = itself } = options;
    const gate = new HandshakeGate();
    const metrics = new Metrics({ channels: () => this.#sessions.count, handshakes: () => gate.unfinished });
    const bus = new InProcessBus();
    this.parts = {
      primitives,
      store,
      commits: new CommitQueue(store, (group) => metrics.commit(group)),
      bus,
      rates: new Rates(settings),
      metrics,
      log,
      open: settings.open,
      quota: { envelopes: settings.mailboxEnvelopes, bytes: settings.mailboxBytes },
      now,
    };
    this.#settings = settings;
    this.#speakThrough = speakThrough;
    this.#identity = identity;
    this.#sessions = new Sessions(bus);
    this.#house = {
      parts: this.parts,
      relay: identity.device.bundle.account,
      draining: () => this.#draining,
      remember: (one, ids) => this.#sessions.remember(one, ids),
      ended: (one) => this.#sessions.remove(one),
      stopwatch: () => performance.now(),
    };
    this.#handshakes = new Handshakes({ parts: this.parts, identity: () => this.#identity, gate });
    this.#timers = [
      setInterval(() => this.#sessions.tick(performance.now()), TICK),
      setInterval(() => void this.#sweep(), SWEEP),
    ];
  }

  /**
   * Opens the store's identity (or makes one), then the port.
   * @throws RelayError `relay-cannot-listen`, `relay-disk`, …
   */
  static async start(options: RelayOptions): Promise<Relay> {
    const { primitives, store, now = Date.now } = options;
    const relay = new Relay(options, await keepIdentity(primitives, store, now()));
    try {
      await relay.#open();
      return relay;
    } catch (error) {
      relay.#stopTimers();
      throw error;
    }
  }

  async #open(): Promise<void> {
    await this.#sweep();
    const { host, port } = this.#settings;
    this.#port = await Port.open({
      host,
      port,
      http: buildHttp({ metrics: this.parts.metrics, ready: () => this.#ready() }),
      call: (wire) => {
        this.#call(wire).catch((error: unknown) => {
          this.parts.log.error({ event: 'call failed', ...failureFields(error) });
          wire.cut();
        });
      },
    });
    this.parts.log.info({ event: 'listening', port: this.#port.number });
  }

  /** 32 */
  get account(): Bytes {
    return this.#identity.device.bundle.account;
  }

  get port(): number {
    return this.#port?.number ?? 0;
  }

  /** Open channels. */
  get channels(): number {
    return this.#sessions.count;
  }

  /** The address that clients take, or with a secret the link that lets them in (§11.2). */
  link(secret?: Bytes): string {
    return encodeRelayLink({ ...publicAddress(this.#settings, this.port), relay: this.account, secret });
  }

  /** Meets nobody new, answers what is under way, says goodbye, closes the store. */
  async drain(): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    this.parts.log.info({ event: 'draining', count: this.#sessions.count });
    this.#port?.stop();
    await this.#sessions.settle(SETTLE);
    this.#sessions.goodbye();
    await this.parts.commits.idle();
    await this.#port?.close(END);
    this.#stopTimers();
    await this.parts.bus.close();
    await this.parts.store.close();
    this.parts.log.info({ event: 'stopped' });
  }

  async #call(wire: Wire): Promise<void> {
    const established = await this.#handshakes.run(wire);
    if (established === undefined) return;
    const { channel, member } = established;
    const speaker = this.#speakThrough({ channel, wire });
    const session = new Session(this.#house, { wire, speaker, member, name: String(++this.#channels) });
    channel.forgetHandshake();
    this.#sessions.add(session);
    wire.listen(session);
    session.receive(new Uint8Array(0)); // what came together with the handshake's end
  }

  async #ready(): Promise<boolean> {
    if (this.#draining) return false;
    try {
      return (await this.parts.store.identity()) !== undefined;
    } catch (error) {
      this.parts.log.error({ event: 'store failed', ...failureFields(error) });
      return false;
    }
  }

  /** What is past its day goes, and the certificate is renewed in time. */
  async #sweep(): Promise<void> {
    const { commits, metrics, log, primitives, store, now } = this.parts;
    try {
      const { envelopes } = await commits.submit({ kind: 'expire', today: dayOf(now()) });
      metrics.expired(envelopes);
      this.#identity = await keepIdentity(primitives, store, now());
    } catch (error) {
      log.error({ event: 'sweep failed', ...failureFields(error) });
    }
  }

  #stopTimers(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }
}

/** What links say: the address that was set for others, or where the relay listens. */
export function publicAddress(
  { address, host }: Pick<RelaySettings, 'address' | 'host'>,
  port: number,
): { readonly host: string; readonly port: number } {
  if (address === undefined) return { host: host === '0.0.0.0' || host === '::' ? ownAddress() : host, port };
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(address);
  return { host: match?.[1] ?? match?.[2] ?? host, port: Number(match?.[3] ?? port) };
}

/** An address under which other machines may reach this one. */
function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? 'localhost';
}
