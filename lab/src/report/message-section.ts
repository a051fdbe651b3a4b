/** One message, unfolded through its layers: drawings, nine steps to open, and how the other end opened it. */
import type { OpeningStep } from '@waxwing/protocol';
import { decodeEnvelope } from '@waxwing/protocol';
import { byteMap } from './byte-map.ts';
import { fieldList, sizeWords } from './field.ts';
import { timeWords } from './frame-card.ts';
import { type Html, html } from './html.ts';
import { type Layer, layersOf } from './layer.ts';
import { nestedBoxes } from './nested-boxes.ts';
import type { Specimen } from './specimen.ts';

export function messageSection(specimen: Specimen): Html {
  const { steps, padded } = layersOf(specimen);
  const { envelope, sealing } = specimen.sealed;
  const { hdr, wrap, iv, ct, kc, tag } = decodeEnvelope(envelope);
  const { body } = sealing.payload.items[0] ?? { body: new Uint8Array(0) };
  const { prev } = sealing.payload;
  const { signature, plainSize } = specimen.sealed.layers;
  return html`<section id="message" aria-labelledby="message-title"><h2 id="message-title">One message, layer by layer</h2>
<p class="lead">Bob types <q>${specimen.text}</q>. Five layers of protection make ${String(envelope.length)} bytes of it. Each square below is a byte, the stronger its colour the greater its value: the payload shows its text and its empty padding, the ciphertext shows nothing.</p>
<div class="maps">${byteMap('The payload before encryption', padded.bytes, [
    { name: 'text', bytes: body, colour: 'plain', parts: ['text'] },
    { name: 'L5 prev', bytes: prev, colour: 'L5', parts: ['payload', 'statement'] },
    { name: 'L3 sig', bytes: signature, colour: 'L3', parts: ['signature'] },
    { name: 'padding', bytes: padded.bytes.slice(plainSize), colour: 'plain', parts: ['padding'] },
  ])}
${byteMap('The envelope that travels', envelope, [
  { name: 'hdr', bytes: hdr, colour: 'plain', parts: ['wrap'] },
  { name: 'L2 wrap', bytes: wrap, colour: 'L2', parts: ['wrap'] },
  { name: 'L1 iv', bytes: iv, colour: 'L1', parts: ['encryption'] },
  { name: 'L1 ct', bytes: ct, colour: 'L1', parts: ['encryption'] },
  { name: 'L1 kc', bytes: kc, colour: 'L1', parts: ['encryption'] },
  { name: 'L4 tag', bytes: tag, colour: 'L4', parts: ['hmac'] },
])}</div>
<h3>Step by step</h3>
<p>Nine steps, from what was typed to the frame on the wire. Open them with the mouse, or with <kbd>↑</kbd> <kbd>↓</kbd> and <kbd>Enter</kbd>; the drawings show where you are.</p>
<div class="beside">${nestedBoxes(steps)}<div><div class="bar"><button type="button" data-open="layers" hidden>Open all steps</button></div>
<div class="cards" id="layers" data-walk>${steps.map(layerCard)}</div></div></div>
<h3>How Alice’s end opened it</h3>
<p>In this order; the first check that fails ends it, and nothing is shown before the last has held.</p>
<ol class="checks flow-row">${specimen.opened.steps.map(checkItem)}</ol></section>`;
}

function layerCard(layer: Layer, at: number): Html {
  const { part, title, layers, original, size, says, formulas, fields, shown, again } = layer;
  return html`<details class="card layer" id="layer-${part}" data-part="${part}">
<summary><span class="badge">${at + 1}</span><span class="name">${title}</span>${layers.map((name) => html`<span class="tag ${name}">${name}</span>`)}${original === undefined ? undefined : html`<span class="original">in the original: <code>${original}</code></span>`}<span class="size">${sizeWords(size)}</span></summary>
<div class="inside"><p>${says}</p><p class="formula"><code>${formulas.join('\n')}</code></p>${shown === undefined ? undefined : html`<pre tabindex="0" role="region" aria-label="What is signed">${shown}</pre>`}${fields.length === 0 ? undefined : fieldList(fields)}
${again === undefined ? undefined : html`<p class="what">Compute it again:</p><pre class="again" tabindex="0" role="region" aria-label="Commands for ${title}">${again}</pre>`}</div></details>`;
}

const STEP_WORDS: Readonly<Record<OpeningStep['step'], readonly [layer: string, words: string]>> = {
  structure: ['', 'the form, the session, for this device: no secret is touched'],
  hmac: ['L4', 'nothing was changed; the key is then burnt'],
  unwrap: ['L2', 'kr, or a made-up one that leads nowhere'],
  decrypt: ['L1', 'the key commitment, the padding, one encoding'],
  freshness: ['L5', 'the next of its chain, at most a minute old'],
  signature: ['L3', 'over the statement, rebuilt and never read'],
};

function checkItem({ step, took = 0 }: OpeningStep): Html {
  const [layer, words] = STEP_WORDS[step];
  return html`<li><code>${step}</code>${layer === '' ? undefined : html` <span class="tag ${layer}">${layer}</span>`} <span class="what">${words}</span> <span class="size">${timeWords(took)}</span></li>`;
}
