// Owns the first lines of the text report: is it broken, and where.
import type { Journey, Verdict } from '../../model/journey.ts';
import { headlineOf } from '../headline.ts';
import { type Line, run, type Style } from './run.ts';
import { fill, words } from './wrap.ts';

const STYLES = { ok: 'ok', warning: 'warning', critical: 'critical', unknown: 'notice' } as const satisfies Record<
  Verdict,
  Style
>;

export function headlineLines(journey: Journey, width: number): readonly Line[] {
  const headline = headlineOf(journey);
  const style = STYLES[journey.verdict];
  const lead = [run(`${headline.word}  `, style)];
  const content = [
    ...words(headline.url, 'strong'),
    ...words(headline.where, style),
    run('—', 'dim'),
    ...words(headline.tally),
  ];
  return [
    ...fill(lead, content, width),
    ...fill([], words(headline.scope, 'dim'), width),
    ...(headline.incomplete === null ? [] : fill([run('INCOMPLETE  ', 'warning')], words(headline.incomplete), width)),
  ];
}
