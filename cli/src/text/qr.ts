/** A QR code for a terminal. */
import { encodeQR } from 'qr';
import { colorWanted } from './style.ts';

/** Half-block characters, light on dark; nothing where the terminal is too narrow. */
export function qrLines(text: string, columns: number): string[] {
  const rows = encodeQR(text, 'ascii', { ecc: 'low', border: 2 }).trimEnd().split('\n');
  if ((rows[0]?.length ?? 0) > columns) return [];
  const color = colorWanted({ env: process.env, isTTY: true });
  return color ? rows.map((row) => `\u001b[97;40m${row}\u001b[0m`) : rows;
}
