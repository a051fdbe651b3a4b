/** Bytes both ways: what a channel needs of whatever carries it. TCP has one (`TcpStream`); a browser's WebSocket can have one. */

export interface ByteStream {
  /** Whether anything can still be written. */
  readonly writable: boolean;
  /** The other end does not read what waits for it. */
  readonly congested: boolean;
  /** What ended it, where it did not end in order: a system code. */
  readonly failure: string | undefined;
  /**
   * What arrives, in order, until the other end ends it in order. To leave the loop ends nothing: a later loop goes on.
   * @throws where the stream breaks, with `failure`
   */
  chunks(): AsyncIterableIterator<Uint8Array>;
  /** Whether more may be written at once; if not, wait for `drained`. Nothing happens on a stream that is not writable. */
  write(bytes: Uint8Array): boolean;
  /** Resolves when the other end reads on, and when the stream is closed. */
  drained(): Promise<void>;
  /** Nothing is written after this, what the other end still says can be read. */
  end(last?: Uint8Array): void;
  /** Ends both ways at once. */
  destroy(): void;
  /** Called once, when both ways have ended. */
  onClosed(tell: () => void): void;
}
