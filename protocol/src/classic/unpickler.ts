/**
 * A reader of the one pickle shape of the original program (§13): a dict of text keys and byte strings, as Python's
 * pickle writes it in protocols 2 to 5. It is a grammar, not a stack machine: nothing can be called, imported, nested
 * or built but that dict, and every other opcode is refused by its name.
 */
import { type Bytes, concat, textOf } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { CLASSIC_MAX_PACKAGE } from '../limits.ts';
import * as op from './opcodes.ts';

/** What one pickle holds. */
export type PickledDict = ReadonlyMap<string, Bytes>;

/** The most entries a dict may have: the five of the package and one more, so that the shape check can name it. */
const MAX_ENTRIES = 6;
const CODECS_ENCODE = '_codecs\nencode\n';
const LATIN1 = 'latin1';

/** What a step of the grammar gives back while it waits for bytes: nothing. */
type Step<T> = Generator<undefined, T, undefined>;
/** The words of protocol 2's phrase, where they were put into the memo; whatever else was, is undefined. */
type Word = 'encode' | 'latin1' | undefined;
type Memo = Map<number, Word>;

function refuse(check: string, message: string): ProtocolError {
  return new ProtocolError('classic-format', check, message);
}

/** The bytes that have arrived, and how far the grammar has read. */
class Input {
  bytes: Bytes = new Uint8Array(0);
  #at = 0;
  #frameEnd = CLASSIC_MAX_PACKAGE;
  #framed = false;

  push(chunk: Uint8Array): void {
    this.bytes = concat(this.bytes, chunk);
  }

