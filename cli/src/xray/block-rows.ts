/** A block as rows for a screen: every row begins with a mark that no remote text can begin with, and keeps to the width. */
import { foldLine, widthOf } from '../text/fold.ts';
import { sanitiseLine } from '../text/sanitise.ts';
import type { Style } from '../text/style.ts';
import type { Block, BytesPart, CheckPart, Part, Row, SecretPart } from './block.ts';

/** A message's rows begin with `Message: `, a time and a name, or `  | `; a name cannot be `xray`. */
export const XRAY_PREFIX = 'xray| ';

export interface RowOptions {
  readonly style: Style;
  readonly columns: number;
}

const NAME_COLUMN = 9;
const SIZE_COLUMN = 8;
const ORIGINAL_COLUMN = 25;
const LEAST_COLUMNS = 60;
/** Bytes of a field that shares its row with others. */
const SHORT = 4;
const MAX_NAME = 20;
const BETWEEN = ' · ';
const MAX_TEXT = 400;

type Look = (text: string) => string;

/** The rows of a block, safe to print. */
export function blockRows(block: Block, { style, columns }: RowOptions): string[] {
  const room = Math.max(LEAST_COLUMNS, columns) - XRAY_PREFIX.length;
  const prefix = style.dim(XRAY_PREFIX);
  const rows = [...headline(block, room, style), ...block.rows.flatMap((row) => rowsOf(row, room, style))];
  return rows.map((row) => prefix + row);
}

/** `→ record 2  [1] envelope of 936 B, seq 1 · 962 B · conn 1 · 12:03:04.123` */
function headline(block: Block, room: number, style: Style): string[] {
  const arrow = { out: '→', in: '←', here: '=' }[block.direction];
  const words = `${arrow} ${sanitiseLine(block.frame, 20)}  ${sanitiseLine(block.title, 60)}`;
  const look = block.title.includes('REFUSED') ? style.red : style.bold;
  const size = block.size === 0 ? [] : [`${String(block.size)} B`];
  const rest = [...size, `conn ${String(block.connection)}`, clock(block.at)].map((text) => ({
    plain: text,
    styled: text,
  }));
  return flow([{ plain: words, styled: look(words) }, ...rest], room);
}

function rowsOf(row: Row, room: number, style: Style): string[] {
  const [only] = row.parts;
  if (row.parts.length === 1 && only?.kind === 'bytes') return [fieldRow(only, room, style)];
  const pieces = row.parts.flatMap((part) => (isFull(part) ? [] : [pieceOf(part, style)]));
  const name = sanitiseLine(row.name, NAME_COLUMN - 1);
  return [
    ...flow(pieces, room - NAME_COLUMN).map((text, at) => (at === 0 ? name : '').padEnd(NAME_COLUMN) + text),
    ...row.parts.filter(isFull).flatMap((part) => fullRows(part, style)),
  ];
}

/** `tag       32 B  L4 hmac                   8f3a99c2 d1e2f3a4 …` */
function fieldRow(part: BytesPart, room: number, style: Style): string {
  const look = lookOf(part.layer, style);
  const layer = part.layer === undefined ? '' : `L${String(part.layer)} `;
  const original = `${layer}${sanitiseLine(part.original ?? '', ORIGINAL_COLUMN - 4)}`.padEnd(ORIGINAL_COLUMN);
  const name = sanitiseLine(part.name, NAME_COLUMN - 1).padEnd(NAME_COLUMN);
  const size = `${String(part.size)} B`.padStart(SIZE_COLUMN - 2).padEnd(SIZE_COLUMN);
  const left = room - NAME_COLUMN - SIZE_COLUMN - ORIGINAL_COLUMN;
  return `${look(name)}${size}${original}${look(grouped(part, left))}`;
}

