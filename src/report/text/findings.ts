// Owns the findings in the text report: mark, what, where, why, and the next command, ready to be pasted.
import type { WrittenStep } from '../../model/finding.ts';
import type { Journey } from '../../model/journey.ts';
import { shellWords } from '../escape/shell.ts';
import { type Group, placeText, type Sight } from '../groups.ts';
import { MARKS } from '../headline.ts';
import { plural } from '../numbers.ts';
import { GUTTER } from './layout.ts';
import { blank, type Line, type Run, run } from './run.ts';
import { fill, words } from './wrap.ts';

interface Told {
  readonly journey: Journey;
  readonly width: number;
  readonly verbose: boolean;
}

/** How much of a long list fits one screen; `verbose` shows all. */
const LIMITS = { groups: 10, sights: 4, places: 4, steps: 4 };

/** Where, ended by a colon; nothing when the whole target is meant. */
function placeRuns(sight: Sight, { severity }: Group, { journey, verbose }: Told): readonly Run[] {
  if (sight.places.length === 0) return [];
  const shown = verbose ? sight.places : sight.places.slice(0, LIMITS.places);
  const more = sight.places.length - shown.length;
  const places = shown.map((place) => placeText(place, journey)).join(', ');
  return words(`${places}${more > 0 ? ` and ${more} more` : ''}:`, severity);
}

function sightLines(group: Group, told: Told): readonly Line[] {
  const { width, verbose } = told;
  const shown = verbose ? group.sights : group.sights.slice(0, LIMITS.sights);
  const more = group.sights.length - shown.length;
  const lines = shown.flatMap((sight, index) => {
    const lead = index === 0 ? run(MARKS[group.severity].padEnd(GUTTER), group.severity) : blank(GUTTER);
    return fill([lead], [...placeRuns(sight, group, told), ...words(sight.what, 'strong')], width);
  });
  return more > 0 ? [...lines, [blank(GUTTER), run(`and ${more} more like it`, 'dim')]] : lines;
}

function stepLines(step: WrittenStep, width: number): readonly Line[] {
  const lead = [blank(GUTTER), run(step.kind === 'command' ? '$ ' : '→ ', 'dim')];
  return fill(lead, step.kind === 'command' ? commandRuns(step.argv) : words(step.text), width);
}

/** Words of a command are kept whole, so that a quoted space is never taken for a place to break. */
function commandRuns(argv: readonly string[]): readonly Run[] {
  return shellWords(argv).map((word) => run(word, 'command'));
}

function groupLines(group: Group, told: Told): readonly Line[] {
  const { width, verbose } = told;
  const steps = group.steps.slice(0, verbose ? undefined : LIMITS.steps);
  const likewise = group.otherSteps > 0 ? `the same for ${plural(group.otherSteps, 'other')}` : '';
  return [
    ...sightLines(group, told),
    ...fill([blank(GUTTER)], words(group.soWhat), width),
    ...steps.flatMap((step) => stepLines(step, width)),
    ...(likewise === '' ? [] : fill([blank(GUTTER + 2)], words(likewise, 'dim'), width)),
    ...(verbose
      ? group.evidence.flatMap((pointer) =>
          fill([blank(GUTTER), run('evidence ', 'dim')], words(pointer, 'dim'), width),
        )
      : []),
  ];
}

export function findingLines(groups: readonly Group[], told: Told): readonly Line[] {
  const { verbose } = told;
  const shown = verbose ? groups : groups.slice(0, LIMITS.groups);
  const more = groups.length - shown.length;
  const lines = shown.flatMap((group) => groupLines(group, told));
  return more > 0 ? [...lines, [blank(GUTTER), run(`${plural(more, 'further finding')}: --verbose`, 'dim')]] : lines;
}
