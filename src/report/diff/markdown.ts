// Owns the Markdown form of what changed between two journeys: fit for a ticket.
// Never lets text from outside be Markdown: every piece passes escape/markdown.ts.
import type { Diff } from '../../model/diff.ts';
import { documentText, joined, type Markdown, markdown } from '../escape/markdown.ts';
import { folded, table } from '../markdown/table.ts';
import {
  factName,
  factPair,
  findingName,
  headline,
  latencyNote,
  latencyRow,
  latencyTitles,
  sideWords,
} from './words.ts';

export function diffMarkdown(diff: Diff): string {
  const sides = joined(
    [markdown`- before: ${sideWords(diff.before)}`, markdown`- now: ${sideWords(diff.after)}`],
    '\n',
  );
  const parts = [
    markdown`## ${headline(diff)}`,
    sides,
    ...listed(
      'Findings',
      diff.findings.map((change) => markdown`- **${findingName(change)}**: ${change.what}`),
    ),
    ...factsPart(diff),
    ...latencyPart(diff),
    ...answersPart(diff),
    ...listed(
      'Not compared',
      diff.notCompared.map(
        ({ what, place, because }) => markdown`- ${what}${place === null ? '' : ` in ${place}`}: ${because}`,
      ),
    ),
  ];
  return documentText(joined(parts, '\n\n'));
}

function listed(title: string, items: readonly Markdown[]): readonly Markdown[] {
  return items.length === 0 ? [] : [markdown`### ${title}`, joined(items, '\n')];
}

function factsPart({ facts }: Diff): readonly Markdown[] {
  if (facts.length === 0) return [];
  const rows = facts.map((change) => [factName(change), ...factPair(change)]);
  return [markdown`### Facts`, table(['fact', 'before', 'now'], rows, 3)];
}

function latencyPart(diff: Diff): readonly Markdown[] {
  const real = diff.latency.filter((change) => change.real);
  const rest = diff.latency.filter((change) => !change.real);
  return [
    markdown`### Latency`,
    ...(real.length === 0 ? [] : [table(latencyTitles, real.map(latencyRow), 2)]),
    markdown`${latencyNote(diff)}`,
    ...(rest.length === 0 ? [] : [folded('No real change', [table(latencyTitles, rest.map(latencyRow), 2)])]),
  ];
}

function answersPart({ answers }: Diff): readonly Markdown[] {
  if (answers.length === 0) return [];
  const rows = answers.map(({ question, before, after }) => [`Q${question}`, before, after]);
  return [markdown`### Answers`, table(['question', 'before', 'now'], rows, 3)];
}
