/**
 * What Python's pickle.loads does with a package and with a hostile pickle, as far as the attacks need it: a stack machine
 * that calls what it is told to. For the lab and tests only, and on purpose everything that the product's reader is not.
 */
import { type Bytes, concat, textOf, u8, utf8 } from '@waxwing/protocol';

/** The functions a pickle can name: what importing gives in Python. */
export type Host = ReadonlyMap<string, (...args: unknown[]) => unknown>;

const MARK = Symbol('mark');

function text(bytes: Uint8Array): string {
  const found = textOf(bytes);
  if (found === undefined) throw new Error('UnicodeDecodeError');
  return found;
}

/** Loads one pickle from the start of `bytes`, and ignores what follows it, as pickle.loads does. */
export function loads(bytes: Uint8Array, host: Host): unknown {
  const stack: unknown[] = [];
  const memo: unknown[] = [];
  let at = 0;
  const take = (size: number): Uint8Array => {
    if (at + size > bytes.length) throw new Error('UnpicklingError: pickle data was truncated');
    at += size;
    return bytes.subarray(at - size, at);
  };
  const number = (size: number): number => take(size).reduceRight((value, byte) => value * 256 + byte, 0);
  const popToMark = (): unknown[] => {
    const items = stack.splice(stack.lastIndexOf(MARK));
    return items.slice(1);
  };
  for (;;) {
    const opcode = String.fromCharCode(number(1));
    switch (opcode) {
      case '\x80': // PROTO
        number(1);
        break;
      case '\x95': // FRAME
        number(8);
        break;
      case '}': // EMPTY_DICT
        stack.push(new Map());
        break;
      case '(': // MARK
        stack.push(MARK);
        break;
      case '\x8c': // SHORT_BINUNICODE
        stack.push(text(take(number(1))));
        break;
      case 'C': // SHORT_BINBYTES
        stack.push(take(number(1)).slice());
        break;
      case 'B': // BINBYTES
        stack.push(take(number(4)).slice());
        break;
      case '\x94': // MEMOIZE
        memo.push(stack.at(-1));
        break;
      case 'u': {
        // SETITEMS
        const items = popToMark();
        const dict = stack.at(-1);
        if (!(dict instanceof Map)) throw new Error('TypeError');
        for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1]);
        break;
      }
      case '\x93': {
        // STACK_GLOBAL
        const [module, name] = stack.splice(-2);
        const found = host.get(`${String(module)}.${String(name)}`);
        if (found === undefined) throw new Error('AttributeError');
        stack.push(found);
        break;
      }
      case '\x85': // TUPLE1
        stack.push(stack.splice(-1));
        break;
      case 'R': {
        // REDUCE: the call
        const [callable, args] = stack.splice(-2) as [(...args: unknown[]) => unknown, unknown[]];
        stack.push(callable(...args));
        break;
      }
      case '.': // STOP
        return stack.pop();
      default:
        throw new Error('UnpicklingError: invalid load key');
    }
  }
}

function littleEndian(value: number): Bytes {
  return Uint8Array.of(value, value >> 8, value >> 16, value >> 24);
}

function text1(value: string): Bytes {
  return concat(u8(0x8c), u8(value.length), utf8(value));
}

/** The pickle of a dict of byte strings, however long. */
export function dumps(entries: readonly (readonly [string, Uint8Array])[]): Bytes {
  const items = entries.flatMap(([key, value]) => [text1(key), utf8('B'), littleEndian(value.length), value]);
  return concat(Uint8Array.of(0x80, 4), utf8('}('), ...items, utf8('u.'));
}

/** What `__reduce__` of a hostile object makes: a pickle that calls `module.name(argument)` when it is loaded. */
export function dumpsCall(module: string, name: string, argument: string): Bytes {
  const globalName = concat(text1(module), text1(name), u8(0x93));
  return concat(Uint8Array.of(0x80, 4), globalName, text1(argument), u8(0x85), utf8('R.'));
}
