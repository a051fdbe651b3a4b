/** Attack × check: what happens where one check of waxwing is missing. It scrolls inside itself. */
import { CHECK_NAMES, CHECKS, type CheckName, type Stop } from '../check.ts';
import type { Ablation, Row } from '../run.ts';
import { type Html, html } from './html.ts';

export function ablationMatrix(rows: readonly Row[]): Html {
  const columns = CHECK_NAMES.filter((name) => rows.some(({ cells }) => cells.has(name)));
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Attacks with one check missing"><table class="matrix">
<thead><tr><th scope="col" rowspan="2">Attack</th><th scope="col" rowspan="2">Stopped by, with all on</th><th scope="colgroup" colspan="${columns.length}">Stopped by, without this one check</th></tr>
<tr>${columns.map((name) => html`<th scope="col"><span class="upright">${name}</span></th>`)}</tr></thead>
<tbody>${rows.map((row) => matrixRow(row, columns))}</tbody></table></div>
<dl class="legend"><div><dt><span class="mark falls">✗ falls</span></dt><dd>the attack succeeds: no other check catches it</dd></div>
<div><dt><span class="mark other">hmac</span></dt><dd>that check catches it instead</dd></div>
<div><dt><span class="mark same">=</span></dt><dd>what stops it is the same</dd></div>
<div><dt><span class="mark unmet">·</span></dt><dd>the attack never meets that check</dd></div></dl>
<details class="card"><summary><span class="name">What each check makes sure of</span></summary><div class="inside"><dl class="fields">${CHECK_NAMES.map(checkRow)}</dl></div></details>`;
}

function matrixRow({ attack, stoppedBy, cells }: Row, columns: readonly CheckName[]): Html {
  return html`<tr><th scope="row"><a href="#${attack.id.toLowerCase()}">${attack.id}</a> <span>${attack.title}</span></th>
<td><code>${namesOf(stoppedBy).join(', ') || 'nothing'}</code></td>${columns.map((name) => cell(cells.get(name), stoppedBy))}</tr>`;
}

function cell(ablation: Ablation | undefined, whole: readonly Stop[]): Html {
  if (ablation === undefined)
    return html`<td><span class="mark unmet" aria-hidden="true">·</span><span class="hidden">not met</span></td>`;
  if (ablation.outcome.succeeded) return html`<td class="fell"><span class="mark falls">✗ falls</span></td>`;
  const names = namesOf(ablation.caughtBy);
  const before = namesOf(whole);
  if (names.join(' ') === before.join(' '))
    return html`<td><span class="mark same" aria-hidden="true">=</span><span class="hidden">the same</span></td>`;
  return html`<td><span class="mark other">${names.find((name) => !before.includes(name)) ?? (names.join(', ') || 'no check seen')}</span></td>`;
}

/** The checks that stopped something, each once. */
export function namesOf(stops: readonly Stop[]): CheckName[] {
  return [...new Set(stops.map(({ check }) => check))];
}

function checkRow(name: CheckName): Html {
  const { section, what, without } = CHECKS[name];
  return html`<div><dt><code>${name}</code> <span class="size">${section}</span></dt><dd><span class="what">${what}</span>${without === undefined ? undefined : html`<span>without it: ${without}</span>`}</dd></div>`;
}
