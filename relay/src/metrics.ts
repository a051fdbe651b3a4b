/** What a relay counts (Prometheus): sums over everybody, nothing that names anyone. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from '@prometheus-io/client';

/** How often it is noted how busy the event loop is, ms. */
const UTILIZATION_EVERY = 5_000;

/** What is looked up when the metrics are read. */
export interface Sampled {
  readonly channels: () => number;
  readonly handshakes: () => number;
}

export class Metrics {
  readonly #registry = new Registry();
  readonly #sampled: Sampled;
  readonly #requests = this.#counter('waxwing_relay_requests_total', 'Requests by op and code of the answer.', [
    'op',
    'code',
  ]);
  readonly #handshakes = this.#counter('waxwing_relay_handshakes_total', 'Handshakes that ended.', ['result']);
  readonly #goodbyes = this.#counter('waxwing_relay_goodbyes_total', 'Channels that the relay ended.', ['reason']);
  readonly #stored = this.#counter('waxwing_relay_envelopes_stored_total', 'Envelopes put and on the disk.', []);
  readonly #delivered = this.#counter('waxwing_relay_envelopes_delivered_total', 'Envelopes sent to their device.', []);
  readonly #expired = this.#counter('waxwing_relay_envelopes_expired_total', 'Envelopes whose day came.', []);
  readonly #channels = this.#gauge('waxwing_relay_channels', 'Channels that are open.');
  readonly #unfinished = this.#gauge('waxwing_relay_handshakes_unfinished', 'Handshakes under way.');
  readonly #commits = new Histogram({
    name: 'waxwing_relay_commit_seconds',
    help: 'How long a commit took.',
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1],
    registers: [this.#registry],
  });
  readonly #groups = new Histogram({
    name: 'waxwing_relay_commit_changes',
    help: 'How many changes a commit held.',
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
    registers: [this.#registry],
  });

  constructor(sampled: Sampled) {
    this.#sampled = sampled;
    // Ten times a second, as it does by itself, the library spends a fortieth of a busy relay's time on this one figure.
    collectDefaultMetrics({ register: this.#registry, eventLoopUtilizationTimeout: UTILIZATION_EVERY });
  }

  #counter<const Label extends string>(name: string, help: string, labelNames: readonly Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames: [...labelNames], registers: [this.#registry] });
  }

  #gauge(name: string, help: string): Gauge {
    return new Gauge({ name, help, registers: [this.#registry] });
  }

  request(op: string, code: number): void {
    this.#requests.inc({ op, code: String(code) });
  }

  handshake(result: 'done' | 'refused' | 'turned away'): void {
    this.#handshakes.inc({ result });
  }

  goodbye(reason: number): void {
    this.#goodbyes.inc({ reason: String(reason) });
  }

  stored(envelopes: number): void {
    this.#stored.inc(envelopes);
  }

  delivered(envelopes: number): void {
    this.#delivered.inc(envelopes);
  }

  expired(envelopes: number): void {
    this.#expired.inc(envelopes);
  }

  commit({ changes, milliseconds }: { readonly changes: number; readonly milliseconds: number }): void {
    this.#commits.observe(milliseconds / 1000);
    this.#groups.observe(changes);
  }

  /** The text that Prometheus reads, and its content type. */
  async read(): Promise<{ readonly type: string; readonly text: string }> {
    this.#channels.set(this.#sampled.channels());
    this.#unfinished.set(this.#sampled.handshakes());
    return { type: this.#registry.contentType, text: await this.#registry.metrics() };
  }
}
