/** What a watched conversation tells: each flight of either direction with its layers, keys, ratchet step and place in the chain. */
import type { OpeningStep } from '../envelope/open.ts';
import type { SealedLayers, Sealing } from '../envelope/seal.ts';
import type { ProtocolError } from '../errors.ts';
import type { RatchetState } from '../ratchet/ratchet-state.ts';
import type { Trace, TraceSource } from '../trace.ts';
import type { ChainEnd } from './flight.ts';

/** A state before and after a flight: values, neither of which changes. Equal where nothing moved. */
export interface Change<State> {
  readonly before: State;
  readonly after: State;
}

export interface SealedTrace {
  readonly kind: 'sealed';
  /** The object that goes into a record. */
  readonly envelope: Uint8Array;
  readonly sealing: Sealing;
  readonly layers: SealedLayers;
  readonly ratchet: Change<RatchetState>;
  readonly chain: Change<ChainEnd>;
}

export interface OpenedTrace {
  readonly kind: 'opened';
  /** The object that came out of a record. */
  readonly envelope: Uint8Array;
  /** The steps that held, in their order. */
  readonly steps: readonly OpeningStep[];
  /** What ended it, or the age where that alone was at fault; undefined where everything held. */
  readonly fault: ProtocolError | undefined;
  readonly ratchet: Change<RatchetState>;
  /** Undefined before the first flight. */
  readonly chain: Change<ChainEnd | undefined>;
}

export type FlightTraceEvent = SealedTrace | OpenedTrace;

export type FlightTrace = TraceSource<FlightTraceEvent>;

/** Gathers what one sealing makes, and tells it once. */
export class SealingWatch {
  /** Takes the layers from `sealEnvelope`. */
  readonly layers: Trace<SealedLayers>;
  readonly #trace: Trace<FlightTraceEvent>;
  readonly #before: { readonly ratchet: RatchetState; readonly chain: ChainEnd };
  #layers: SealedLayers | undefined;

  constructor(trace: Trace<FlightTraceEvent>, before: { readonly ratchet: RatchetState; readonly chain: ChainEnd }) {
    this.#trace = trace;
    this.#before = before;
    this.layers = {
      stopwatch: trace.stopwatch,
      tell: (layers) => {
        this.#layers = layers;
      },
    };
  }

  sealed(
    envelope: Uint8Array,
    sealing: Sealing,
    after: { readonly ratchet: RatchetState; readonly chain: ChainEnd },
  ): void {
    if (this.#layers === undefined) return;
    const ratchet = { before: this.#before.ratchet, after: after.ratchet };
    const chain = { before: this.#before.chain, after: after.chain };
    this.#trace.tell({ kind: 'sealed', envelope, sealing, layers: this.#layers, ratchet, chain });
  }
}

/** Gathers what one opening finds, and tells it once, however it ends. */
export class OpeningWatch {
  readonly #trace: Trace<FlightTraceEvent>;
  readonly #envelope: Uint8Array;
  readonly #chain: ChainEnd | undefined;
  readonly #steps: OpeningStep[] = [];
  #ratchet: Change<RatchetState>;

  constructor(
    trace: Trace<FlightTraceEvent>,
    before: {
      readonly envelope: Uint8Array;
      readonly ratchet: RatchetState;
      readonly chain: ChainEnd | undefined;
    },
  ) {
    this.#trace = trace;
    this.#envelope = before.envelope;
    this.#chain = before.chain;
    this.#ratchet = { before: before.ratchet, after: before.ratchet };
  }

  readonly step = (step: OpeningStep): void => {
    this.#steps.push(step);
  };

  /** The HMAC holds: the ratchet is committed. */
  turned(ratchet: Change<RatchetState>): void {
    this.#ratchet = ratchet;
  }

  opened(fault: ProtocolError | undefined, after: ChainEnd | undefined): void {
    const chain = { before: this.#chain, after };
    this.#trace.tell({
      kind: 'opened',
      envelope: this.#envelope,
      steps: this.#steps,
      fault,
      ratchet: this.#ratchet,
      chain,
    });
  }
}
