/** What ends a messenger. */
import { WaxwingError } from '../errors.ts';

export function oldCopy(): WaxwingError {
  return new WaxwingError(
    'restored-copy',
    'The relay holds newer keys of this device than this home ever made: this home is an older copy.',
    'Give it a device of its own: waxwing id rotate --device.',
  );
}

export function unexpected(cause: Error): WaxwingError {
  return new WaxwingError(
    'home-damaged',
    `What this home holds does not fit together: ${cause.message}`,
    'Please report it.',
    {
      cause,
    },
  );
}

/** A device that joins anew without a token is let in where its account is a member; it is none any more. */
export function notMember(cause: WaxwingError): WaxwingError {
  return new WaxwingError(
    'not-a-member',
    'This relay does not know you as a member any more: you left it, or were removed.',
    'Ask its operator, or a member, for a new invite link, and open that.',
    { cause },
  );
}

export function wasClosed(): WaxwingError {
  return new WaxwingError('not-connected', 'The messenger was closed.', 'Open it again.');
}

/** @throws WaxwingError `name-unknown` */
export function noRoom(): never {
  throw new WaxwingError('name-unknown', 'There is no such room here.', 'See waxwing room list.');
}
