/** A typing signal (§9.7): `EtM(typing key of its sender, sid, CBOR[on, room or empty, time])`. Never stored. */
import { type InferOutput, union } from 'valibot';
import type { Bytes } from '../bytes.ts';
import { bytes, decodeCborAs, encodeCbor, tuple, uint } from '../codec/cbor.ts';
import { isProtocolError, ProtocolError } from '../errors.ts';
import { HASH_SIZE, SIGNAL_WITHIN } from '../limits.ts';
import type { Primitives, SecretKey } from '../primitives.ts';
import { openEtm, sealEtm } from '../symmetric/etm.ts';

export interface TypingSignal {
  /** Whether somebody types now. */
  readonly on: boolean;
  /** The room's id (32); empty for the conversation of the two. */
  readonly room: Bytes;
  /** Unix milliseconds of the sender. */
  readonly time: number;
}

export interface TypingKey {
  /** 64 bytes: the session's, of the signal's sender. */
  readonly key: SecretKey;
  /** 16 */
  readonly sid: Uint8Array;
}

const SIGNAL = tuple([uint(1), union([bytes(0), bytes(HASH_SIZE)]), uint()]);

export function sealTypingSignal(p: Primitives, { key, sid }: TypingKey, signal: TypingSignal): Bytes {
  return sealEtm(p, { key, aad: sid, plain: encodeCbor([signal.on ? 1 : 0, signal.room, signal.time]) });
}

/**
 * The signal of a box, where it is to be taken. `lastTime` is that of the last one taken in this session.
 * @throws ProtocolError `signal`, check `box`, `shape`, `repeated` or `time`: it is dropped without a word
 */
export function openTypingSignal(
  p: Primitives,
  { key, sid }: TypingKey,
  received: { readonly box: Uint8Array; readonly lastTime: number; readonly now: number },
): TypingSignal {
  const { box, lastTime, now } = received;
  const [on, room, time] = read(p, { key, sid, box });
  if (time <= lastTime) throw refuse('repeated', 'A typing signal is not newer than the last one.');
  if (Math.abs(now - time) > SIGNAL_WITHIN) throw refuse('time', 'A typing signal is not of the last minute.');
  return { on: on === 1, room, time };
}

function read(p: Primitives, { key, sid, box }: TypingKey & { readonly box: Uint8Array }): InferOutput<typeof SIGNAL> {
  try {
    return decodeCborAs(SIGNAL, openEtm(p, { key, aad: sid, box }));
  } catch (cause) {
    if (isProtocolError(cause, 'etm')) throw refuse('box', 'A typing signal does not open.', { cause });
    if (isProtocolError(cause, 'cbor')) throw refuse('shape', 'A typing signal is not well-formed.', { cause });
    throw cause;
  }
}

function refuse(check: string, message: string, options?: ErrorOptions): ProtocolError {
  return new ProtocolError('signal', check, message, options);
}
