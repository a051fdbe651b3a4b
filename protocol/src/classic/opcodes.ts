/** The pickle opcodes of the one shape that is read (§13), and the names of all others, to refuse them by name. */

export const PROTO = 0x80;
export const FRAME = 0x95;
export const EMPTY_DICT = 0x7d;
export const MARK = 0x28;
export const SETITEMS = 0x75;
export const STOP = 0x2e;
/** Text: keys, and in protocol 2 the characters of a byte string. */
export const SHORT_BINUNICODE = 0x8c;
export const BINUNICODE = 0x58;
/** Byte strings from protocol 3 on. */
export const SHORT_BINBYTES = 0x43;
export const BINBYTES = 0x42;
/** Byte strings of protocol 2: `_codecs.encode(text, 'latin1')`, recognised as a phrase and never called. */
export const GLOBAL = 0x63;
export const TUPLE2 = 0x86;
export const REDUCE = 0x52;
/** The memo. */
export const MEMOIZE = 0x94;
export const BINPUT = 0x71;
export const BINGET = 0x68;

const NAMES: Readonly<Record<number, string>> = {
  [PROTO]: 'PROTO',
  [FRAME]: 'FRAME',
  [EMPTY_DICT]: 'EMPTY_DICT',
  [MARK]: 'MARK',
  [SETITEMS]: 'SETITEMS',
  [STOP]: 'STOP',
  [SHORT_BINUNICODE]: 'SHORT_BINUNICODE',
  [BINUNICODE]: 'BINUNICODE',
  [SHORT_BINBYTES]: 'SHORT_BINBYTES',
  [BINBYTES]: 'BINBYTES',
  [GLOBAL]: 'GLOBAL',
  [TUPLE2]: 'TUPLE2',
  [REDUCE]: 'REDUCE',
  [MEMOIZE]: 'MEMOIZE',
  [BINPUT]: 'BINPUT',
  [BINGET]: 'BINGET',
  // Never read, only named.
  0x29: 'EMPTY_TUPLE',
  0x30: 'POP',
  0x31: 'POP_MARK',
  0x32: 'DUP',
  0x46: 'FLOAT',
  0x47: 'BINFLOAT',
  0x49: 'INT',
  0x4a: 'BININT',
  0x4b: 'BININT1',
  0x4c: 'LONG',
  0x4d: 'BININT2',
  0x4e: 'NONE',
  0x50: 'PERSID',
  0x51: 'BINPERSID',
  0x53: 'STRING',
  0x54: 'BINSTRING',
  0x55: 'SHORT_BINSTRING',
  0x56: 'UNICODE',
  0x5d: 'EMPTY_LIST',
  0x61: 'APPEND',
  0x62: 'BUILD',
  0x64: 'DICT',
  0x65: 'APPENDS',
  0x67: 'GET',
  0x69: 'INST',
  0x6a: 'LONG_BINGET',
  0x6c: 'LIST',
  0x6f: 'OBJ',
  0x70: 'PUT',
  0x72: 'LONG_BINPUT',
  0x73: 'SETITEM',
  0x74: 'TUPLE',
  0x81: 'NEWOBJ',
  0x82: 'EXT1',
  0x83: 'EXT2',
  0x84: 'EXT4',
  0x85: 'TUPLE1',
  0x87: 'TUPLE3',
  0x88: 'NEWTRUE',
  0x89: 'NEWFALSE',
  0x8a: 'LONG1',
  0x8b: 'LONG4',
  0x8d: 'BINUNICODE8',
  0x8e: 'BINBYTES8',
  0x8f: 'EMPTY_SET',
  0x90: 'ADDITEMS',
  0x91: 'FROZENSET',
  0x92: 'NEWOBJ_EX',
  0x93: 'STACK_GLOBAL',
  0x96: 'BYTEARRAY8',
  0x97: 'NEXT_BUFFER',
  0x98: 'READONLY_BUFFER',
};

/** The opcode's name in pickle's own documentation, or its number where pickle knows none. */
export function opcodeName(opcode: number): string {
  return NAMES[opcode] ?? `byte 0x${opcode.toString(16).padStart(2, '0')}`;
}
