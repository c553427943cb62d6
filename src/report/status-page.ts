// Owns the agent's status page: every target with its verdict, its last journeys, its zones, and the way to the whole of each.
// Needs no script and loads nothing.
import { formatDuration } from '../model/duration.ts';
import type { Severity } from '../model/finding.ts';
import { type Verdict, verdicts } from '../model/journey.ts';
import { documentText, type Html, html, nothing } from './escape/html.ts';
import { headPart } from './html/head.ts';
import { type SparkPoint, sparkline } from './html/sparkline.ts';
import { css } from './html/style.ts';
import { formatMs, formatTime, plural } from './numbers.ts';

export interface StatusRow {
  readonly name: string;
  /** That probes it; null: whole journeys are ridden. */
  readonly module: string | null;
  /** `label=value` */
  readonly labels: readonly string[];
  readonly url: string;
  readonly intervalMs: number;
  /** Null before the first journey. */
  readonly verdict: Verdict | null;
  readonly what: string | null;
  readonly latest: { readonly startedAt: string; readonly link: string | null } | null;
  readonly slowestMs: number | null;
  readonly history: readonly SparkPoint[];
  readonly zones: readonly { readonly zone: string; readonly endpoints: number; readonly severity: Severity | null }[];
  /** The latest first. */
  readonly failures: readonly {
    readonly startedAt: string;
    readonly verdict: Verdict;
    readonly what: string | null;
    readonly link: string | null;
  }[];
  readonly runs: number;
  readonly missed: number;
}

export interface Status {
  readonly nowMs: number;
  readonly search: string;
  /** Of the config; `found` of them match the search, and not more than a page of those are rows. */
  readonly targets: number;
  readonly found: number;
  readonly counts: Readonly<Record<Verdict, number>>;
  readonly rows: readonly StatusRow[];
  /** Journeys beside the schedule, the latest first. */
  readonly asked: readonly AskedRow[];
}

export interface AskedRow {
  readonly target: string;
  readonly by: string;
  /** Unix ms */
  readonly atMs: number;
  readonly verdict: Verdict | null;
  /** Where it is, in a word or two. */
  readonly state: string;
  readonly link: string;
}

const REFRESH_SECONDS = 30;

const style = `${css}
.counts{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;font-weight:600}.counts span{color:var(--tone)}
form{margin:1rem 0}input{font:inherit;padding:.3rem .6rem;border:1px solid var(--line);border-radius:.4rem;background:var(--bg);color:var(--text);max-width:100%}
.target{border:1px solid var(--line);border-left:.3rem solid var(--tone,var(--line));border-radius:.4rem;padding:.6rem .9rem;margin:.6rem 0}
.top{display:grid;grid-template-columns:minmax(0,1fr) minmax(8rem,20rem);gap:.25rem 1.5rem;align-items:center}
.top h2{border:0;margin:0;padding:0;font-size:1rem}.top .word{font-size:.8rem;margin-right:.5rem}
.spark{fill:var(--tone)}.spark.ok{fill:var(--bar)}.spark.gone{opacity:.45}
.zones{display:flex;flex-wrap:wrap;gap:.3rem;margin:.4rem 0 0;padding:0;list-style:none}
.zones li{font-size:.8rem;border:1px solid var(--tone,var(--line));border-radius:1rem;padding:.05rem .6rem}
.zones .critical,.zones .warning{color:var(--tone);font-weight:600}
.target details{border:0;padding:0;margin:.3rem 0 0}.target summary{font-weight:400;font-size:.875rem;padding:.2rem 0}
.target details ul{margin:.2rem 0;padding-left:1.2rem;font-size:.875rem}
a{color:var(--notice)}
@media(max-width:36rem){.top{grid-template-columns:1fr}}
`.replaceAll('\n', '');