/** Hex in groups of four bytes, as many as there is room for; `…` where that is not all. */
function grouped({ hex, size }: BytesPart, room: number): string {
  const groups = hex.match(/.{1,8}/g) ?? [];
  const all = groups.join(' ');
  if (all.length <= room && hex.length === 2 * size) return all;
  const fitting = Math.max(1, Math.floor((room - 1) / 9));
  return `${groups.slice(0, fitting).join(' ')} …`;
}

interface Piece {
  readonly plain: string;
  readonly styled: string;
}

type FullPart = SecretPart & { readonly hex: string };

function isFull(part: Part): part is FullPart {
  return part.kind === 'secret' && part.hex !== undefined;
}

/** A lab identity's secret, whole, on rows of its own: 32 bytes on each. */
function fullRows({ name, hex }: FullPart, style: Style): string[] {
  const label = sanitiseLine(name, MAX_NAME);
  const rows = hex.match(/.{1,64}/g) ?? [];
  const beside = label.length < NAME_COLUMN;
  const first = beside ? [] : [label];
  return [...first, ...rows.map((row, at) => `${(beside && at === 0 ? label : '').padEnd(NAME_COLUMN)}${row}`)].map(
    style.yellow,
  );
}

function pieceOf(part: Part, style: Style): Piece {
  switch (part.kind) {
    case 'bytes': {
      const shown = part.hex.slice(0, 2 * (part.size <= SHORT + 2 ? part.size : SHORT));
      const more = shown.length < 2 * part.size ? '…' : '';
      return piece(`${sanitiseLine(part.name, MAX_NAME)} `, `${shown}${more}`, lookOf(part.layer, style));
    }
    case 'secret':
      return piece(`${sanitiseLine(part.name, MAX_NAME)} `, `[${part.mark}]`, style.yellow);
    case 'value':
      return piece(`${sanitiseLine(part.name, MAX_NAME)} `, sanitiseLine(part.value, MAX_TEXT), (text) => text);
    case 'check':
      return checkPiece(part, style);
  }
}

function piece(name: string, value: string, look: Look): Piece {
  return { plain: name + value, styled: name + look(value) };
}

function checkPiece({ name, held, took, note }: CheckPart, style: Style): Piece {
  const words = `${held ? '✓' : '✗'} ${sanitiseLine(name, 40)}`;
  const text = note === undefined || note === '' ? undefined : sanitiseLine(note, MAX_TEXT);
  const said = text === undefined ? '' : held ? ` (${text})` : `: ${text}`;
  const rest = `${said}${took === undefined ? '' : ` ${tookWords(took)}`}`;
  return { plain: words + rest, styled: (held ? style.green : style.red)(words) + rest };
}

/** Pieces one behind the other, in as many rows as they take. */
function flow(pieces: readonly Piece[], room: number): string[] {
  const rows: string[] = [];
  let row = '';
  let width = 0;
  for (const { plain, styled } of pieces) {
    const wide = widthOf(plain);
    if (width > 0 && width + BETWEEN.length + wide > room) {
      rows.push(row);
      row = '';
      width = 0;
    }
    if (wide > room) {
      rows.push(...foldLine(plain, room));
      continue;
    }
    row += width > 0 ? BETWEEN + styled : styled;
    width += (width > 0 ? BETWEEN.length : 0) + wide;
  }
  if (width > 0) rows.push(row);
  return rows;
}

/** Each layer has its colour; what belongs to none is blue. */
function lookOf(layer: number | undefined, style: Style): Look {
  switch (layer) {
    case 1:
      return style.cyan;
    case 2:
      return style.yellow;
    case 3:
      return style.green;
    case 4:
      return style.magenta;
    default:
      return style.blue;
  }
}

function tookWords(ms: number): string {
  return ms < 1 ? `${String(Math.round(ms * 1_000))} µs` : `${ms.toFixed(1)} ms`;
}

function clock(at: number): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return '?';
  const two = (value: number): string => String(value).padStart(2, '0');
  const seconds = `${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`;
  return `${two(date.getHours())}:${two(date.getMinutes())}:${seconds}`;
}
