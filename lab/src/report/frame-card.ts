/** One frame of the handshake in full: fields, keys, checks, and what is secret by now. */
import { fieldList, sizeWords } from './field.ts';
import { checkWords, type HandshakeStep } from './handshake-step.ts';
import { type Html, html } from './html.ts';

export function frameCard(step: HandshakeStep): Html {
  const { name, title, from, size, fields, keys, checks, secret } = step;
  const to = from === 'server' ? 'client' : 'server';
  return html`<details class="card" id="${name.toLowerCase()}">
<summary><span class="badge">${name}</span><span class="name">${title}</span><span class="flow">${from} → ${to}</span><span class="size">${sizeWords(size)}</span></summary>
<div class="inside"><p class="note">${secret}</p>
<h4>In the frame</h4>${fieldList(fields)}
${keys.length === 0 ? undefined : html`<h4>What both ends then have</h4>${fieldList(keys)}`}
${checks.length === 0 ? undefined : html`<h4>What the ${to} checks, in this order</h4><ol class="checks">${checks.map(({ check, took }) => html`<li><code>${check}</code> <span class="what">${checkWords(check)}</span> <span class="size">${timeWords(took)}</span></li>`)}</ol>`}
</div></details>`;
}

/** `0.35 ms` */
export function timeWords(milliseconds: number): string {
  return `${milliseconds.toFixed(milliseconds < 10 ? 2 : 0)} ms`;
}