/** @param hasModules whether there are probes on /probe to lead to */
export function statusPage(status: Status, hasModules = false): string {
  const { nowMs, search, targets, found, counts, rows, asked } = status;
  const worst = (['critical', 'unknown', 'warning'] as const).find((verdict) => counts[verdict] > 0);
  const title =
    worst === undefined
      ? `ok: ${plural(targets, 'target')}`
      : `${counts[worst]} ${worst}: ${plural(targets, 'target')}`;
  const more =
    found > rows.length ? html`<p class="note">${rows.length} of ${found} are shown, the worst first.</p>` : nothing;
  const form = html`<form method="get"><input type="search" name="q" value="${search}" placeholder="name or label" aria-label="name or label"></form>`;
  const at = formatTime(new Date(nowMs).toISOString());
  const told = verdicts
    .filter((verdict) => counts[verdict] > 0)
    .map((verdict) => html`<span class="${verdict}">${counts[verdict]} ${verdict}</span>`);
  return documentText(
    html`<!doctype html><html lang="en">${headPart(title, { style, formAction: "'self'", refreshSeconds: REFRESH_SECONDS })}<body><header><h1>${plural(targets, 'target')}</h1><p class="counts">${told}</p></header><main>${form}${more}${rows.map(rowPart)}${askedPart(asked)}</main><footer><p>As of ${at}; the page asks again every ${REFRESH_SECONDS} s.</p>${placesPart(hasModules)}</footer></body></html>`,
  );
}

function placesPart(hasModules: boolean): Html {
  const probes = hasModules ? html` · <a href="probes">Recent probes</a>` : nothing;
  return html`<p><a href="metrics">Metrics</a> · <a href="config">Configuration</a>${probes}</p>`;
}

function rowPart(row: StatusRow): Html {
  const { name, module, labels, url, verdict, what, history } = row;
  const word = verdict === null ? nothing : html`<span class="word">${verdict.toUpperCase()}</span>`;
  const said = what === null ? nothing : html`<p>${what}</p>`;
  const given = [...(url === name ? [] : [url]), ...(module === null ? [] : [`module ${module}`]), ...labels].join(
    ' · ',
  );
  const about = given === '' ? nothing : html`<p class="muted">${given}</p>`;
  return html`<article class="target ${verdict ?? ''}"><div class="top"><div><h2>${word}${name}</h2>${about}</div>${sparkline(history, unitOf(row))}</div>${said}<p class="muted">${lastPart(row)}</p>${zonesPart(row)}${failuresPart(row)}</article>`;
}

function unitOf({ module }: StatusRow): 'journey' | 'probe' {
  return module === null ? 'journey' : 'probe';
}

function lastPart(row: StatusRow): Html {
  const { latest, slowestMs, intervalMs, runs, missed } = row;
  const paced = `every ${formatDuration(intervalMs)}, ${plural(runs, unitOf(row))}${missed === 0 ? '' : `, ${plural(missed, 'turn')} missed`}`;
  if (latest === null) return html`No ${unitOf(row)} yet; ${paced}.`;
  const when = formatTime(latest.startedAt);
  const linked = latest.link === null ? html`${when}` : html`<a href="${latest.link}">${when}</a>`;
  const slowest = slowestMs === null ? '' : formatMs(slowestMs);
  const took =
    slowest === '' ? '' : row.module === null ? `, slowest endpoint ${slowest} (median)` : `, took ${slowest}`;
  return html`Last ${linked}${took}; ${paced}.`;
}

function zonesPart({ zones }: StatusRow): Html {
  const items = zones.map(
    ({ zone, endpoints, severity }) =>
      html`<li class="${severity ?? ''}">${zone === '' ? 'no zone' : zone}: ${severity ?? 'ok'}, ${plural(endpoints, 'endpoint')}</li>`,
  );
  return items.length === 0 ? nothing : html`<ul class="zones">${items}</ul>`;
}

function failuresPart(row: StatusRow): Html {
  const { failures } = row;
  if (failures.length === 0) return nothing;
  const items = failures.map(({ startedAt, verdict, what, link }) => {
    const when = formatTime(startedAt);
    return html`<li>${link === null ? html`${when}` : html`<a href="${link}">${when}</a>`} ${verdict}${what === null ? '' : `: ${what}`}</li>`;
  });
  return html`<details><summary>${row.module === null ? 'Recent journeys that were not ok' : 'Recent probes that failed'}</summary><ul>${items}</ul></details>`;
}

function askedPart(asked: readonly AskedRow[]): Html {
  if (asked.length === 0) return nothing;
  const items = asked.map(({ target, by, atMs, verdict, state, link }) => {
    const when = formatTime(new Date(atMs).toISOString());
    return html`<li class="${verdict ?? ''}"><a href="${link}">${when}</a> ${target}: ${verdict ?? state}, asked for by ${by}</li>`;
  });
  return html`<details><summary>Journeys that were asked for</summary><ul>${items}</ul></details>`;
}
