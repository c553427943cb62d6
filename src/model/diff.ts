// Owns what changed between two journeys, written down: the document of `probe diff --format json`.
import type { Severity } from './finding.ts';
import type { Verdict } from './journey.ts';
import type { HopId } from './trace.ts';

export const DIFF_SCHEMA = 'diff/1';

/** `unknown`: the same as far as could be seen, but something that one journey saw the other did not. */
export const diffOutcomes = ['same', 'changed', 'unknown'] as const;
export type DiffOutcome = (typeof diffOutcomes)[number];

export interface DiffSide {
  readonly id: string;
  /** RFC 3339, UTC */
  readonly startedAt: string;
  readonly url: string;
  readonly vantage: string;
  readonly verdict: Verdict;
  readonly complete: boolean;
}

/** `place`: a zone, else an address; null for what is of no endpoint. */
export interface FactChange {
  /** Probe, or part of the ride. */
  readonly section: string;
  readonly key: string;
  readonly title: string;
  readonly place: string | null;
  readonly before: string;
  readonly after: string;
  /** Items of a list that are there no longer, and new ones. */
  readonly gone: readonly string[];
  readonly added: readonly string[];
}

export const findingChanges = ['appeared', 'gone', 'severity'] as const;
export interface FindingChange {
  readonly change: (typeof findingChanges)[number];
  readonly id: string;
  readonly place: string | null;
  /** Null where it was not found. */
  readonly before: Severity | null;
  readonly after: Severity | null;
  readonly what: string;
}

/** Figures aside: an answer that differs in its numbers only is the same answer. */
export interface AnswerChange {
  readonly question: number;
  readonly probe: string;
  readonly before: string;
  readonly after: string;
}

export interface LatencyChange {
  readonly hop: HopId;
  readonly place: string | null;
  readonly samplesBefore: number;
  readonly samplesAfter: number;
  readonly p50BeforeMs: number;
  readonly p50AfterMs: number;
  /** Above 0: slower now. Median of all differences (Hodges and Lehmann), and its 95 % interval. */
  readonly shiftMs: number;
  readonly intervalMs: readonly [number, number] | null;
  /** Of such a difference by chance (Mann and Whitney), corrected for all phases compared (Holm). */
  readonly chance: number;
  /** More than chance, and more than the clocks may be wrong. */
  readonly real: boolean;
}

export interface NotCompared {
  /** `dns.provider`, `latency.wait`. */
  readonly what: string;
  readonly place: string | null;
  readonly because: string;
}

export interface Diff {
  readonly schema: typeof DIFF_SCHEMA;
  readonly outcome: DiffOutcome;
  readonly before: DiffSide;
  readonly after: DiffSide;
  readonly facts: readonly FactChange[];
  readonly findings: readonly FindingChange[];
  readonly answers: readonly AnswerChange[];
  readonly latency: readonly LatencyChange[];
  /** Seen in one of the two only. */
  readonly notCompared: readonly NotCompared[];
}
