/** The attacks: who fell, what each check is worth, and each attack in full. */
import type { AttackResult, Row } from '../run.ts';
import { ablationMatrix } from './ablation-matrix.ts';
import { attackCard } from './attack-card.ts';
import { attackTable } from './attack-table.ts';
import { type Html, html } from './html.ts';

export function attackSection(results: readonly AttackResult[], rows: readonly Row[]): Html {
  return html`<section id="attacks" aria-labelledby="attacks-title"><h2 id="attacks-title">The attacks</h2>
<p class="lead">Each ran twice: against the textbook, which is the original program’s protocol with its faults, and against waxwing. What the attacker obtained was compared with what he wanted.</p>
${attackTable(results)}
<h3>What each check is worth</h3>
<p>The same attacks on waxwing with one check missing, which only the lab can do. Where another check catches the attack, the defence is deep; where none does, that check alone carried it.</p>
${ablationMatrix(rows)}
<h3>Attack by attack</h3>
<div class="bar"><button type="button" data-open="cards" hidden>Open all attacks</button></div>
<div class="cards" id="cards" data-walk>${results.map((result) =>
    attackCard(
      result,
      rows.find(({ attack }) => attack.id === result.attack.id),
    ),
  )}</div></section>`;
}
