// Owns the Markdown report: fit for a ticket. Headline, findings, latency, answers; the rest folded away.
// Never lets text from outside be Markdown: every piece passes escape/markdown.ts.
import type { Reporter } from '../contract/reporter.ts';
import type { Section } from '../contract/section.ts';
import type { Journey } from '../model/journey.ts';
import { confidenceNote, shortTitle, toldAnswers } from './answers.ts';
import { code, documentText, joined, type Markdown, markdown } from './escape/markdown.ts';
import { groupFindings } from './groups.ts';
import { headlineOf } from './headline.ts';
import { cutNotes, latencyNotes, latencyRows } from './latency.ts';
import { overviewTable, percentileRows, percentileTitles } from './latency-tables.ts';
import { findingItems } from './markdown/findings.ts';
import { sectionPart } from './markdown/sections.ts';
import { folded, table } from './markdown/table.ts';
import { budgetText, checksText, notJudged, openProbes } from './summary.ts';

function headlinePart(journey: Journey): Markdown {
  const { word, url, where, tally, scope, incomplete } = headlineOf(journey);
  const place = where === '' ? markdown`` : markdown` ${where}`;
  const cut = incomplete === null ? [] : [markdown`**Incomplete:** ${incomplete}.`];
  return joined([markdown`## ${word}: ${code(url)}${place}`, markdown`${tally}. ${scope}.`, ...cut], '\n\n');
}

function findingsPart(journey: Journey): readonly Markdown[] {
  const groups = groupFindings(journey.findings);
  return groups.length === 0
    ? []
    : [
        markdown`### Findings`,
        joined(
          groups.map((group) => findingItems(group, journey)),
          '\n',
        ),
      ];
}

function openPart(journey: Journey): readonly Markdown[] {
  const probes = openProbes(journey).map(({ id, says }) => markdown`- **${id}** ${says}`);
  const checks = notJudged(journey.checks).map(
    ({ ids, because }) => markdown`- not judged: ${ids.join(', ')} — ${because}`,
  );
  const items = [...probes, ...checks];
  return items.length === 0 ? [] : [markdown`### Not looked at or not judged`, joined(items, '\n')];
}

function latencyPart(journey: Journey): readonly Markdown[] {
  const { titles, rows } = overviewTable(journey);
  if (rows.length === 0) return [];
  const notes = latencyNotes(journey, latencyRows(journey));
  const cut = cutNotes(latencyRows(journey)).map((note) => markdown`- ${note}`);
  const below = cut.length === 0 ? [] : [joined(cut, '\n')];
  return [markdown`### Latency`, table(titles, rows, 2), ...below, ...(notes === '' ? [] : [markdown`${notes}`])];
}

function answersPart(journey: Journey): readonly Markdown[] {
  const answers = toldAnswers(journey);
  if (answers.length === 0) return [];
  const items = answers.map((answer) => {
    const note = confidenceNote(answer);
    return markdown`- **Q${answer.question} ${shortTitle(answer)}** — ${answer.summary}${note === null ? '' : markdown` (${note})`}`;
  });
  return [markdown`### Answers`, joined(items, '\n')];
}

function detailsPart(journey: Journey, sections: readonly Section[]): readonly Markdown[] {
  const percentiles = folded('Latency of every hop', [table(percentileTitles, percentileRows(journey), 2)]);
  return [...(journey.hops.length === 0 ? [] : [percentiles]), ...sections.map(sectionPart)];
}

function closingPart({ budget, checks, id, judgedWith }: Journey): Markdown {
  return markdown`Sent ${budgetText(budget)}. Checks: ${checksText(checks)}. Journey ${id}, judged as of ${judgedWith.asOf} by version ${judgedWith.version}.`;
}

export const markdownReporter: Reporter = {
  id: 'markdown',
  mediaType: 'text/markdown; charset=utf-8',
  render(journey, sections) {
    const parts = [
      headlinePart(journey),
      ...findingsPart(journey),
      ...openPart(journey),
      ...latencyPart(journey),
      ...answersPart(journey),
      ...detailsPart(journey, sections),
      closingPart(journey),
    ];
    return documentText(joined(parts, '\n\n'));
  },
};
