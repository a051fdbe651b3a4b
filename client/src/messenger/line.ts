/** A line to a relay as the messenger holds it. */
import type { WaxwingError } from '../errors.ts';

/** What keeps the channel: a RelayLine, or a test's own. */
export interface Line {
  readonly ended: Promise<WaxwingError | undefined>;
  wake(): void;
  close(): Promise<void>;
}
