// Owns the report of a sweep: what targets and files added, in order, with the verdict. Pure.
import type { CertificateRecord } from '../model/certificate-schema.ts';
import type { CertsProblem, CertsReport, Place } from '../model/certs.ts';
import type { Verdict } from '../model/journey.ts';
import type { Json } from '../model/json.ts';
import type { Fingerprint } from '../model/trace.ts';
import { byUrgency } from './judge-target.ts';

export interface Collected {
  readonly places: readonly Place[];
  readonly certificates: Readonly<Record<Fingerprint, CertificateRecord>>;
  readonly problems: readonly CertsProblem[];
}

/** Takes what each target and file showed. */
export interface Collector {
  add(part: Collected): void;
  read(): Collected;
}

export function openCollector(): Collector {
  const places: Place[] = [];
  const problems: CertsProblem[] = [];
  const certificates: Record<Fingerprint, CertificateRecord> = {};
  return {
    add(part) {
      places.push(...part.places);
      problems.push(...part.problems);
      for (const [fingerprint, record] of Object.entries(part.certificates)) certificates[fingerprint] ??= record;
    },
    read: () => ({ places, certificates, problems }),
  };
}

export interface Circumstances {
  readonly startedAtMs: number;
  readonly asOfMs: number;
  readonly durationMs: number;
  readonly complete: boolean;
  /** How many targets and files were asked for. */
  readonly asked: number;
  readonly judgedWith: { readonly [name: string]: Json };
}

export function assemble(collected: Collected, circumstances: Circumstances): CertsReport {
  const { startedAtMs, asOfMs, durationMs, complete, asked, judgedWith } = circumstances;
  const places = collected.places.toSorted((a, b) => (a.id === b.id ? 0 : a.id < b.id ? -1 : 1));
  const problems = collected.problems.toSorted(byUrgency);
  return {
    schema: 'certs/1',
    startedAt: new Date(startedAtMs).toISOString(),
    asOf: new Date(asOfMs).toISOString(),
    durationMs: Math.round(durationMs),
    verdict: verdictOf(problems, complete && places.length > 0),
    complete,
    counts: {
      targets: asked,
      places: places.length,
      failed: places.filter(({ state }) => state !== 'read').length,
      certificates: Object.keys(collected.certificates).length,
    },
    judgedWith,
    problems,
    places,
    certificates: collected.certificates,
  };
}

/** A sweep that saw nothing, or not all, has not shown that all is well. */
function verdictOf(problems: readonly CertsProblem[], isWhole: boolean): Verdict {
  const has = (severity: CertsProblem['severity']): boolean =>
    problems.some((problem) => problem.severity === severity);
  if (has('critical')) return 'critical';
  if (!isWhole || has('unknown')) return 'unknown';
  return has('warning') ? 'warning' : 'ok';
}
