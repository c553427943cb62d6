// Owns the check for packets that go in a circle between routers.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import type { FlowRecord, PathEvidence } from '../evidence.ts';
import type { PathPolicy } from '../options.ts';

/** The routers of the circle: from the last one back to where it stood before. */
export function circleOf({ way }: FlowRecord): readonly string[] {
  const last = way.findLastIndex((address) => address !== null);
  const before = way.lastIndexOf(way[last] ?? null, last - 1);
  return before === -1 ? [] : way.slice(before, last).map((address) => address ?? '*');
}

export const pathLoop: Check<{ path: PathEvidence }, PathPolicy> = {
  id: 'path-loop',
  needs: ['path'],
  severity: 'warning',
  title: 'Packets go in a circle',
  soWhat: 'Routers disagree about the way, so that packets die between them and the endpoint is out of reach on it.',
  nowWhat: [{ kind: 'change', text: ['Let whoever runs these routers compare their routes to this address.'] }],
  sources: ['RFC 1812 5.3.1'],
  judge({ path: { byEndpoint } }) {
    if (byEndpoint.length === 0) return { outcome: 'not-applicable', because: 'no path was traced' };
    const seen = byEndpoint.flatMap(({ endpoint, flows }, index): readonly Seen[] => {
      const at = flows.findIndex(({ end }) => end === 'loop');
      const flow = flows[at];
      if (flow === undefined) return [];
      const evidence = [pointer('evidence', 'path', 'byEndpoint', index, 'flows', at)] as const;
      const [first = 'one router', ...rest] = circleOf(flow);
      return [{ what: [`Packets go round between ${[first, ...rest].slice(0, 6).join(', ')}.`], endpoint, evidence }];
    });
    return foundOrPass(seen);
  },
};
