// Owns the last lines of the text report: what could not be looked at or judged, what was sent, how the checks ended.
import type { Journey } from '../../model/journey.ts';
import { budgetText, checksText, notJudged, openProbes } from '../summary.ts';
import { type Line, run } from './run.ts';
import { fill, words } from './wrap.ts';

/** Without `verbose`, reasons are told only where the verdict hangs on them. */
const MOST_REASONS = 6;

/** Probes that failed and checks that could not be judged; a skipped probe was asked to be silent. */
export function openLines(journey: Journey, width: number, verbose: boolean): readonly Line[] {
  const probes = openProbes(journey).filter(({ id }) => verbose || journey.probes[id]?.state !== 'skipped');
  const reasons = verbose || journey.verdict === 'unknown' ? notJudged(journey.checks) : [];
  const shown = verbose ? reasons : reasons.slice(0, MOST_REASONS);
  return [
    ...probes.flatMap(({ id, says }) =>
      fill([run('?     ', 'notice')], [...words(id, 'strong'), ...words(says)], width),
    ),
    ...shown.flatMap(({ ids, because }) =>
      fill(
        [run('?     ', 'notice')],
        [...words('not judged:', 'dim'), ...words(ids.join(', ')), run('—', 'dim'), ...words(because)],
        width,
      ),
    ),
  ];
}

export function closingLines(journey: Journey, width: number): readonly Line[] {
  const text = `sent ${budgetText(journey.budget)}; checks: ${checksText(journey.checks)}`;
  return fill([], words(text, 'dim'), width);
}
