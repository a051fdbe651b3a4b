/** Signed things: short readable ASCII, `waxwing/1 <kind>\n` and then `name: value\n` lines in a fixed order (§1.2). */
import { type Bytes, fromHex, textOf, utf8 } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { PROTOCOL } from '../labels.ts';
import { MAX_STATEMENT } from '../limits.ts';

const NAME = /^[a-z][a-z0-9-]*$/;
const VALUE = /^[\x20-\x7e]+$/;
const LINES = /^[\x20-\x7e\n]*$/;

function refuse(check: string, message: string): ProtocolError {
  return new ProtocolError('statement', check, message);
}

/**
 * The bytes that are signed. `fields` are name and value, in order.
 * @throws ProtocolError `statement` for a value outside `[\x20-\x7e]+` or more than 2,048 bytes (§1.2)
 */
export function encodeStatement(kind: string, fields: readonly (readonly [string, string])[]): Bytes {
  if (!NAME.test(kind)) throw refuse('kind', 'a kind of statement is no name');
  let text = `${PROTOCOL} ${kind}\n`;
  for (const [name, value] of fields) {
    if (!NAME.test(name)) throw refuse('name', 'a field has no proper name');
    if (!VALUE.test(value)) throw refuse(name, `the value of ${name} is not printable ASCII`);
    text += `${name}: ${value}\n`;
  }
  if (text.length > MAX_STATEMENT) throw refuse('size', `a statement has more than ${MAX_STATEMENT} bytes`);
  return utf8(text);
}

/**
 * The values of a statement of this kind with exactly these names in this order.
 * @throws ProtocolError `statement` for anything that does not re-serialise to the same bytes (§1.2)
 */
export function decodeStatement(bytes: Uint8Array, kind: string, names: readonly string[]): string[] {
  if (bytes.length > MAX_STATEMENT) throw refuse('size', `a statement has more than ${MAX_STATEMENT} bytes`);
  const text = textOf(bytes);
  if (text === undefined || !LINES.test(text)) throw refuse('ascii', 'a statement is not printable ASCII');
  const lines = text.split('\n');
  if (lines.pop() !== '') throw refuse('line', 'the last line of a statement has no end');
  if (lines.shift() !== `${PROTOCOL} ${kind}`) throw refuse('kind', `a statement is not of the kind ${kind}`);
  if (lines.length !== names.length) throw refuse('line', `a statement has not ${names.length} fields`);
  return names.map((name, index) => {
    const prefix = `${name}: `;
    const line = lines[index] as string;
    if (!line.startsWith(prefix) || line.length === prefix.length) throw refuse(name, `the line of ${name} is missing`);
    return line.slice(prefix.length);
  });
}

const DECIMAL = /^(?:0|[1-9][0-9]{0,15})$/;

/** A number < 2^53 written without leading zeros, or undefined (§1.2). */
export function decimalOf(value: string): number | undefined {
  const number = DECIMAL.test(value) ? Number(value) : Number.NaN;
  return Number.isSafeInteger(number) ? number : undefined;
}

const HEX = /^[0-9a-f]+$/;

/** The bytes of lower-case hex of exactly `size` bytes, or undefined (§1.2). */
export function hexOf(value: string, size: number): Bytes | undefined {
  return value.length === 2 * size && HEX.test(value) ? fromHex(value) : undefined;
}
