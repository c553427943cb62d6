// Owns the six answers in the text report.
import type { Answer } from '../../model/finding.ts';
import { confidenceNote, shortTitle } from '../answers.ts';
import { GUTTER } from './layout.ts';
import { blank, type Line, lineWidth, run } from './run.ts';
import { fill, words } from './wrap.ts';

/** Columns of the longest short title. */
const TITLE = 10;

export function answerLines(answers: readonly Answer[], width: number, verbose: boolean): readonly Line[] {
  return answers.flatMap((answer) => {
    const lead = [
      run(`Q${answer.question}`.padEnd(GUTTER - 2), 'dim'),
      run(shortTitle(answer).padEnd(TITLE), 'strong'),
    ];
    const note = confidenceNote(answer);
    const content = [...words(answer.summary), ...(note === null ? [] : words(`(${note})`, 'dim'))];
    if (!verbose) return fill(lead, content, width);
    return [...fill(lead, words(answer.title, 'dim'), width), ...fill([blank(lineWidth(lead))], content, width)];
  });
}
