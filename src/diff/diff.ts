// Owns what changed between two journeys: facts, findings, answers, latency, and what only one of them saw. Pure.
import type { FactSection } from '../expect/drift.ts';
import {
  type AnswerChange,
  DIFF_SCHEMA,
  type Diff,
  type DiffOutcome,
  type DiffSide,
  type FindingChange,
} from '../model/diff.ts';
import type { Finding } from '../model/finding.ts';
import type { Journey } from '../model/journey.ts';
import { visible } from '../model/text.ts';
import { factDifferences } from './facts.ts';
import { latencyDifferences } from './latency.ts';

export function diffOf(before: Journey, after: Journey, sections: readonly FactSection[]): Diff {
  const facts = factDifferences(before, after, sections);
  const times = latencyDifferences(before, after);
  const findings = findingChanges(before, after);
  const notCompared = [...facts.notCompared, ...times.notCompared];
  const isChanged =
    facts.facts.length + findings.length > 0 ||
    times.latency.some(({ real }) => real) ||
    before.verdict !== after.verdict;
  const isWhole = notCompared.length === 0 && before.complete && after.complete;
  const outcome: DiffOutcome = isChanged ? 'changed' : isWhole ? 'same' : 'unknown';
  return {
    ...{ schema: DIFF_SCHEMA, outcome },
    ...{ before: sideOf(before), after: sideOf(after) },
    ...{ facts: facts.facts, findings, answers: answerChanges(before, after) },
    ...{ latency: times.latency, notCompared },
  };
}

function sideOf({ id, startedAt, target, vantage, verdict, complete }: Journey): DiffSide {
  return { id, startedAt, url: visible(target.url), vantage: visible(vantage.name), verdict, complete };
}

/** The same check at the same place is the same finding, whatever its figures are today. */
function findingChanges(before: Journey, after: Journey): readonly FindingChange[] {
  const [was, is] = [findingsOf(before), findingsOf(after)];
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((key): readonly FindingChange[] => {
    const [one, other] = [was.get(key), is.get(key)];
    const shown = other ?? one;
    if (shown === undefined || one?.finding.severity === other?.finding.severity) return [];
    return [
      {
        change: one === undefined ? 'appeared' : other === undefined ? 'gone' : 'severity',
        id: shown.finding.id,
        place: shown.place,
        before: one?.finding.severity ?? null,
        after: other?.finding.severity ?? null,
        what: visible(shown.finding.what),
      },
    ];
  });
}

/** The first, which is the worst, of each check and place. */
function findingsOf({ findings, endpoints }: Journey) {
  const byKey = new Map<string, { readonly finding: Finding; readonly place: string | null }>();
  for (const finding of findings) {
    const endpoint = endpoints.find(({ id }) => id === finding.endpoint);
    const place = finding.zone ?? endpoint?.address ?? null;
    const key = `${finding.id} ${place ?? ''}`;
    if (!byKey.has(key)) byKey.set(key, { finding, place: place === null ? null : visible(place) });
  }
  return byKey;
}

function answerChanges(before: Journey, after: Journey): readonly AnswerChange[] {
  return after.answers.flatMap(({ question, probe, summary }): readonly AnswerChange[] => {
    const was = before.answers.find((answer) => answer.probe === probe);
    if (was === undefined || wordsOf(was.summary) === wordsOf(summary)) return [];
    return [{ question, probe, before: visible(was.summary), after: visible(summary) }];
  });
}

/** Figures change from ride to ride. */
function wordsOf(summary: string): string {
  return summary.replaceAll(/[\d.,:]+/g, '#');
}
