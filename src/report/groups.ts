// Owns the order and grouping of findings: worst first, the same finding on several endpoints told once.
import { type Finding, type Pointer, type Severity, severities, type WrittenStep } from '../model/finding.ts';
import type { Journey } from '../model/journey.ts';
import { addressOf } from './latency.ts';

/** Where a finding stands; both null: the target as a whole. */
export interface Place {
  readonly zone: string | null;
  readonly endpoint: string | null;
}

/** One thing seen, and everywhere it was seen. */
export interface Sight {
  readonly what: string;
  readonly places: readonly Place[];
}

/** Findings of one check with one reason and one severity. */
export interface Group {
  readonly id: string;
  readonly probe: string;
  readonly severity: Severity;
  readonly soWhat: string;
  readonly sights: readonly Sight[];
  /** Steps of the first finding. */
  readonly steps: readonly WrittenStep[];
  /** How many of the other findings have steps of their own (an address in a command). */
  readonly otherSteps: number;
  readonly evidence: readonly Pointer[];
}

function sightsOf(findings: readonly Finding[]): readonly Sight[] {
  const byWhat = Map.groupBy(findings, (finding) => finding.what);
  return [...byWhat].map(([what, same]) => ({
    what,
    places: same
      .map(({ zone, endpoint }) => ({ zone, endpoint }))
      .filter(({ zone, endpoint }) => (zone ?? endpoint) !== null),
  }));
}

function groupOf(findings: readonly [Finding, ...Finding[]]): Group {
  const [first] = findings;
  const steps = JSON.stringify(first.steps);
  return {
    id: first.id,
    probe: first.probe,
    severity: first.severity,
    soWhat: first.soWhat,
    sights: sightsOf(findings),
    steps: first.steps,
    otherSteps: findings.filter((finding) => JSON.stringify(finding.steps) !== steps).length,
    evidence: findings.flatMap((finding) => finding.evidence),
  };
}

/** Worst first, else in the order judged. */
export function groupFindings(findings: readonly Finding[]): readonly Group[] {
  const groups = Map.groupBy(findings, ({ severity, probe, id, soWhat }) =>
    JSON.stringify([severity, probe, id, soWhat]),
  );
  return [...groups.values()]
    .map((same) => groupOf(same as [Finding, ...Finding[]]))
    .toSorted((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
}

/** `kms-az1 127.0.10.1`: zone and address, whichever is known; the port only where endpoints differ in it. */
export function placeText({ zone, endpoint }: Place, journey: Journey): string {
  const known = journey.endpoints.find(({ id }) => id === endpoint);
  const address = known === undefined ? endpoint : addressOf(known, journey);
  return [zone, address].filter((part) => part !== null).join(' ');
}
