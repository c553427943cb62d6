// Owns the words of a difference between two journeys that every form of it shares.
import type { Diff, DiffSide, FactChange, FindingChange, LatencyChange } from '../../model/diff.ts';
import { formatMs, formatTime, plural } from '../numbers.ts';

export function headline({ outcome, facts, findings, latency, answers, notCompared }: Diff): string {
  const real = latency.filter((change) => change.real).length;
  const parts = [
    ...(facts.length > 0 ? [plural(facts.length, 'fact')] : []),
    ...(findings.length > 0 ? [plural(findings.length, 'finding')] : []),
    ...(real > 0 ? [plural(real, 'latency', 'latencies')] : []),
    ...(answers.length > 0 ? [plural(answers.length, 'answer')] : []),
  ];
  const open = notCompared.length === 0 ? '' : `; ${notCompared.length} not compared`;
  switch (outcome) {
    case 'changed':
      return `CHANGED: ${parts.length === 0 ? 'the verdict' : parts.join(', ')}${open}`;
    case 'same':
      return 'SAME: nothing changed';
    case 'unknown':
      return `UNKNOWN: nothing changed as far as could be seen${open}`;
  }
}

export function sideWords({ url, startedAt, vantage, verdict, complete }: DiffSide): string {
  return `${verdict}${complete ? '' : ', cut short'}, ${formatTime(startedAt)}, ${url} from ${vantage}`;
}

export function factName({ section, title, place }: FactChange): string {
  return `${section}${place === null ? '' : ` ${place}`}: ${title}`;
}

/** Long lists are told by what is gone and what is new. */
const MOST_WHOLE = 60;

export function factPair({ before, after, gone, added }: FactChange): readonly [string, string] {
  if (Math.max(before.length, after.length) <= MOST_WHOLE || gone.length + added.length === 0) return [before, after];
  return [listWords('gone', gone), listWords('new', added)];
}

function listWords(name: string, items: readonly string[]): string {
  const more = items.length > MOST_ITEMS ? ` and ${items.length - MOST_ITEMS} more` : '';
  return items.length === 0 ? `nothing ${name}` : `${name}: ${items.slice(0, MOST_ITEMS).join(', ')}${more}`;
}

const MOST_ITEMS = 12;

export function findingName({ change, id, place, before, after }: FindingChange): string {
  const where = place === null ? '' : ` in ${place}`;
  if (change === 'severity') return `${before} → ${after} ${id}${where}`;
  return `${change}: ${after ?? before} ${id}${where}`;
}

/** `+21.3 ms (20.1 ms to 22.4 ms)` */
export function shiftWords({ shiftMs, intervalMs }: LatencyChange): string {
  const range = intervalMs === null ? '' : ` (${signed(intervalMs[0])} to ${signed(intervalMs[1])})`;
  return `${signed(shiftMs)}${range}`;
}

function signed(ms: number): string {
  return `${ms < 0 ? '−' : '+'}${formatMs(Math.abs(ms))}`;
}

export function percentWords({ shiftMs, p50BeforeMs }: LatencyChange): string {
  if (p50BeforeMs === 0) return '–';
  const percent = Math.round((100 * shiftMs) / p50BeforeMs);
  return `${percent < 0 ? '−' : '+'}${Math.abs(percent)} %`;
}

export function chanceWords({ chance }: LatencyChange): string {
  return chance < 0.0001 ? '<0.0001' : chance.toFixed(4);
}

export const latencyTitles = ['phase', 'place', 'before', 'now', 'shift (95 %)', 'by', 'chance'];

export function latencyRow(change: LatencyChange): readonly string[] {
  return [
    change.hop,
    change.place ?? '–',
    formatMs(change.p50BeforeMs),
    formatMs(change.p50AfterMs),
    shiftWords(change),
    percentWords(change),
    chanceWords(change),
  ];
}

export function latencyNote({ latency }: Diff): string {
  const real = latency.filter((change) => change.real).length;
  if (latency.length === 0) return 'no latency was compared';
  return `${real} of ${plural(latency.length, 'latency', 'latencies')} really changed (Mann-Whitney, corrected by Holm, 1 %)`;
}
