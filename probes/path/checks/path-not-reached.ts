// Owns the check for endpoints that packets do not get to: says where the way ends, where the ride only knows that it does.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { gotThere, rejectionSaid } from '../derive.ts';
import type { EndpointPath, FlowRecord, PathEvidence } from '../evidence.ts';
import type { PathPolicy } from '../options.ts';

/** A flow that ended early is a sight when the ride's connections failed too, or when somebody says that nothing gets through. */
function isSight(path: EndpointPath, flow: FlowRecord): boolean {
  if (flow.end === 'rejected') return true;
  return flow.end === 'silent' && path.rideConnected < path.rideConnects;
}

function said(path: EndpointPath, flow: FlowRecord): string {
  const by = flow.endedBy ?? 'this machine';
  const where =
    flow.end === 'rejected'
      ? `${by} rejects packets: ${rejectionSaid(flow)}`
      : `the way ends after ${by}, and nobody answers behind it`;
  return `Of ${path.rideConnects} connections ${path.rideConnects - path.rideConnected} failed; ${where} (at TTL ${flow.way.length}).`;
}

export const pathNotReached: Check<{ path: PathEvidence }, PathPolicy> = {
  id: 'path-not-reached',
  needs: ['path'],
  severity: 'warning',
  title: 'The way to the endpoint ends early',
  soWhat: 'Requests from here do not arrive; who dropped them is at the end of the way, not at the endpoint.',
  nowWhat: [
    {
      kind: 'change',
      text: ['Ask whoever runs the last router, or the packet filter behind it, about this address and port.'],
    },
  ],
  sources: ['RFC 792', 'RFC 1812 5.2.7', 'RFC 4443 3.1'],
  judge({ path: { byEndpoint } }) {
    if (byEndpoint.length === 0) return { outcome: 'not-applicable', because: 'no path was traced' };
    const seen = byEndpoint.flatMap((path, index): readonly Seen[] => {
      const at = path.flows.findIndex((flow) => isSight(path, flow));
      const flow = path.flows[at];
      if (flow === undefined) return [];
      const arrives = path.rideConnects > 0 && path.rideConnected === path.rideConnects;
      const evidence = [pointer('evidence', 'path', 'byEndpoint', index, 'flows', at)] as const;
      return [
        { what: [said(path, flow)], endpoint: path.endpoint, evidence, ...(arrives ? { severity: 'notice' } : {}) },
      ];
    });
    if (seen.length > 0) return foundOrPass(seen);
    const missed = byEndpoint.filter(({ flows, rideConnected }) => rideConnected === 0 && !flows.some(gotThere));
    if (missed.length === 0) return { outcome: 'pass' };
    return missed.some(({ flows }) => flows.some(({ end }) => end === 'loop'))
      ? { outcome: 'not-applicable', because: 'packets go in a circle instead (path-loop)' }
      : { outcome: 'not-judged', because: 'the trace did not come to an end' };
  },
};
