/** The port of one caller's bytes, whichever way they come. Adapters: `tcp-wire.ts`, `web-socket-wire.ts`. */

export interface WireHandler {
  /** Bytes in the order in which they came, in pieces of any size. */
  receive(chunk: Uint8Array): void;
  /** Something that was written has left. */
  drained(): void;
  /** The last call, once. */
  closed(): void;
}

export interface Wire {
  /** Names the caller's machine, for limits alone: it is never written anywhere. */
  readonly address: string;
  /** Bytes written that the system has not taken yet. */
  readonly unwritten: number;
  /** Takes whole frames. Does nothing on a wire that is closed. */
  write(frame: Uint8Array): void;
  /** From now on this handler is told, in place of the one before; the wire reads, which at first it does not. */
  listen(handler: WireHandler): void;
  /** Stops and resumes reading. */
  pause(): void;
  resume(): void;
  /** What was written is sent, then the wire closes; one that does not take it is cut after a few seconds. */
  end(): void;
  cut(): void;
}
