/** The report: one page that needs nothing but itself. Its policy forbids it everything else. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AttackResult, Row } from '../run.ts';
import { attackSection } from './attack-section.ts';
import { handshakeSection } from './handshake-section.ts';
import { type Html, html, verbatim } from './html.ts';
import { messageSection } from './message-section.ts';
import type { Specimen } from './specimen.ts';

/** What comes later goes before what came earlier. */
const STYLES = ['palette.css', 'page.css', 'drawing.css', 'card.css', 'table.css', 'attack.css', 'layout.css'];

export interface Report {
  readonly results: readonly AttackResult[];
  readonly rows: readonly Row[];
  readonly specimen: Specimen;
  /** Unix milliseconds. */
  readonly madeAt: number;
  /** Of the program. */
  readonly version: string;
}

/** The whole HTML document. */
export function reportPage({ results, rows, specimen, madeAt, version }: Report): string {
  const style = STYLES.map(read).join('\n');
  const script = read('page.js');
  const policy = `default-src 'none'; style-src '${hashOf(style)}'; script-src '${hashOf(script)}'; base-uri 'none'; form-action 'none'`;
  const made = `${new Date(madeAt).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${verbatim(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">
<title>Waxwing: the attack lab’s report</title><style>${verbatim(style)}</style></head>
<body><a class="skip" href="#main">To the content</a>
<header><p class="over">Waxwing ${version} · attack lab · ${made}</p><h1>The proof, to look at</h1>
<p class="lead">How a connection is made, what one message goes through, and what held when it was attacked. Everything here was computed by one run of the lab; the keys are those of lab identities made for it.</p>
${figures(results, rows)}
<nav aria-label="Contents"><a href="#handshake">The handshake</a><a href="#message">One message</a><a href="#attacks">The attacks</a></nav></header>
<main id="main" tabindex="-1">${handshakeSection(specimen)}${messageSection(specimen)}${attackSection(results, rows)}</main>
<footer><p>Made by <code>waxwing lab report</code>. Names are those of <code>spec/protocol.md</code>; § numbers are its sections. Not audited by an independent party.</p></footer>
<script>${verbatim(script)}</script></body></html>
`;
  return page.toString();
}

function figures(results: readonly AttackResult[], rows: readonly Row[]): Html {
  const attacked = results.filter(({ textbook }) => textbook !== undefined);
  const fell = attacked.filter(({ textbook }) => textbook?.outcome.succeeded === true).length;
  const held = results.filter(({ waxwing }) => !waxwing.outcome.succeeded).length;
  const cells = rows.flatMap(({ cells: all }) => [...all.values()]);
  const lost = cells.filter(({ outcome }) => outcome.succeeded).length;
  return html`<ul class="figures"><li><b>${fell} of ${attacked.length}</b> attacks brought the textbook down</li>
<li><b>${held} of ${results.length}</b> were stopped by waxwing</li>
<li><b>${lost} of ${cells.length}</b> runs with one check missing were lost</li></ul>`;
}

function read(name: string): string {
  return readFileSync(join(import.meta.dirname, name), 'utf8');
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
