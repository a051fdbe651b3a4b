/** The handshake as a sequence diagram, drawn for a wide page or for a narrow one. */
import { sizeWords } from './field.ts';
import type { HandshakeStep, Secrecy, Side } from './handshake-step.ts';
import { type Html, html } from './html.ts';
import { lineHeight, textLines, wrapWords } from './svg-text.ts';

interface Layout {
  readonly name: 'wide' | 'narrow';
  readonly width: number;
  /** Where the two life lines stand. */
  readonly server: number;
  readonly client: number;
  /** Sizes of titles and of everything else. */
  readonly title: number;
  readonly text: number;
}

const WIDE: Layout = { name: 'wide', width: 1040, server: 236, client: 804, title: 17, text: 14 };
const NARROW: Layout = { name: 'narrow', width: 340, server: 12, client: 328, title: 15, text: 13 };

const ZONES: Readonly<Record<Secrecy, string>> = {
  clear: 'in clear',
  handshake: 'encrypted, by k_s and k_c',
  record: 'encrypted records',
};

const HEAD = 64;
const PAD = 22;
/** Left of everything, and between a life line and its notes. */
const SIDE = 14;
const GUTTER = 18;

/** Both drawings; the style sheet shows the one that fits. What they say stands below them as text. */
export function sequence(steps: readonly HandshakeStep[]): Html {
  return html`<div class="figure">${draw(steps, WIDE)}${draw(steps, NARROW)}</div>`;
}

function draw(steps: readonly HandshakeStep[], layout: Layout): Html {
  const { name, width, server, client } = layout;
  const bands: Html[] = [];
  const rows: Html[] = [];
  let y = HEAD;
  let band: { readonly secrecy: Secrecy; readonly from: number } | undefined;
  const endBand = (): void => {
    if (band !== undefined) bands.push(bandOf(band, y, layout));
  };
  for (const step of steps) {
    if (band?.secrecy !== step.secrecy) {
      endBand();
      band = { secrecy: step.secrecy, from: y };
      y += 26;
    }
    const row = rowOf(step, y, layout);
    rows.push(row.drawing);
    y = row.end;
  }
  endBand();
  const height = y + 16;
  return html`<svg class="${name}" viewBox="0 0 ${width} ${height}" role="img" aria-label="Sequence diagram of the handshake: ${steps.map(summary).join(' ')}">
<defs><marker id="tip-${name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" markerHeight="9" orient="auto-start-reverse"><path class="tip" d="M0 0 10 5 0 10z"/></marker></defs>
${bands}
<path class="life" d="M${server} ${HEAD - 8}V${height - 8}M${client} ${HEAD - 8}V${height - 8}"/>
${actor('Server', 'alice', layout, server)}${actor('Client', 'bob', layout, client)}
${rows}</svg>`;
}

function summary({ name, title, from, size, holds, checks }: HandshakeStep): string {
  const checked = checks.length === 0 ? '' : ` Checks at the receiver: ${checks.map(({ check }) => check).join(', ')}.`;
  return `${name}, ${title}, from the ${from}, ${sizeWords(size)}, holds ${holds.join(', ')}.${checked}`;
}

function actor(title: string, who: string, { name, width }: Layout, x: number): Html {
  const boxWidth = name === 'wide' ? 176 : 120;
  const left = Math.min(Math.max(1, x - boxWidth / 2), width - boxWidth - 1);
  return html`<rect class="actor" x="${left}" y="1" width="${boxWidth}" height="46" rx="10"/>
<text class="strong" x="${left + boxWidth / 2}" y="21" font-size="15" text-anchor="middle">${title}</text>
<text class="soft" x="${left + boxWidth / 2}" y="38" font-size="13" text-anchor="middle">${who}</text>`;
}

function bandOf(
  { secrecy, from }: { readonly secrecy: Secrecy; readonly from: number },
  to: number,
  { width, text }: Layout,
): Html {
  const lock = secrecy === 'clear' ? openLock(10, from + 7) : closedLock(10, from + 7);
  return html`<rect class="band ${secrecy}" x="0.5" y="${from}" width="${width - 1}" height="${to - from}" rx="6"/>${lock}
<text class="strong" x="28" y="${from + 19}" font-size="${text}">${ZONES[secrecy]}</text>`;
}

