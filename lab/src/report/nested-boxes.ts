/** The five layers as boxes inside each other. */
import { sizeWords } from './field.ts';
import { type Html, html } from './html.ts';
import type { Layer } from './layer.ts';

interface Box {
  readonly part: string;
  readonly colour: string;
  readonly words: string;
  /** The right end of its heading. */
  readonly size?: string;
  readonly inside: readonly Box[];
}

const HEADING = 30;
const LEAF = 38;
const GAP = 8;
const INSET = 9;
const WIDTH = 360;

export function nestedBoxes(steps: readonly Layer[]): Html {
  const size = (part: string): string => sizeWords(steps.find((step) => step.part === part)?.size ?? 0);
  const wrap = leaf('wrap', 'L2', 'L2 · RSA-OAEP wrap of kr', size('wrap'));
  const inner: Box[] = [
    leaf('text', 'plain', 'text', size('text')),
    leaf('payload', 'L5', 'L5 · sent, ttl, seq, prev'),
    leaf('signature', 'L3', 'L3 · RSA-PSS signature', size('signature')),
    leaf('padding', 'plain', 'padding'),
  ];
  const ct: Box = {
    part: 'encryption',
    colour: 'L1',
    words: 'L1 · AES-256-CBC',
    size: size('encryption'),
    inside: inner,
  };
  const envelope: Box = {
    part: 'hmac',
    colour: 'L4',
    words: 'L4 · HMAC over all of this',
    size: size('hmac'),
    inside: [wrap, ct],
  };
  const frame: Box = {
    part: 'frame',
    colour: 'plain',
    words: 'frame · AES-256-GCM record',
    size: size('frame'),
    inside: [envelope],
  };
  return draw(frame);
}

function leaf(part: string, colour: string, words: string, size?: string): Box {
  return { part, colour, words, ...(size === undefined ? {} : { size }), inside: [] };
}

function draw(box: Box): Html {
  const { drawing, height } = place(box, { x: 1, y: 1, width: WIDTH - 2 });
  return html`<svg class="boxes" viewBox="0 0 ${WIDTH} ${height + 2}" role="img" aria-label="The five layers, from the outside: the frame holds the envelope; layer 4, the HMAC, is over all of it; it holds the wrapped key, layer 2, and the AES ciphertext, layer 1, in which lie the text, the freshness fields of layer 5, the signature of layer 3, and padding.">${drawing}</svg>`;
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

function place(
  { part, colour, words, size, inside }: Box,
  { x, y, width }: Place,
): { readonly drawing: Html; readonly height: number } {
  let below = y + (inside.length === 0 ? LEAF : HEADING + 6);
  const children = inside.map((box) => {
    const child = place(box, { x: x + INSET, y: below, width: width - 2 * INSET });
    below += child.height + GAP;
    return child.drawing;
  });
  const height = inside.length === 0 ? LEAF : below - y + INSET - GAP;
  return {
    height,
    drawing: html`<g class="part ${colour}" data-parts="${part}"><rect class="box" x="${x}" y="${y}" width="${width}" height="${height}" rx="8"/><text x="${x + 12}" y="${y + 24}" font-size="15">${words}</text><text class="soft" x="${x + width - 12}" y="${y + 24}" font-size="13.5" text-anchor="end">${size}</text></g>${children}`,
  };
}
