// Owns the one written-down result from which every report, metric and alert is made.
import type { Answer, CheckResult, Finding, Severity } from './finding.ts';
import type { Json } from './json.ts';
import type { Hop } from './latency.ts';
import type { Problem } from './problem.ts';
import type { Endpoint, Target } from './target.ts';
import type { IpAddress } from './text.ts';

export const SCHEMA = 'journey/1';

export const verdicts = ['ok', 'warning', 'critical', 'unknown'] as const;
export type Verdict = (typeof verdicts)[number];

/** What was actually sent and received: connections whose first packet left; bytes of TCP payload (TLS included) and DNS messages. */
export interface Budget {
  readonly dnsQueries: number;
  readonly connections: number;
  readonly requests: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Packets with a short lifetime, sent to learn the path; absent when none was. */
  readonly traceProbes?: number;
}

export interface ProbeState {
  readonly state: 'complete' | 'failed' | 'skipped' | 'unfinished';
  readonly elapsedMs: number;
  readonly problem: Problem | null;
  readonly because: string | null;
}

export interface JudgedWith {
  /** Per probe, and `severities` by check id: everything that changes the judging. */
  readonly policy: { readonly [name: string]: Json };
  /** RFC 3339; the time that expiry is measured against. */
  readonly asOf: string;
  /** Version of the program that judged. */
  readonly version: string;
  /** What the journey was held to: by section and key, as written. Absent when nothing was expected. */
  readonly expectations?: { readonly [section: string]: { readonly [key: string]: Json } };
}

/** What was seen, before judging. */
export interface Observation {
  readonly schema: typeof SCHEMA;
  readonly id: string;
  /** RFC 3339, UTC */
  readonly startedAt: string;
  readonly durationMs: number;
  /** False when the deadline or the user cut the ride short. */
  readonly complete: boolean;
  readonly target: Target;
  readonly vantage: { readonly name: string; readonly zone: string | null; readonly addresses: readonly IpAddress[] };
  readonly budget: Budget;
  readonly endpoints: readonly Endpoint[];
  readonly hops: readonly Hop[];
  readonly probes: { readonly [probe: string]: ProbeState };
  /** What changed the looking: samples, rate, options of each probe. No secrets. */
  readonly riddenWith: { readonly [name: string]: Json };
  readonly evidence: { readonly [probe: string]: Json };
}

/** An observation and the judgement on it: the document of `--format json`. */
export interface Journey extends Observation {
  readonly verdict: Verdict;
  readonly checks: readonly CheckResult[];
  readonly judgedWith: JudgedWith;
  readonly answers: readonly Answer[];
  readonly findings: readonly Finding[];
  /** Who asked an agent for it beside its schedule, and when (RFC 3339); absent where nobody did. */
  readonly asked?: { readonly by: string; readonly at: string };
}

/** The worst thing found decides; `unknown` when nothing is wrong but something critical, or everything, could not be judged. */
export function verdictOf(findings: readonly { readonly severity: Severity }[], blind: boolean): Verdict {
  if (findings.some((finding) => finding.severity === 'critical')) return 'critical';
  if (blind) return 'unknown';
  return findings.some((finding) => finding.severity === 'warning') ? 'warning' : 'ok';
}
