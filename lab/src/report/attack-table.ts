/** Which attack fell where, and what stopped it: one row an attack, which on a narrow page becomes a card. */
import type { AttackResult, Half } from '../run.ts';
import { type Html, html } from './html.ts';

export function attackTable(results: readonly AttackResult[]): Html {
  return html`<table class="attacks"><caption class="hidden">Attacks and their outcomes</caption>
<thead><tr><th scope="col">Attack</th><th scope="col">Breaks</th><th scope="col">The textbook</th><th scope="col">Waxwing</th><th scope="col">Stopped by</th></tr></thead>
<tbody>${results.map(row)}</tbody></table>`;
}

function row({ attack, textbook, waxwing }: AttackResult): Html {
  const { id, title, breaks } = attack;
  return html`<tr><th scope="row"><a href="#${id.toLowerCase()}">${id}</a> ${title}</th>
<td data-label="Breaks">${breaks.join(', ')}</td>
<td data-label="The textbook">${textbook === undefined ? html`<span class="none">has none to attack</span>` : outcomeMark(textbook)}</td>
<td data-label="Waxwing">${outcomeMark(waxwing)}</td>
<td data-label="Stopped by">${stops(waxwing)}</td></tr>`;
}

/** In words and by a sign; the colour only repeats it. */
export function outcomeMark({ outcome }: Half): Html {
  return outcome.succeeded
    ? html`<span class="mark falls">✗ falls</span>`
    : html`<span class="mark holds">✓ holds</span>`;
}

function stops({ outcome }: Half): Html {
  const names = [...new Set(outcome.tries.flatMap(({ stop }) => stop?.check ?? []))];
  if (names.length === 0) return html`<span class="none">nothing</span>`;
  return html`<code>${names.join(', ')}</code>`;
}
