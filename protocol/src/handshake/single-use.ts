import { ProtocolError } from '../errors.ts';

/** Once means once: a state of a handshake takes one frame, good or bad. */
export class SingleUse {
  #used = false;

  /** @throws ProtocolError `reuse` the second time */
  use(): void {
    if (this.#used) throw new ProtocolError('reuse', 'state', 'This state of a handshake has been used.');
    this.#used = true;
  }
}
