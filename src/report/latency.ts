// Owns the rows of every latency table: one an endpoint, its hops, its failures, and which percentile may be told.
import type { Severity } from '../model/finding.ts';
import type { Journey } from '../model/journey.ts';
import type { Hop, LatencySummary } from '../model/latency.ts';
import type { Endpoint } from '../model/target.ts';
import { type HopId, hopIds } from '../model/trace.ts';
import { isBounded } from '../stats/quantile.ts';
import { worst } from './headline.ts';
import { formatMs, plural } from './numbers.ts';

export interface EndpointRow {
  readonly endpoint: Endpoint;
  /** `address:port`, or the address alone when every endpoint has the same port. */
  readonly address: string;
  /** Of the worst finding on this endpoint. */
  readonly severity: Severity | null;
  readonly hops: Readonly<Partial<Record<HopId, Hop>>>;
  /** `3/20 failed: connect-timeout 2, reset 1`, or null. */
  readonly failure: string | null;
  /** `13 of 25 requests were still unanswered …`, or null. */
  readonly cut: string | null;
}

/** Below this part of the total, writing the request is not worth a column. */
const SEND_SHARE = 0.05;

/** The phases worth a column; `resolve` is shared by all endpoints and has a line of its own. */
export function phasesOf(rows: readonly EndpointRow[]): readonly HopId[] {
  const slowSend = rows.some(
    ({ hops }) => (hops.send?.latencyMs?.p50 ?? 0) > SEND_SHARE * (hops.total?.latencyMs?.p50 ?? 0),
  );
  return hopIds.filter((id) => id !== 'resolve' && (id !== 'send' || slowSend) && summariesOf(rows, id).length > 0);
}

/** How many attempts of a hop were under way when the ride was stopped. */
export function cutIn({ errors }: Hop): number {
  return errors.cancelled ?? 0;
}

/** How many attempts failed: those that were cut are not among them. */
export function failedIn(hop: Hop): number {
  return hop.failures - cutIn(hop);
}

/** Why the percentiles of an endpoint look better than it is: the slow ones are the likeliest to be cut. */
function cutNote(hops: readonly Hop[]): string | null {
  const total = hops.find(({ id }) => id === 'total');
  const cut = total === undefined ? 0 : cutIn(total);
  if (total === undefined || cut === 0) return null;
  const waited = total.cutAfterMs === undefined ? '' : ` (after up to ${formatMs(total.cutAfterMs)})`;
  const unanswered = `${cut} of ${total.attempts} requests ${cut === 1 ? 'was' : 'were'} still unanswered when the ride was stopped${waited}`;
  return total.latencyMs === null ? unanswered : `${unanswered}: percentiles are of the others`;
}

function failureOf(hops: readonly Hop[]): string | null {
  const phasesOnly = hops.filter((hop) => hop.id !== 'total');
  const counted = phasesOnly.some((hop) => failedIn(hop) > 0) ? phasesOnly : hops;
  const failures = counted.reduce((sum, hop) => sum + failedIn(hop), 0);
  if (failures === 0) return null;
  const codes = new Map<string, number>();
  for (const [code, count] of counted.flatMap((hop) => Object.entries(hop.errors)))
    if (code !== 'cancelled') codes.set(code, (codes.get(code) ?? 0) + count);
  const named = [...codes].toSorted((a, b) => b[1] - a[1]).slice(0, 4);
  const words = named.map(([code, count]) => (codes.size === 1 ? code : `${code} ${count}`)).join(', ');
  return `${failures}/${Math.max(failures, ...hops.map((hop) => hop.attempts))} failed${words === '' ? '' : `: ${words}`}`;
}

/** The address alone when every endpoint has the same port (it stands in the URL), else `address:port`. */
export function addressOf(endpoint: Endpoint, journey: Journey): string {
  return journey.endpoints.every(({ port }) => port === endpoint.port) ? endpoint.address : endpoint.id;
}

/** One row an endpoint, in the order of the journey. */
export function latencyRows(journey: Journey): readonly EndpointRow[] {
  const hopsOf = Map.groupBy(journey.hops, (hop) => hop.endpoint);
  // Nobody was asked for samples: then there is nothing to show of any endpoint.
  if (hopsOf.size === 0 || (hopsOf.size === 1 && hopsOf.has(null))) return [];
  const findingsOf = Map.groupBy(journey.findings, (finding) => finding.endpoint);
  return journey.endpoints.map((endpoint) => {
    const hops = hopsOf.get(endpoint.id) ?? [];
    return {
      endpoint,
      address: addressOf(endpoint, journey),
      severity: worst(findingsOf.get(endpoint.id) ?? []),
      hops: Object.fromEntries(hops.map((hop) => [hop.id, hop])),
      failure: failureOf(hops),
      cut: cutNote(hops),
    };
  });
}

/** The median, or null where the sample is too small to bound it: below 6. */
export function middleOf(summary: LatencySummary | null): number | null {
  return summary !== null && isBounded(summary.samples.length, 0.5) ? summary.p50 : null;
}

