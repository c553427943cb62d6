// Owns finding things in a journey: hops of an endpoint, evidence of a probe. Judges nothing.
import type { Finding } from '../../../src/model/finding.ts';
import type { Journey } from '../../../src/model/journey.ts';
import type { Hop } from '../../../src/model/latency.ts';
import type { HopId } from '../../../src/model/trace.ts';
import type { Listen } from './web.ts';
import { at } from './web.ts';

/** @throws Error when the journey has no such hop */
export function hopOf(journey: Journey, listen: Listen, id: HopId): Hop {
  const hop = journey.hops.find((one) => one.endpoint === at(listen) && one.id === id);
  if (hop === undefined) throw new Error(`no hop ${id} of ${at(listen)}`);
  return hop;
}

/** Evidence of a probe in the type of its own schema. @throws Error when there is none, with the probe's own reason */
export function evidenceOf<E>(journey: Journey, probe: string): E {
  const evidence = journey.evidence[probe] ?? null;
  if (evidence === null) throw new Error(`no evidence from ${probe}: ${JSON.stringify(journey.probes[probe])}`);
  return evidence as E;
}

export function findingsOf(journey: Journey, id: string): readonly Finding[] {
  return journey.findings.filter((finding) => finding.id === id);
}
