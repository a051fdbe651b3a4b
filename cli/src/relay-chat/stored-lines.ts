/** What a relay has stored about somebody, row by row. */
import type { StoredRow } from '@waxwing/client';
import { toHex } from '@waxwing/protocol';
import { formatMoment } from '../text/duration.ts';
import { sanitiseLine } from '../text/sanitise.ts';

/** Of a longer value the beginning is shown, with its size. */
const MOST_BYTES = 64;
/** Numbers from here on are points of time: 2020 in Unix milliseconds. */
const TIMES_FROM = 1_577_836_800_000;

/** Safe to print. */
export function storedLines({ table, columns }: StoredRow): string[] {
  const rows = columns.map(([name, value]) => [sanitiseLine(name), storedValue(value)] as const);
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return [sanitiseLine(table), ...rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`)];
}

/** `12`, `1764102000000 (2026-11-25 21:20:00)`, `"alice"`, hex. */
function storedValue(value: Uint8Array | number): string {
  if (typeof value === 'number')
    return value < TIMES_FROM ? String(value) : `${String(value)} (${formatMoment(value)})`;
  if (value.length > 0 && value.every((byte) => byte >= 0x20 && byte < 0x7f))
    return `"${Buffer.from(value).toString('latin1')}"`;
  const hex = toHex(value.slice(0, MOST_BYTES));
  return value.length > MOST_BYTES ? `${hex}… (${value.length.toLocaleString('en-US')} bytes)` : hex || '(empty)';
}