/** The highest percentile that every given sample can bound, or `max`: a p99 of 20 samples is no p99. */
export function highestOf(summaries: readonly LatencySummary[]): 'p99' | 'max' {
  return summaries.length > 0 && summaries.every((summary) => summary.p99Interval !== null) ? 'p99' : 'max';
}

/** Summaries of one phase over the rows that have it. */
export function summariesOf(rows: readonly EndpointRow[], phase: HopId): readonly LatencySummary[] {
  return rows.map((row) => row.hops[phase]?.latencyMs ?? null).filter((summary) => summary !== null);
}

/** What is said below the figures, joined; empty when there is nothing to say. */
export function latencyNotes({ hops }: Pick<Journey, 'hops'>, rows: readonly EndpointRow[]): string {
  return [sampleNote(rows), clockNote(hops), lossNote(hops), paceNote(hops)].filter((note) => note !== null).join('; ');
}

/** Why `max` stands where a p99 is looked for; null when p99 is shown or there are no samples. */
export function sampleNote(rows: readonly EndpointRow[]): string | null {
  const summaries = summariesOf(rows, 'total');
  if (summaries.length === 0 || highestOf(summaries) === 'p99') return null;
  const counts = summaries.map((summary) => summary.samples.length);
  const [low, high] = [Math.min(...counts), Math.max(...counts)];
  const needs = isBounded(low, 0.5) ? 'p99 needs 368 samples' : 'p50 needs 6 samples, p99 needs 368 samples';
  return `n=${low === high ? low : `${low}–${high}`} per endpoint: ${needs}, so max is shown`;
}

/** What was cut on which endpoint, for reports that write notes below the table. */
export function cutNotes(rows: readonly EndpointRow[]): readonly string[] {
  return rows.flatMap(({ endpoint, address, cut }) =>
    cut === null ? [] : [`${[endpoint.zone, address].filter((part) => part !== null).join(' ')}: ${cut}`],
  );
}

/** Which clock measured which phase. */
export function clockNote(hops: readonly Hop[]): string | null {
  const timed = hops.filter((hop) => hop.latencyMs !== null);
  const ids = (clock: Hop['clock']) => hopIds.filter((id) => timed.some((hop) => hop.id === id && hop.clock === clock));
  const [kernel, loop] = [ids('kernel'), ids('loop')];
  if (kernel.length === 0 && loop.length === 0) return null;
  const by = `kernel${precision(timed, 'kernel')}`;
  if (loop.length === 0) return `clock: ${by}`;
  const late = precision(timed, 'loop');
  if (kernel.length === 0) return `clock: this process' event loop${late}`;
  const rest = loop.some((id) => kernel.includes(id)) ? loop.join(', ') : 'the rest';
  return `clock: ${by} for ${kernel.join(', ')}, event loop${late} for ${rest}`;
}

/** How far the worst sample may be off. Said of more than the connect, which the kernel always tells that exactly. */
function precision(timed: readonly Hop[], by: Hop['clock']): string {
  const stated = timed.filter(({ id, clock }) => clock === by && (by === 'loop' || id !== 'connect'));
  const off = stated.flatMap(({ uncertaintyMs }) => uncertaintyMs ?? []);
  return off.length === 0 ? '' : ` (±${formatMs(Math.max(...off))} at worst)`;
}

/** What the ride could not keep to of its own schedule; null when it kept to it. */
export function paceNote(hops: readonly Hop[]): string | null {
  const all = hops.filter(({ id }) => id === 'total' || id === 'resolve');
  const count = (of: readonly Hop[]): number => of.reduce((sum, { skipped }) => sum + (skipped ?? 0), 0);
  const [samples, lookups] = [
    count(all.filter(({ id }) => id === 'total')),
    count(all.filter(({ id }) => id !== 'total')),
  ];
  const lateMs = Math.max(0, ...all.map(({ startedLateMs }) => startedLateMs ?? 0));
  const left = [
    ...(samples === 0 ? [] : [plural(samples, 'sample')]),
    ...(lookups === 0 ? [] : [plural(lookups, 'lookup')]),
  ].join(' and ');
  const parts = [
    // Latency of what did not begin is not known, but it was due while the others took longest.
    ...(left === '' ? [] : [`${left} left out, too many were unanswered: count them as slower than the slowest`]),
    ...(lateMs === 0 ? [] : [`samples began up to ${formatMs(lateMs)} late: this machine was busy`]),
  ];
  return parts.length === 0 ? null : parts.join('; ');
}

/** Where packets of ours were lost: those of a connect are SYNs, and each made it a second or more longer. Null without. */
export function lossNote(hops: readonly Hop[]): string | null {
  const all = hops.filter(({ id }) => id !== 'total');
  const count = (of: readonly Hop[]): number => of.reduce((sum, { retransmits }) => sum + (retransmits ?? 0), 0);
  const [syns, others] = [
    count(all.filter(({ id }) => id === 'connect')),
    count(all.filter(({ id }) => id !== 'connect')),
  ];
  const parts = [
    ...(syns === 0 ? [] : [`${plural(syns, 'SYN')} lost: each made its connect 1 s or more longer`]),
    ...(others === 0 ? [] : [`${plural(others, 'segment')} sent again after it`]),
  ];
  return parts.length === 0 ? null : parts.join('; ');
}
