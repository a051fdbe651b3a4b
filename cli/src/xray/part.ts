/** The parts of a block, made from what a trace tells. */
import type { HeldCheck } from '@waxwing/protocol';
import type { BytesPart, CheckPart, Row, ValuePart } from './block.ts';

/** So much of a field is shown, bytes; the whole of it where a lab identity's keys are there to compute with. */
const SHOWN = 128;
/** Of what travels inside a layer, less: it is there to be recognised. */
const SHOWN_INSIDE = 16;

interface FieldOptions {
  readonly original?: string;
  readonly layer?: number;
  /** Travels inside a layer. */
  readonly inside?: boolean;
  /** All of it, as in a lab. */
  readonly whole: boolean;
}

export function bytesPart(name: string, bytes: Uint8Array, options: FieldOptions): BytesPart {
  const { original, layer, inside, whole } = options;
  const shown = whole ? bytes.length : inside === true ? SHOWN_INSIDE : SHOWN;
  const hex = Buffer.from(bytes.subarray(0, shown)).toString('hex');
  return { kind: 'bytes', name, original, layer, size: bytes.length, hex };
}

export function valuePart(name: string, value: string | number): ValuePart {
  return { kind: 'value', name, value: String(value) };
}

/** A field that has a row of its own. */
export function rowOf(part: BytesPart): Row {
  return { name: part.name, parts: [part] };
}

export function checkRow(checks: readonly CheckPart[], name = 'checks'): Row[] {
  return checks.length === 0 ? [] : [{ name, parts: checks }];
}

export function heldParts(checks: readonly HeldCheck[]): CheckPart[] {
  return checks.map(({ check, took }) => ({ kind: 'check', name: check, held: true, took }));
}

/** `12:03:04` of a claimed time would hide the day: the whole moment, in UTC as a record is read anywhere. */
export function momentPart(name: string, at: number): ValuePart {
  const date = new Date(at);
  return valuePart(name, Number.isNaN(date.getTime()) ? String(at) : date.toISOString());
}
