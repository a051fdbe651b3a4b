/** Drives the states of one side's handshake from received bytes (§3). */
import type { Bytes } from '../bytes.ts';
import type { Frame } from '../codec/frame.ts';
import { ProtocolError } from '../errors.ts';
import { FrameReader } from '../framing/frame-reader.ts';
import type { HandshakeTrace } from '../handshake/handshake-trace.ts';
import { MAX_FRAME, MAX_FRAME_HANDSHAKE } from '../limits.ts';
import type { Channel } from './channel.ts';
import { nextFrame, traceRefusal } from './refusal-trace.ts';

/** What received bytes led to: frames to write now, in order, and the channel once the handshake has ended. */
export interface Step {
  readonly send: readonly Bytes[];
  readonly established?: Channel;
}

/** A state: the next frame leads to the next state or to the channel, which takes the reader over. */
export type HandshakeState = (frame: Frame, now: number) => Promise<Transition>;

interface Transition {
  readonly send?: Bytes;
  readonly next: { readonly state: HandshakeState } | { readonly channel: (reader: FrameReader) => Channel };
}

/** One handshake of one side. Calls are worked off one after the other; after a failure every call throws. */
export class HandshakeDriver {
  readonly #reader = new FrameReader(MAX_FRAME_HANDSHAKE);
  #state: HandshakeState | 'established' | 'failed';
  #turn: Promise<unknown> = Promise.resolve();
  readonly #trace: HandshakeTrace | undefined;

  constructor(first: HandshakeState, trace?: HandshakeTrace) {
    this.#state = first;
    this.#trace = trace;
  }

  receive(chunk: Uint8Array, now: number): Promise<Step> {
    const turn = this.#turn.then(() => this.#take(chunk, now));
    this.#turn = turn.catch(() => undefined); // whoever called has the failure
    return turn;
  }

  async #take(chunk: Uint8Array, now: number): Promise<Step> {
    if (this.#state === 'failed') throw new ProtocolError('reuse', 'handshake', 'This handshake has failed.');
    this.#reader.push(chunk);
    // Pushed while the last step was still under way: it waits in the reader, which is the channel's now.
    if (this.#state === 'established') return { send: [] };
    let state = this.#state;
    this.#state = 'failed'; // until every step below has held
    const send: Bytes[] = [];
    const next = (): Frame | undefined => nextFrame(this.#reader, this.#trace);
    for (let frame = next(); frame !== undefined; frame = next()) {
      const transition = await state(frame, now).catch((error: unknown) => {
        traceRefusal(this.#trace, frame, error);
        throw error;
      });
      if (transition.send !== undefined) send.push(transition.send);
      if ('channel' in transition.next) {
        this.#state = 'established';
        this.#reader.setLimit(MAX_FRAME); // §3: no sooner than the handshake's end
        return { send, established: transition.next.channel(this.#reader) };
      }
      state = transition.next.state;
    }
    this.#state = state;
    return { send };
  }
}
