// Owns the last words of every report: what was sent, how many checks ended how, and what could not be looked at.
import type { CheckResult } from '../model/finding.ts';
import type { Budget, Journey, ProbeState } from '../model/journey.ts';
import { LEFT_OUT } from '../model/observation-words.ts';
import { problemCatalogue } from '../model/problem.ts';
import { terminal } from './escape/terminal.ts';
import { formatBytes, plural } from './numbers.ts';

/** `12 DNS queries, 60 connections, 60 requests, 42 kB out, 180 kB in` */
export function budgetText(budget: Budget): string {
  return [
    plural(budget.dnsQueries, 'DNS query', 'DNS queries'),
    plural(budget.connections, 'connection'),
    plural(budget.requests, 'request'),
    ...(budget.traceProbes === undefined ? [] : [plural(budget.traceProbes, 'trace packet')]),
    `${formatBytes(budget.bytesSent)} out`,
    `${formatBytes(budget.bytesReceived)} in`,
  ].join(', ');
}

/** `41 passed, 3 found, 2 not judged, 1 not applicable` */
export function checksText(checks: readonly CheckResult[]): string {
  const count = (outcome: CheckResult['outcome']) => checks.filter((check) => check.outcome === outcome).length;
  const rest = [
    [count('not-judged'), 'not judged'],
    [count('not-applicable'), 'not applicable'],
  ] as const;
  const said = rest.filter(([number]) => number > 0).map(([number, words]) => `${number} ${words}`);
  return [`${count('pass')} passed`, `${count('found')} found`, ...said].join(', ');
}

/** Checks without a judgement, by reason. */
export function notJudged(
  checks: readonly CheckResult[],
): readonly { readonly because: string; readonly ids: readonly string[] }[] {
  const open = checks.filter((check) => check.outcome === 'not-judged');
  const byReason = Map.groupBy(open, (check) => check.because ?? 'no reason given');
  return [...byReason].map(([because, same]) => ({ because, ids: same.map((check) => check.id) }));
}

function stateText(state: ProbeState): string | null {
  switch (state.state) {
    case 'complete':
      return null;
    case 'skipped':
      return `skipped${state.because === null ? '' : `: ${state.because}`}`;
    case 'unfinished':
      return 'not finished: cut off';
    case 'failed':
      return `failed${state.problem === null ? '' : `: ${problemWords(state.problem)}`}`;
  }
}

function problemWords({ code, fault, detail }: NonNullable<ProbeState['problem']>): string {
  return `${problemCatalogue[code].says} (${fault === 'prober' ? 'our side' : fault})${detail === null ? '' : `: ${terminal(detail)}`}`;
}

/** Probes that did not see all they wanted, each with the reason. */
export function openProbes(journey: Journey): readonly { readonly id: string; readonly says: string }[] {
  return Object.entries(journey.probes).flatMap(([id, state]) => {
    const says = state.because === LEFT_OUT ? null : stateText(state);
    return says === null ? [] : [{ id, says }];
  });
}
