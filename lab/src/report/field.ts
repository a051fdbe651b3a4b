/** A named value of a frame or a layer, as a row of a list. */
import { toHex } from '@waxwing/protocol';
import { type Html, html } from './html.ts';

export interface Field {
  /** The specification's name. */
  readonly name: string;
  /** What it is, or the original program's name for it. */
  readonly what: string;
  /** Shown in hex; or a text. */
  readonly value: Uint8Array | string;
  /** Whether it never travels: shown here because the identity is a lab one. */
  readonly secret?: boolean;
}

/** Bytes shown whole; of longer values the beginning. */
const WHOLE = 512;
const BEGINNING = 96;

/** `1,184 B` */
export function sizeWords(size: number): string {
  return `${String(size).replaceAll(/\B(?=(\d{3})+$)/g, ',')} B`;
}

export function fieldList(fields: readonly Field[]): Html {
  return html`<dl class="fields">${fields.map(fieldRow)}</dl>`;
}

function fieldRow({ name, what, value, secret = false }: Field): Html {
  const size = typeof value === 'string' ? undefined : html` <span class="size">${sizeWords(value.length)}</span>`;
  return html`<div><dt><code>${name}</code>${size}${secret ? html` <span class="tag secret">secret</span>` : undefined}</dt>
<dd><span class="what">${what}</span><code class="value">${typeof value === 'string' ? value : hexOf(value)}</code></dd></div>`;
}

function hexOf(bytes: Uint8Array): string {
  if (bytes.length <= WHOLE) return toHex(bytes);
  return `${toHex(bytes.subarray(0, BEGINNING))} … (${sizeWords(bytes.length - BEGINNING)} more)`;
}
