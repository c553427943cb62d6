// Owns the findings in the HTML report: worst first, each with place, reason, next steps and pointers into the evidence.
import type { WrittenStep } from '../../model/finding.ts';
import type { Journey } from '../../model/journey.ts';
import { type Html, html, nothing } from '../escape/html.ts';
import { shellQuote } from '../escape/shell.ts';
import { type Group, groupFindings, placeText, type Sight } from '../groups.ts';
import { MARKS, NOTHING_FOUND } from '../headline.ts';
import { plural } from '../numbers.ts';

/** A pointer for each is too much when a finding stands at a hundred endpoints. */
const MOST_POINTERS = 8;

function sightPart(sight: Sight, { severity }: Group, journey: Journey): Html {
  const places = sight.places.map((place) => placeText(place, journey)).join(', ');
  const where = places === '' ? nothing : html`<span class="place">${places}:</span> `;
  return html`<h3><span class="mark">${MARKS[severity]}</span>${where}${sight.what}</h3>`;
}

function stepPart(step: WrittenStep): Html {
  return step.kind === 'command'
    ? html`<li class="command"><code>${shellQuote(step.argv)}</code></li>`
    : html`<li>${step.text}</li>`;
}

function groupPart(group: Group, journey: Journey): Html {
  const steps = group.steps.map(stepPart);
  const likewise = group.otherSteps === 0 ? nothing : html`<li>the same for ${plural(group.otherSteps, 'other')}</li>`;
  const list = steps.length === 0 ? nothing : html`<ul class="steps">${steps}${likewise}</ul>`;
  const pointers = group.evidence.slice(0, MOST_POINTERS).map((pointer) => html` <code>${pointer}</code>`);
  const more = group.evidence.length - pointers.length;
  const evidence = html`<p class="pointers"><code>${group.id}</code>, evidence:${pointers}${more > 0 ? ` and ${more} more` : ''}</p>`;
  return html`<article class="finding ${group.severity}">${group.sights.map((sight) => sightPart(sight, group, journey))}<p>${group.soWhat}</p>${list}${evidence}</article>`;
}

export function findingsPart(journey: Journey): Html {
  const groups = groupFindings(journey.findings);
  const none = journey.verdict === 'unknown' ? 'nothing found in what could be judged' : NOTHING_FOUND;
  const body =
    groups.length === 0 ? html`<p class="muted">${none}</p>` : groups.map((group) => groupPart(group, journey));
  return html`<section><h2>Findings</h2>${body}</section>`;
}
