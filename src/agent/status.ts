// Owns what the status page tells: every target in a line, the worst first. Draws nothing.

import { type Verdict, verdicts } from '../model/journey.ts';
import { shownTarget } from '../model/target.ts';
import type { Status, StatusRow } from '../report/status-page.ts';
import type { Agent, Followed } from './agent.ts';
import type { AskedJourneys } from './asked-journeys.ts';
import type { Probing, Watched } from './probing.ts';

/** A page of more is no help. */
const MOST_ROWS = 300;
const MOST_ASKED = 20;
/** The worst first; targets without a journey yet come last. */
const ORDER = ['critical', 'unknown', 'warning', 'ok'] as const;

export interface Shown {
  readonly agent: Agent;
  readonly probing: Probing | null;
  readonly asked: Pick<AskedJourneys, 'latest'>;
}

/** A row that is made when it is shown: ten thousand are not. */
interface Candidate {
  readonly name: string;
  readonly verdict: Verdict | null;
  readonly row: () => StatusRow;
}

/** @param search part of a name, label or module; empty for all */
export function statusOf({ agent, probing, asked }: Shown, nowMs: number, search: string): Status {
  const wanted = search.toLowerCase();
  const isWanted = (texts: readonly string[]): boolean => texts.some((text) => text.toLowerCase().includes(wanted));
  const all: Candidate[] = [];
  for (const one of agent.followed())
    if (isWanted([one.name, ...Object.values(one.target.labels)]))
      all.push({ name: one.name, verdict: one.latest?.verdict ?? null, row: () => rowOf(one, agent) });
  for (const one of probing?.watched() ?? []) {
    const { label, module, labels } = one.target;
    if (isWanted([label, module, ...Object.values(labels)]))
      all.push({ name: label, verdict: verdictOf(one), row: () => probeRow(one, probing) });
  }
  const rank = ({ verdict }: Candidate): number =>
    ORDER.indexOf(verdict ?? 'ok') + (verdict === null ? ORDER.length : 0);
  const sorted = all.toSorted((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
  const counts = verdicts.map((verdict) => [verdict, all.filter((one) => one.verdict === verdict).length] as const);
  return {
    nowMs,
    search: search.slice(0, 100),
    targets: agent.state().targets + (probing?.state().targets ?? 0),
    found: all.length,
    counts: Object.fromEntries(counts) as Status['counts'],
    rows: sorted.slice(0, MOST_ROWS).map(({ row }) => row()),
    asked: asked.latest(MOST_ASKED).map(({ id, target, by, atMs, state, verdict }) => ({
      ...{ target, by, atMs, verdict, link: `journeys/${id}` },
      state: { waiting: 'waits', under_way: 'is under way', ended: 'ended', failed: 'failed' }[state],
    })),
  };
}

function verdictOf({ fault, latest }: Watched): Verdict | null {
  return fault === null ? latest.verdict() : 'unknown';
}

function probeRow(watched: Watched, probing: Probing | null): StatusRow {
  const { target, latest, fault, counts, lastStartMs } = watched;
  const link = (id: string): string | null => (probing?.has(id) === true ? `probes/${id}` : null);
  const verdict = verdictOf(watched);
  const failures = latest.failures().toReversed();
  const last = verdict === 'ok' ? undefined : failures[0];
  const history = latest.runs.points();
  return {
    ...{ name: target.label, module: target.module, intervalMs: target.intervalMs, verdict, zones: [] },
    labels: Object.entries(target.labels).map(([label, value]) => `${label}=${value}`),
    url: shownTarget(target.target),
    what: fault ?? last?.what ?? null,
    latest:
      lastStartMs === 0
        ? null
        : { startedAt: timeOf(lastStartMs), link: fault === null && last !== undefined ? link(last.id) : null },
    slowestMs: history.at(-1)?.slowestMs ?? null,
    history,
    failures: failures.map((one) => ({
      ...{ startedAt: timeOf(one.startedAtMs), verdict: one.verdict, what: one.what, link: link(one.id) },
    })),
    runs: counts.runs(),
    missed: counts.missedTurns(),
  };
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

function rowOf({ name, target, series, recent, latest, failures, last, fault }: Followed, agent: Agent): StatusRow {
  const zones = Map.groupBy(last.endpoints, ({ zone }) => zone ?? '');
  const link = (id: string): string | null => (agent.kept.has(id) ? `journeys/${id}` : null);
  return {
    ...{ name, module: null },
    labels: Object.entries(target.labels).map(([label, value]) => `${label}=${value}`),
    url: shownTarget(target.settings.target.url),
    intervalMs: target.intervalMs,
    verdict: fault === null ? (latest?.verdict ?? null) : 'unknown',
    what: fault ?? latest?.what ?? null,
    latest: latest === null ? null : { startedAt: latest.startedAt, link: link(latest.id) },
    slowestMs: latest?.slowestMs ?? null,
    history: recent.points(),
    zones: [...zones].map(([zone, endpoints]) => {
      const ids = new Set<string>(endpoints.map(({ id }) => id));
      const found = last.findings.filter(
        (finding) =>
          finding.severity !== 'notice' &&
          ((finding.endpoint !== null && ids.has(finding.endpoint)) || (zone !== '' && finding.zone === zone)),
      );
      const severity = (['critical', 'warning'] as const).find((one) =>
        found.some((finding) => finding.severity === one),
      );
      return { zone, endpoints: endpoints.length, severity: severity ?? null };
    }),
    failures: failures
      .toReversed()
      .map(({ id, startedAt, verdict, what }) => ({ startedAt, verdict, what, link: link(id) })),
    runs: series.counts.runs(),
    missed: series.counts.missedTurns(),
  };
}
