// Owns the check for one stretch of the way that takes most of the time. A router that answers late is none: the time must last to the endpoint.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import type { EndpointPath, PathEvidence } from '../evidence.ts';
import type { PathPolicy } from '../options.ts';

interface Jump {
  /** Position in `routers` of the one behind it. */
  readonly at: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly wholeMs: number;
}

/** The largest step in what the fastest answers took: whatever comes later is no farther away than the nearest that follows it. */
function largestJump({ routers, reached }: EndpointPath): Jump | null {
  const fastest = routers.map(({ latencyMs }) => latencyMs?.min ?? Number.POSITIVE_INFINITY);
  const wholeMs = fastest.at(-1) ?? Number.POSITIVE_INFINITY;
  if (!reached || !Number.isFinite(wholeMs)) return null;
  const upTo = fastest.map((_, at) => Math.min(...fastest.slice(at)));
  const jumps = upTo.map((toMs, at): Jump => ({ at, fromMs: upTo[at - 1] ?? 0, toMs, wholeMs }));
  return jumps.toSorted((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs))[0] ?? null;
}

export const pathLatencyJump: Check<{ path: PathEvidence }, PathPolicy> = {
  id: 'path-latency-jump',
  needs: ['path'],
  severity: 'notice',
  title: 'One stretch of the way takes most of the time',
  soWhat:
    'No server can be faster than the way to it: a nearer zone, or another carrier, saves this time and nothing else does.',
  nowWhat: [
    {
      kind: 'change',
      text: ['Compare with the other zones, and with the distance: light in fibre takes 1 ms for 100 km and back.'],
    },
  ],
  sources: ['RFC 2681'],
  judge({ path: { byEndpoint } }, { policy }) {
    const jumps = byEndpoint.map(largestJump);
    if (jumps.every((jump) => jump === null))
      return { outcome: 'not-applicable', because: 'no traced endpoint was reached' };
    const seen = byEndpoint.flatMap(({ endpoint, routers }, index): readonly Seen[] => {
      const jump = jumps[index] ?? null;
      const router = jump === null ? undefined : routers[jump.at];
      if (jump === null || router === undefined) return [];
      const stepMs = jump.toMs - jump.fromMs;
      if (stepMs < policy.jumpMs || stepMs * 2 < jump.wholeMs) return [];
      const who = router.addresses[0] ?? 'a router that does not answer';
      const what = `Of ${Math.round(jump.wholeMs)} ms to the endpoint ${Math.round(stepMs)} ms lie before ${who} (TTL ${router.ttl}).`;
      return [
        { what: [what], endpoint, evidence: [pointer('evidence', 'path', 'byEndpoint', index, 'routers', jump.at)] },
      ];
    });
    return foundOrPass(seen);
  },
};
