/** What a user can meet with in rooms, in words. */
import { isProtocolError } from '@waxwing/protocol';
import { WaxwingError } from '../errors.ts';

export function notInRoom(standing: 'left' | 'removed' | 'fork' | 'member'): WaxwingError {
  if (standing === 'fork') return forked();
  return new WaxwingError(
    'not-in-room',
    standing === 'left' ? 'You left this room.' : 'You are not in this room any more.',
    'Ask an admin of it to let you in again.',
  );
}

export function notAdmin(): WaxwingError {
  return new WaxwingError(
    'not-admin',
    'Only an admin decides about a room: who is in it, what it is called.',
    'Ask one of its admins: /room members shows them.',
  );
}

export function lastAdmin(): WaxwingError {
  return new WaxwingError(
    'last-admin',
    'You are the only admin of this room, and a room is not left without one.',
    'Make somebody else an admin first: /room admin @name.',
  );
}

export function roomFull(): WaxwingError {
  return new WaxwingError(
    'room-full',
    'A room has at most 64 devices.',
    'Take somebody out first, or make a second room.',
  );
}

function forked(): WaxwingError {
  return new WaxwingError(
    'room-forked',
    'A member of this room told different members different things about who is in it. Nothing is sent there.',
    'Ask the others what they see. Then /room settle goes on with the members shown here, and /room leave leaves.',
  );
}

function badName(cause: Error): WaxwingError {
  return new WaxwingError('name-invalid', 'A room has a name of 1 to 64 characters.', 'Choose another name.', {
    cause,
  });
}

/** What a change came to that the rules of a room do not allow. */
export function roomRefusal(error: unknown): unknown {
  if (!isProtocolError(error, 'room')) return error;
  switch (error.check) {
    case 'member':
      return notInRoom('removed');
    case 'fork':
      return forked();
    case 'grammar':
      return badName(error);
    case 'file':
      return lastAdmin();
    case 'change':
      return notAdmin();
    default:
      return error;
  }
}
