/** How a connection is made: the drawing, and its frames one by one. */
import { frameCard } from './frame-card.ts';
import { handshakeSteps } from './handshake-step.ts';
import { type Html, html } from './html.ts';
import { sequence } from './sequence.ts';
import type { Specimen } from './specimen.ts';

export function handshakeSection(specimen: Specimen): Html {
  const steps = handshakeSteps(specimen);
  return html`<section id="handshake" aria-labelledby="handshake-title"><h2 id="handshake-title">The handshake</h2>
<p class="lead">Five frames, and two strangers share keys that nobody else has, each knowing who the other is. The server speaks and proves itself first.</p>
${sequence(steps)}
<h3>Frame by frame</h3>
<div class="bar"><button type="button" data-open="frames" hidden>Open all frames</button></div>
<div class="cards" id="frames" data-walk>${steps.map(frameCard)}</div></section>`;
}