const closedLock = (x: number, y: number): Html =>
  html`<path class="lock" d="M${x} ${y + 6}h12v8h-12zM${x + 3} ${y + 6}v-2a3 3 0 0 1 6 0v2"/>`;
const openLock = (x: number, y: number): Html =>
  html`<path class="lock" d="M${x} ${y + 6}h12v8h-12zM${x + 3} ${y + 6}v-3a3 3 0 0 1 5.6-1.4"/>`;

/** One frame: words over its arrow, what comes of it below, and the receiver's checks at the receiver's side. */
function rowOf(step: HandshakeStep, top: number, layout: Layout): Drawn {
  const { server, client, title, text } = layout;
  const middle = (server + client) / 2;
  const room = client - server - 24;
  const wraps = { width: room, size: text };
  const holds = wrapWords(step.holds, ' · ', wraps);
  const heading = top + 20;
  const first = heading + lineHeight(text) + 2;
  const arrow = first + holds.length * lineHeight(text) - 4;
  const yields = step.yields.length === 0 ? [] : wrapWords(step.yields, ' · ', { ...wraps, width: room - 120 });
  const below = [
    ...yields.map((line, at) => (at === 0 ? `both then hold ${line}` : line)),
    ...(layout.name === 'wide' ? [] : wrapWords(checkWordsOf(step), ' ', wraps)),
  ];
  const [from, to] = step.from === 'server' ? [server + 2, client - 3] : [client - 2, server + 3];
  const beside = layout.name === 'wide' ? sideNotes(step, top, layout) : { drawing: html``, end: 0 };
  const end = arrow + 8 + below.length * lineHeight(text) + PAD;
  return {
    drawing: html`${textLines([`${step.name}  ${step.title} · ${sizeWords(step.size)}`], heading, { x: middle, size: title, anchor: 'middle', className: 'strong' })}
${textLines(holds, first, { x: middle, size: text, anchor: 'middle' })}
<path class="arrow" d="M${from} ${arrow}H${to}" marker-end="url(#tip-${layout.name})"/>
${textLines(below, arrow + lineHeight(text) + 2, { x: middle, size: text, anchor: 'middle', className: 'soft' })}
${beside.drawing}`,
    end: Math.max(end, beside.end),
  };
}

function checkWordsOf({ checks, from }: HandshakeStep): string[] {
  if (checks.length === 0) return [];
  const names = checks.map(({ check }, at) => `${check}${at < checks.length - 1 ? ' →' : ''}`);
  return [`${from === 'server' ? 'client' : 'server'} checks:`, ...names];
}

interface Drawn {
  readonly drawing: Html;
  readonly end: number;
}

/** The receiver's checks at its side, and at the sender's what is secret by now. */
function sideNotes(step: HandshakeStep, top: number, layout: Layout): Drawn {
  const { from, checks, secret } = step;
  const receiver: Side = from === 'server' ? 'client' : 'server';
  const text = layout.text - 1;
  const checked = sideNote(
    `The ${receiver} checks`,
    checks.map(({ check }, at) => `${at + 1}  ${check}`),
    {
      side: receiver,
      top,
      layout,
    },
  );
  const room = layout.server - SIDE - GUTTER;
  const told = sideNote('What is secret', wrapWords(secret.split(' '), ' ', { width: room, size: text }), {
    side: from,
    top,
    layout,
  });
  return { drawing: html`${checked.drawing}${told.drawing}`, end: Math.max(checked.end, told.end) };
}

function sideNote(
  title: string,
  lines: readonly string[],
  { side, top, layout }: { readonly side: Side; readonly top: number; readonly layout: Layout },
): Drawn {
  const x = side === 'client' ? layout.client + GUTTER : SIDE;
  const size = layout.text - 1;
  const first = top + 18;
  return {
    drawing: html`${textLines([title], first, { x, size, className: 'strong' })}${textLines(lines, first + lineHeight(size), { x, size })}`,
    end: first + (lines.length + 1) * lineHeight(size) + 4,
  };
}
