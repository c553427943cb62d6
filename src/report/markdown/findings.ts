// Owns the findings in the Markdown report: a list, each with place, reason, next steps and pointers into the evidence.
import type { WrittenStep } from '../../model/finding.ts';
import type { Journey } from '../../model/journey.ts';
import { code, joined, type Markdown, markdown } from '../escape/markdown.ts';
import { shellQuote } from '../escape/shell.ts';
import { type Group, placeText, type Sight } from '../groups.ts';
import { MARKS } from '../headline.ts';
import { plural } from '../numbers.ts';

/** A pointer for each is too much when a finding stands at a hundred endpoints. */
const MOST_POINTERS = 8;

function sightItem(sight: Sight, { severity }: Group, journey: Journey): Markdown {
  const places = sight.places.map((place) => placeText(place, journey)).join(', ');
  return markdown`- **${MARKS[severity]}** ${places === '' ? '' : markdown`**${places}:** `}${sight.what}`;
}

function stepItem(step: WrittenStep): Markdown {
  return step.kind === 'command' ? markdown`  - ${code(shellQuote(step.argv))}` : markdown`  - ${step.text}`;
}

export function findingItems(group: Group, journey: Journey): Markdown {
  const pointers = group.evidence.slice(0, MOST_POINTERS).map(code);
  const more = group.evidence.length - pointers.length;
  return joined(
    [
      ...group.sights.map((sight) => sightItem(sight, group, journey)),
      markdown`  - ${group.soWhat}`,
      ...group.steps.map(stepItem),
      ...(group.otherSteps > 0 ? [markdown`  - the same for ${plural(group.otherSteps, 'other')}`] : []),
      markdown`  - ${code(group.id)}, evidence: ${joined(pointers, ', ')}${more > 0 ? markdown` and ${more} more` : ''}`,
    ],
    '\n',
  );
}
