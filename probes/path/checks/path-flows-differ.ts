// Owns the check for equal ways that are not: which one a connection gets depends on its source port alone.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import type { FlowRecord, PathEvidence } from '../evidence.ts';
import type { PathPolicy } from '../options.ts';

/** Packets of a flow to the endpoint, without which it tells nothing: one may have waited. */
const LEAST_PACKETS = 3;

function fastestMs({ targetMs }: FlowRecord): number {
  return Math.min(...targetMs);
}

export const pathFlowsDiffer: Check<{ path: PathEvidence }, PathPolicy> = {
  id: 'path-flows-differ',
  needs: ['path'],
  severity: 'notice',
  title: 'Some ways to the endpoint are slower than others',
  soWhat: 'A share of all connections is slow as long as it lives, and no other request of the same client shows it.',
  nowWhat: [
    {
      kind: 'change',
      text: ['Show the source ports and routers of the slow flow to whoever runs the routers before the ways part.'],
    },
  ],
  sources: ['RFC 2992', 'RFC 2991'],
  judge({ path: { byEndpoint } }, { policy }) {
    const told = byEndpoint.map(({ flows }) => flows.filter(({ targetMs }) => targetMs.length >= LEAST_PACKETS));
    if (told.every((flows) => flows.length < 2))
      return {
        outcome: 'not-applicable',
        because: 'fewer than three packets of two flows went as far as one endpoint',
      };
    const seen = byEndpoint.flatMap(({ endpoint, flows }, index): readonly Seen[] => {
      const sorted = (told[index] ?? []).toSorted((a, b) => fastestMs(a) - fastestMs(b));
      const [fast, slow] = [sorted[0], sorted.at(-1)];
      if (fast === undefined || slow === undefined || fastestMs(slow) - fastestMs(fast) < policy.flowsMs) return [];
      const what =
        `From source port ${slow.sourcePort ?? 'unknown'} the endpoint is ${Math.round(fastestMs(slow))} ms away, ` +
        `from ${fast.sourcePort ?? 'unknown'} only ${Math.round(fastestMs(fast))} ms, at best each.`;
      const evidence = [pointer('evidence', 'path', 'byEndpoint', index, 'flows', flows.indexOf(slow))] as const;
      return [{ what: [what], endpoint, evidence }];
    });
    return foundOrPass(seen);
  },
};
