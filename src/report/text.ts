// Owns the text report: one screen for a tired person. First what is broken and where, then how slow, then the answers.
// Never prints: it returns text, in which every piece passed the terminal escape.
import type { Reporter } from '../contract/reporter.ts';
import { toldAnswers } from './answers.ts';
import { groupFindings } from './groups.ts';
import { answerLines } from './text/answers.ts';
import { closingLines, openLines } from './text/closing.ts';
import { findingLines } from './text/findings.ts';
import { headlineLines } from './text/headline.ts';
import { latencyLines } from './text/latency.ts';
import { NARROWEST } from './text/layout.ts';
import { percentileLines } from './text/percentiles.ts';
import { type Line, paint } from './text/run.ts';
import { briefLines, sectionLines } from './text/sections.ts';

/** Blocks with a blank line between them; empty ones leave no gap. */
function spaced(blocks: readonly (readonly Line[])[]): readonly Line[] {
  return blocks.filter((block) => block.length > 0).flatMap((block, index) => (index === 0 ? block : [[], ...block]));
}

export const textReporter: Reporter = {
  id: 'text',
  mediaType: 'text/plain; charset=utf-8',
  render(journey, sections, { columns, colour, verbose, quiet = false }) {
    const width = Math.max(NARROWEST, columns);
    const verdict = [
      headlineLines(journey, width),
      findingLines(groupFindings(journey.findings), { journey, width, verbose }),
    ];
    if (quiet) return paint(spaced(verdict), colour);
    const blocks = [
      ...verdict,
      openLines(journey, width, verbose),
      latencyLines(journey, width, verbose),
      answerLines(toldAnswers(journey), width, verbose),
      ...(verbose
        ? [percentileLines(journey, width), ...sections.map((section) => sectionLines(section, width))]
        : [sections.flatMap((section) => briefLines(section, width))]),
      closingLines(journey, width),
    ];
    return paint(spaced(blocks), colour);
  },
};
