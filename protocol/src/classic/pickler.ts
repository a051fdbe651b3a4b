/** Writes what Python's pickle loads into a dict of text keys and byte strings: the bytes its protocol 4 would write. */
import { type Bytes, concat, u8, utf8 } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { CLASSIC_MAX_PACKAGE } from '../limits.ts';
import * as op from './opcodes.ts';

const PICKLE_PROTOCOL = 4;

function littleEndian(value: number): Bytes {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value, true);
  return out;
}

function pickleText(text: string): Bytes {
  const bytes = utf8(text);
  if (bytes.length > 0xff)
    throw new ProtocolError('limit', 'classic-key', 'A key of the dict is longer than 255 bytes.');
  return concat(u8(op.SHORT_BINUNICODE), u8(bytes.length), bytes, u8(op.MEMOIZE));
}

function pickleBytes(bytes: Uint8Array): Bytes {
  const head =
    bytes.length <= 0xff
      ? concat(u8(op.SHORT_BINBYTES), u8(bytes.length))
      : concat(u8(op.BINBYTES), littleEndian(bytes.length));
  return concat(head, bytes, u8(op.MEMOIZE));
}

/**
 * One pickle of a dict with the given entries, in the given order (§13).
 * @throws ProtocolError `limit` where it would be longer than the 16,384 bytes the original reads at once
 */
export function pickle(entries: Iterable<readonly [string, Uint8Array]>): Bytes {
  const items: Bytes[] = [];
  for (const [key, value] of entries) items.push(pickleText(key), pickleBytes(value));
  const content = concat(u8(op.EMPTY_DICT), u8(op.MEMOIZE), u8(op.MARK), ...items, u8(op.SETITEMS), u8(op.STOP));
  const frame = concat(u8(op.FRAME), littleEndian(content.length), littleEndian(0));
  const out = concat(u8(op.PROTO), u8(PICKLE_PROTOCOL), frame, content);
  if (out.length > CLASSIC_MAX_PACKAGE) {
    throw new ProtocolError(
      'limit',
      'classic-package',
      `The message makes a package of ${String(out.length)} bytes; a classic peer reads at most ${String(CLASSIC_MAX_PACKAGE)}.`,
    );
  }
  return out;
}
