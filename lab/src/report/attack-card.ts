/** One attack in full: what the attacker has and does, what came of it in this run, and what is left without a check. */
import type { Outcome, Try } from '../attack.ts';
import { canBeOff, CHECKS } from '../check.ts';
import type { Ablation, AttackResult, Half, Row } from '../run.ts';
import { namesOf } from './ablation-matrix.ts';
import { outcomeMark } from './attack-table.ts';
import { type Html, html } from './html.ts';

export function attackCard({ attack, textbook, waxwing }: AttackResult, row: Row | undefined): Html {
  const { id, title, has, steps, textbookFalls, stoppedBy, remains, shippedOnly = false } = attack;
  const { section, what } = CHECKS[stoppedBy];
  const cells = [...(row?.cells.values() ?? [])];
  return html`<details class="card attack" id="${id.toLowerCase()}">
<summary><span class="badge">${id}</span><span class="name">${title}</span>${waxwing.outcome.succeeded ? outcomeMark(waxwing) : html`<span class="original">stopped by <code>${stoppedBy}</code></span>`}</summary>
<div class="inside"><p><strong>The attacker has</strong> ${has}.</p>
<ol class="steps">${steps.map((step) => html`<li>${step}</li>`)}</ol>
<div class="halves">${textbook === undefined ? undefined : half('Against the textbook', textbook, `The catalogue: ${textbookFalls ?? ''}.`)}${half('Against waxwing', waxwing, `${stoppedBy} (${section}): ${what}.`)}</div>
${remains === undefined ? undefined : html`<p><strong>All the same</strong> ${remains}.</p>`}
${cells.length === 0 ? undefined : html`<h4>With one check missing</h4><ul class="without-list">${cells.map(withoutItem)}</ul>`}
<p class="what">To see it yourself: <code>waxwing lab run ${id}${!shippedOnly && canBeOff(stoppedBy) ? ` --without ${stoppedBy}` : ''}</code></p></div></details>`;
}

function half(title: string, result: Half, words: string): Html {
  return html`<div class="half"><h4>${title} ${outcomeMark(result)}</h4><p class="what">${words}</p>${tries(result.outcome)}${result.faults.map((fault) => html`<p class="mark falls">Not as the catalogue says: ${fault}</p>`)}</div>`;
}

function tries({ tries: all }: Outcome): Html {
  return html`${all.map(tryList)}`;
}

function tryList({ way, wanted, obtained, stop }: Try): Html {
  return html`<dl class="try">${way === undefined ? undefined : html`<div><dt>way</dt><dd>${way}</dd></div>`}
<div><dt>wanted</dt><dd>${lines(wanted)}</dd></div><div><dt>obtained</dt><dd>${lines(obtained)}</dd></div>
${stop === undefined ? undefined : html`<div><dt>stopped</dt><dd>by <code>${stop.check}</code>${stop.code === undefined ? undefined : html` <span class="size">${stop.code}</span>`} <span class="what">${stop.message}</span></dd></div>`}</dl>`;
}

function lines(texts: readonly string[]): Html {
  if (texts.length === 0) return html`<span class="none">nothing</span>`;
  return html`${texts.map((text) => html`<code class="value">${text}</code>`)}`;
}

function withoutItem({ without, outcome, caughtBy }: Ablation): Html {
  const came = outcome.succeeded
    ? html`<span class="mark falls">✗ falls</span>`
    : html`caught by <code>${namesOf(caughtBy).join(', ')}</code>`;
  return html`<li>without <code>${without.join(', ')}</code>: ${came}</li>`;
}
