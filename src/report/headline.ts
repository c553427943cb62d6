// Owns the first words of every report: is it broken, where, how much was looked at, and when.
import { listing, type Severity, severities } from '../model/finding.ts';
import type { Journey, Verdict } from '../model/journey.ts';
import { LEFT_OUT } from '../model/observation-words.ts';
import { formatMs, formatTime, plural } from './numbers.ts';

export interface Headline {
  /** `CRITICAL` */
  readonly word: string;
  readonly url: string;
  /** `in kms-az3`, `at 192.0.2.1:443`; empty when the whole target is meant or nothing is wrong. */
  readonly where: string;
  /** `1 critical, 2 warnings` */
  readonly tally: string;
  /** `3 endpoints in 3 zones, ridden from laptop at 2026-11-20 22:00:12 UTC in 4.2 s` */
  readonly scope: string;
  /** Null when the ride came to its end. */
  readonly incomplete: string | null;
}

const WORDS = { ok: 'OK', warning: 'WARNING', critical: 'CRITICAL', unknown: 'UNKNOWN' } as const satisfies Record<
  Verdict,
  string
>;

/** How each report marks a severity, so that it is told without colour. */
export const MARKS = { critical: 'CRIT', warning: 'WARN', notice: 'note' } as const satisfies Record<Severity, string>;

export const NOTHING_FOUND = 'nothing wrong found';

/** The worst severity among findings, or null. */
export function worst(findings: readonly { readonly severity: Severity }[]): Severity | null {
  return severities.find((severity) => findings.some((finding) => finding.severity === severity)) ?? null;
}

function zonesOf(journey: Journey): readonly string[] {
  return [...new Set(journey.endpoints.map((endpoint) => endpoint.zone).filter((zone) => zone !== null))];
}

function whereOf(journey: Journey): string {
  const severity = worst(journey.findings);
  if (severity === null || severity === 'notice') return '';
  const meant = journey.findings.filter((finding) => finding.severity === severity);
  const places = meant.map(({ zone, endpoint }) => zone ?? endpoint);
  if (places.includes(null)) return '';
  const distinct = [...new Set(places as readonly string[])];
  const all = zonesOf(journey);
  if (distinct.length > 1 && all.length > 0 && all.every((zone) => distinct.includes(zone)))
    return `in all ${plural(all.length, 'zone')}`;
  const endpoints = plural(journey.endpoints.length, 'endpoint');
  if (distinct.length > 1 && journey.endpoints.every(({ id }) => distinct.includes(id))) return `at all ${endpoints}`;
  const preposition = meant.some(({ zone }) => zone === null) ? 'at' : 'in';
  return `${preposition} ${listing(distinct, 3).join('')}`;
}

function tallyOf(journey: Journey): string {
  const count = (severity: Severity) => journey.findings.filter((finding) => finding.severity === severity).length;
  const counts = { critical: count('critical'), warning: count('warning'), notice: count('notice') };
  const said = [
    counts.critical > 0 ? `${counts.critical} critical` : '',
    counts.warning > 0 ? plural(counts.warning, 'warning') : '',
    counts.notice > 0 ? plural(counts.notice, 'note') : '',
  ].filter((part) => part !== '');
  if (journey.verdict === 'unknown') said.unshift(unknownWords(journey));
  else if (counts.critical + counts.warning === 0) said.unshift(NOTHING_FOUND);
  return `${said.join(', ')}${partOf(journey)}`;
}

function unknownWords({ checks }: Journey): string {
  const judged = checks.some(({ outcome }) => outcome === 'pass' || outcome === 'found');
  return judged ? 'something critical could not be judged' : 'nothing could be judged';
}

/** A part must not be read as the whole: which probes looked, when others were left out. */
function partOf({ probes }: Journey): string {
  const ids = Object.keys(probes);
  const looked = ids.filter((id) => probes[id]?.because !== LEFT_OUT);
  return looked.length === 0 || looked.length === ids.length ? '' : ` (looked at: ${looked.join(', ')})`;
}

/** What was ridden, from where, when and for how long. */
function scopeOf(journey: Journey): string {
  const zones = zonesOf(journey).length;
  const leftOut = Number(journey.riddenWith['endpointsLeftOut'] ?? 0);
  const of = leftOut > 0 ? `${journey.endpoints.length} of ` : '';
  const count = plural(journey.endpoints.length + leftOut, 'endpoint');
  const isHint = journey.endpoints.some(({ zoneSource }) => zoneSource === 'reverse-name');
  const by = isHint ? ' (by the names of addresses)' : '';
  const what = `${of}${count}${zones > 0 ? ` in ${plural(zones, 'zone')}${by}` : ''}`;
  return `${what}, ridden from ${journey.vantage.name} at ${formatTime(journey.startedAt)} in ${formatMs(journey.durationMs)}`;
}

function whyCut({ durationMs, riddenWith }: Journey): string {
  const deadlineMs = Number(riddenWith['deadlineMs'] ?? Number.NaN);
  return durationMs >= deadlineMs ? `cut short by the deadline of ${formatMs(deadlineMs)}` : 'stopped from outside';
}

export function headlineOf(journey: Journey): Headline {
  return {
    word: WORDS[journey.verdict],
    url: journey.target.url,
    where: whereOf(journey),
    tally: tallyOf(journey),
    scope: scopeOf(journey),
    incomplete: journey.complete ? null : `${whyCut(journey)}: this is what was known by then`,
  };
}
