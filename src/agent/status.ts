// Owns what the status page tells: every target in a line, the worst first. Draws nothing.
import { verdicts } from '../model/journey.ts';
import type { Status, StatusRow } from '../report/status-page.ts';
import type { Agent, Followed } from './agent.ts';
import type { AskedJourneys } from './asked-journeys.ts';

/** A page of more is no help. */
const MOST_ROWS = 300;
const MOST_ASKED = 20;
/** The worst first; targets without a journey yet come last. */
const ORDER = ['critical', 'unknown', 'warning', 'ok'] as const;

/** @param search part of a name or label; empty for all */
export function statusOf(agent: Agent, asked: Pick<AskedJourneys, 'latest'>, nowMs: number, search: string): Status {
  const wanted = search.toLowerCase();
  const all = [...agent.followed()].filter(({ name, target }) =>
    [name, ...Object.values(target.labels)].some((text) => text.toLowerCase().includes(wanted)),
  );
  const rank = ({ recent }: Followed): number =>
    ORDER.indexOf(recent.at(-1)?.verdict ?? 'ok') + (recent.length > 0 ? 0 : ORDER.length);
  const sorted = all.toSorted((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
  const counts = verdicts.map(
    (verdict) => [verdict, all.filter(({ recent }) => recent.at(-1)?.verdict === verdict).length] as const,
  );
  return {
    nowMs,
    search: search.slice(0, 100),
    targets: agent.state().targets,
    found: all.length,
    counts: Object.fromEntries(counts) as Status['counts'],
    rows: sorted.slice(0, MOST_ROWS).map((one) => rowOf(one, agent)),
    asked: asked.latest(MOST_ASKED).map(({ id, target, by, atMs, state, verdict }) => ({
      ...{ target, by, atMs, verdict, link: `journeys/${id}` },
      state: { waiting: 'waits', under_way: 'is under way', ended: 'ended', failed: 'failed' }[state],
    })),
  };
}

function rowOf({ name, target, series, recent, failures, last, fault }: Followed, agent: Agent): StatusRow {
  const latest = recent.at(-1);
  const zones = Map.groupBy(last?.endpoints ?? [], ({ zone }) => zone ?? '');
  const link = (id: string): string | null => (agent.kept.has(id) ? `journeys/${id}` : null);
  return {
    name,
    labels: Object.entries(target.labels).map(([label, value]) => `${label}=${value}`),
    url: target.settings.target.url.replace(/[?#].*$/s, ''),
    intervalMs: target.intervalMs,
    verdict: fault === null ? (latest?.verdict ?? null) : 'unknown',
    what: fault ?? latest?.what ?? null,
    latest: latest === undefined ? null : { startedAt: latest.startedAt, link: link(latest.id) },
    slowestMs: latest?.slowestMs ?? null,
    history: recent.map(({ verdict, slowestMs }) => ({ verdict, slowestMs })),
    zones: [...zones].map(([zone, endpoints]) => {
      const ids = new Set<string>(endpoints.map(({ id }) => id));
      const found = (last?.findings ?? []).filter(
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
    runs: [...series.runs().values()].reduce((sum, count) => sum + count, 0),
    missed: series.missedTurns(),
  };
}
