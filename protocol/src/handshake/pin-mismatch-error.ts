import { ProtocolError } from '../errors.ts';
import type { Bundle } from '../keys/bundle.ts';

/**
 * The peer's account is not the pinned one (§3, check `pin`). `presented` is a good bundle, but nothing has been proved
 * about its holder yet: signature and mac come after the pin. It serves to show the user both fingerprints.
 */
export class PinMismatchError extends ProtocolError {
  readonly presented: Bundle;

  constructor(code: 'handshake-f3' | 'handshake-f4', presented: Bundle) {
    super(code, 'pin', 'The peer presented another account than the pinned one.');
    this.presented = presented;
  }
}
