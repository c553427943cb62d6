// Owns small facts that several checks share. Pure.
import type { Phrase, Step } from '../../src/model/finding.ts';
import { type Fault, problemCatalogue } from '../../src/model/problem.ts';
import { familyOf, type Target } from '../../src/model/target.ts';
import { type EndpointId, visible } from '../../src/model/text.ts';
import type { BalancerEvidence, EndpointRecord } from './evidence.ts';

/** 95 % two-sided normal quantile. */
const Z = 1.959964;

/** Wilson score interval (95 %) of a rate, as fractions: E. B. Wilson, JASA 22 (1927). `n` is at least 1. */
export function wilson(hits: number, n: number): readonly [number, number] {
  const rate = hits / n;
  const centre = (rate + Z ** 2 / (2 * n)) / (1 + Z ** 2 / n);
  const half = (Z / (1 + Z ** 2 / n)) * Math.sqrt((rate * (1 - rate)) / n + Z ** 2 / (4 * n ** 2));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}

const FAULT_SAYS = {
  target: 'the service itself',
  network: 'the network or a filter between here and the service',
  resolver: 'the DNS resolver',
  prober: 'this machine, not the service',
} as const satisfies Record<Fault, string>;

/** The most frequent of some problems in words, and whose fault it is. */
export function mainProblem(problems: EndpointRecord['problems']): Phrase {
  const [main] = problems;
  if (main === undefined) return ['no problem was recorded'];
  const says = problemCatalogue[main.code].says;
  const all = problems.reduce((sum, { n }) => sum + n, 0);
  const more = problems.length > 1 ? ` (${main.n} of ${all} failures)` : '';
  const detail = main.detail === null ? '' : visible(main.detail);
  // "connect ECONNREFUSED 192.0.2.1:443" is the code once more, and another text for each address.
  const words =
    main.detail === null || detail === says || /^connect E[A-Z]+ /.test(detail) ? [] : [': "', main.detail, '"'];
  return [`${says} in step ${main.step}`, ...words, `${more}; to blame: ${FAULT_SAYS[main.fault]}`];
}

/**
 * The failures of an endpoint: those that callers would have had too, and those of this machine, which say nothing of the service.
 * What was cut when the ride was stopped is neither.
 */
export function failuresOf({ problems }: EndpointRecord) {
  const failed = problems.filter(({ code }) => code !== 'cancelled');
  const [ours, theirs] = [failed.filter(isOurs), failed.filter((one) => !isOurs(one))];
  const count = (some: typeof problems): number => some.reduce((sum, { n }) => sum + n, 0);
  return { ours, oursCount: count(ours), theirs, theirsCount: count(theirs) };
}

function isOurs({ fault }: EndpointRecord['problems'][number]): boolean {
  return fault === 'prober';
}

/** One request with curl to the very address, so that a person can see the same with a tool they trust. */
export function curlTo(target: Target, endpoint: EndpointId): Step {
  const parts = /^\[?([0-9a-fA-F:.]+?)\]?:(\d+)$/.exec(endpoint);
  const address = parts?.[1] ?? '';
  const bracketed = familyOf(address as never) === 6 ? `[${address}]` : address;
  const pin = target.isAddress
    ? []
    : ['--connect-to', `${target.host}:${target.port}:${bracketed}:${parts?.[2] ?? ''}`];
  return { kind: 'command', argv: ['curl', '-sv', '-o', '/dev/null', '--max-time', '10', ...pin, target.url] };
}

export const percent = (fraction: number): string => `${Math.round(fraction * 100)} %`;

/** Milliseconds as a person reads them. */
export const ms = (value: number): string => `${value < 10 ? Math.round(value * 10) / 10 : Math.round(value)} ms`;

/** How many requests were still unanswered when the ride was stopped, and after how long; empty without one. */
export function cutWords({ cut, cutAfterMs, attempts }: EndpointRecord): string {
  if ((cut ?? 0) === 0) return '';
  const after = cutAfterMs == null ? '' : `, the longest after ${ms(cutAfterMs)}`;
  return `${cut} of ${attempts} requests were still unanswered when the ride was stopped${after}`;
}

/** A sentence on the part of the callers that DNS sends here, with a space before it; empty where nothing is known. */
export function shareWords({ share }: EndpointRecord, { byEndpoint }: Pick<BalancerEvidence, 'byEndpoint'>): string {
  if (share == null) return '';
  const isMixed = byEndpoint.some((other) => other.share != null && other.share.family !== share.family);
  const whose = isMixed ? `callers over IPv${share.family}` : 'callers';
  if (share.interval !== null) {
    const [low, high] = share.interval;
    return ` DNS sends about ${percent(share.share)} of ${whose} here (${percent(low)} to ${percent(high)} by its weights).`;
  }
  if (share.addresses === 1) return ` DNS sends all ${whose} here.`;
  return ` DNS sends about ${percent(share.share)} of ${whose} here (one of ${share.addresses} addresses).`;
}