  /** Drops what one pickle used, so that the next begins at 0. */
  startNext(): void {
    this.bytes = this.bytes.slice(this.#at);
    this.#at = 0;
    this.#frameEnd = CLASSIC_MAX_PACKAGE;
    this.#framed = false;
  }

  /** The next `size` bytes; a length that cannot fit is refused before its bytes are waited for. */
  *take(size: number): Step<Bytes> {
    if (size > this.#frameEnd - this.#at) {
      throw this.#framed
        ? refuse('frame', 'The pickle reaches beyond its frame.')
        : refuse('size', `The pickle is longer than ${String(CLASSIC_MAX_PACKAGE)} bytes.`);
    }
    while (this.bytes.length - this.#at < size) yield;
    const taken = this.bytes.subarray(this.#at, this.#at + size);
    this.#at += size;
    return taken;
  }

  *byte(): Step<number> {
    const [value] = yield* this.take(1);
    return value as number;
  }

  /** A little-endian length of four bytes. */
  *length(): Step<number> {
    const raw = yield* this.take(4);
    return new DataView(raw.buffer, raw.byteOffset, 4).getUint32(0, true);
  }

  /** The length of a frame, eight bytes little-endian; from here on nothing is read beyond it. */
  *frame(): Step<void> {
    const low = yield* this.length();
    const high = yield* this.length();
    if (high !== 0 || low > CLASSIC_MAX_PACKAGE - this.#at) {
      throw refuse('size', `The pickle's frame is longer than ${String(CLASSIC_MAX_PACKAGE)} bytes.`);
    }
    this.#frameEnd = this.#at + low;
    this.#framed = true;
  }

  endFrame(): void {
    if (this.#framed && this.#at !== this.#frameEnd) throw refuse('frame', "The pickle ends before its frame's end.");
  }
}

function unexpected(opcode: number, place: string): ProtocolError {
  return refuse('opcode', `The pickle holds ${op.opcodeName(opcode)} ${place}; a package has none there.`);
}

function* expectOpcode(input: Input, opcode: number, place: string): Step<void> {
  const found = yield* input.byte();
  if (found !== opcode) throw unexpected(found, place);
}

/** The opcode after a value: what follows once an optional put into the memo has been read. */
function* afterPut(input: Input, memo: Memo, value?: Word): Step<number> {
  const opcode = yield* input.byte();
  if (opcode === op.MEMOIZE) return yield* input.byte(); // of protocol 4, which has no phrase that asks for it again
  if (opcode === op.BINPUT) {
    memo.set(yield* input.byte(), value);
    return yield* input.byte();
  }
  return opcode;
}

/** The text behind a text opcode. */
function* readText(input: Input, opcode: number, place: string): Step<string> {
  let size: number;
  if (opcode === op.SHORT_BINUNICODE) size = yield* input.byte();
  else if (opcode === op.BINUNICODE) size = yield* input.length();
  else throw unexpected(opcode, place);
  const text = textOf(yield* input.take(size));
  if (text === undefined) throw refuse('text', 'A text of the pickle is not valid UTF-8.');
  return text;
}

/** Protocol 2 writes bytes as `_codecs.encode(text, 'latin1')`: this reads exactly those words, and calls nothing. */
function* readLatin1Phrase(input: Input, memo: Memo, first: number): Step<Bytes> {
  let opcode: number;
  if (first === op.GLOBAL) {
    for (const letter of CODECS_ENCODE) {
      if ((yield* input.byte()) !== letter.charCodeAt(0)) {
        throw refuse('opcode', 'The pickle holds GLOBAL with a name other than _codecs.encode.');
      }
    }
    opcode = yield* afterPut(input, memo, 'encode');
  } else {
    if (memo.get(yield* input.byte()) !== 'encode') throw unexpected(op.BINGET, 'in place of a byte string');
    opcode = yield* input.byte();
  }
  const text = yield* readText(input, opcode, 'in place of the characters of a byte string');
  opcode = yield* afterPut(input, memo);
  if (opcode === op.BINGET) {
    if (memo.get(yield* input.byte()) !== 'latin1') throw unexpected(op.BINGET, "in place of 'latin1'");
    opcode = yield* input.byte();
  } else {
    if ((yield* readText(input, opcode, "in place of 'latin1'")) !== LATIN1) {
      throw refuse('opcode', 'The pickle encodes a text by something other than latin1.');
    }
    opcode = yield* afterPut(input, memo, 'latin1');
  }
  if (opcode !== op.TUPLE2) throw unexpected(opcode, 'in place of TUPLE2');
  opcode = yield* afterPut(input, memo);
  if (opcode !== op.REDUCE) throw unexpected(opcode, 'in place of REDUCE');
  const points = Array.from(text, (character) => character.codePointAt(0) as number);
  if (points.some((point) => point > 0xff)) {
    throw refuse('text', 'A byte string of the pickle holds a character above U+00FF.');
  }
  return Uint8Array.from(points);
}

function* readBytes(input: Input, memo: Memo, opcode: number): Step<Bytes> {
  switch (opcode) {
    case op.SHORT_BINBYTES:
      return yield* input.take(yield* input.byte());
    case op.BINBYTES:
      return yield* input.take(yield* input.length());
    case op.GLOBAL:
    case op.BINGET:
      return yield* readLatin1Phrase(input, memo, opcode);
    default:
      throw unexpected(opcode, 'in place of a byte string');
  }
}

/** PROTO n [FRAME] EMPTY_DICT MARK (key value)* SETITEMS STOP. */
function* readDict(input: Input): Step<PickledDict> {
  yield* expectOpcode(input, op.PROTO, 'at the start');
  const version = yield* input.byte();
  if (version < 2 || version > 5)
    throw refuse('protocol', `Pickle protocol ${String(version)} is not read, only 2 to 5.`);
  let opcode = yield* input.byte();
  if (opcode === op.FRAME) {
    yield* input.frame();
    opcode = yield* input.byte();
  }
  if (opcode !== op.EMPTY_DICT) throw unexpected(opcode, 'in place of the dict');
  const memo: Memo = new Map();
  opcode = yield* afterPut(input, memo);
  if (opcode !== op.MARK) throw unexpected(opcode, "in place of the dict's items");
  const dict = new Map<string, Bytes>();
  opcode = yield* input.byte();
  while (opcode !== op.SETITEMS) {
    if (dict.size === MAX_ENTRIES) throw refuse('shape', 'The dict has too many entries.');
    const key = yield* readText(input, opcode, 'in place of a key');
    if (dict.has(key)) throw refuse('shape', 'The dict has one key twice.');
    dict.set(key, yield* readBytes(input, memo, yield* afterPut(input, memo)));
    opcode = yield* afterPut(input, memo);
  }
  yield* expectOpcode(input, op.STOP, 'after the dict');
  input.endFrame();
  return dict;
}

/**
 * Reads pickles from a stream, however it is cut or joined. Bytes go in through `push`, dicts come out of `next`; after a
 * throw the stream has no further meaning and the connection ends.
 */
export class Unpickler {
  readonly #input = new Input();
  #grammar = readDict(this.#input);

  push(chunk: Uint8Array): void {
    this.#input.push(chunk);
  }

  /** Whether a pickle has begun and not ended: what a connection that closes now cuts off. */
  get pending(): boolean {
    return this.#input.bytes.length > 0;
  }

  /**
   * The next whole dict, or undefined where its end has not arrived.
   * @throws ProtocolError `classic-format` as soon as the bytes cannot become the one shape (§13)
   */
  next(): PickledDict | undefined {
    const step = this.#grammar.next();
    if (!step.done) return undefined;
    this.#input.startNext();
    this.#grammar = readDict(this.#input);
    return step.value;
  }
}

/**
 * The dict of one whole pickle.
 * @throws ProtocolError `classic-format` on anything else, bytes missing or left over included (§13)
 */
export function unpickle(bytes: Uint8Array): PickledDict {
  const unpickler = new Unpickler();
  unpickler.push(bytes);
  const dict = unpickler.next();
  if (dict === undefined) throw refuse('size', 'The pickle ends early.');
  if (unpickler.pending) throw refuse('size', 'Bytes follow the pickle.');
  return dict;
}
