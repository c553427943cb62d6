// Owns the check for packets that get lost on the way: only loss that lasts to the endpoint is loss. Routers limit how often they answer.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { wilsonInterval } from '../../../src/stats/proportion.ts';
import { gotThere } from '../derive.ts';
import type { EndpointPath, PathEvidence } from '../evidence.ts';
import type { PathPolicy } from '../options.ts';

/** A single lost packet is weather. */
const LEAST_LOST = 2;

interface Lost {
  readonly lost: number;
  readonly sent: number;
}

/** What got lost of the SYNs that were for the endpoint itself: the ride's, and the trace's. */
function lostAtTarget({ routers, rideConnects, rideSynsLost, reached }: EndpointPath): Lost {
  const target = reached ? routers.at(-1) : undefined;
  const { sent = 0, received = 0 } = target ?? {};
  return { lost: rideSynsLost + sent - received, sent: rideConnects + sent };
}

/** The first router from which on every one that answers at all lost some; -1 when there is none before the endpoint. */
function beginningOf({ routers }: EndpointPath): number {
  const answering = routers.flatMap(({ sent, received }, at) =>
    received === 0 ? [] : [{ at, whole: received === sent }],
  );
  const lastWhole = answering.slice(0, -1).findLast(({ whole }) => whole)?.at ?? -1;
  return answering.find(({ at }) => at > lastWhole)?.at ?? -1;
}

function said(path: EndpointPath, { lost, sent }: Lost): string {
  const at = beginningOf(path);
  const router = path.routers[at];
  const isTarget = at === path.routers.length - 1;
  const where =
    router === undefined || isTarget
      ? 'every router before it answered in full'
      : `it begins at TTL ${router.ttl}, ${router.addresses[0] ?? 'a silent router'} (${router.sent - router.received} of ${router.sent})`;
  return `${lost} of ${sent} SYNs to the endpoint were lost; ${where}.`;
}

export const pathLoss: Check<{ path: PathEvidence }, PathPolicy> = {
  id: 'path-loss',
  needs: ['path'],
  severity: 'warning',
  title: 'Packets get lost on the way',
  soWhat: 'A lost SYN costs the caller a second, a lost packet of an answer a few round trips.',
  nowWhat: [
    {
      kind: 'change',
      text: [
        'Look at the link before the router where it begins: its errors, its load, and the way back, which is not seen from here.',
      ],
    },
  ],
  sources: ['RFC 6298 5.7', 'RFC 1812 4.3.2.8'],
  judge({ path: { byEndpoint } }, { policy }) {
    const reached = byEndpoint.filter(({ flows, rideConnected }) => flows.some(gotThere) || rideConnected > 0);
    if (reached.length === 0) return { outcome: 'not-applicable', because: 'no traced endpoint was reached' };
    const seen = byEndpoint.flatMap((path, index): readonly Seen[] => {
      const loss = lostAtTarget(path);
      const [low] = wilsonInterval(loss.lost, Math.max(1, loss.sent));
      if (!reached.includes(path) || loss.lost < LEAST_LOST || low < policy.lossShare) return [];
      const evidence = [pointer('evidence', 'path', 'byEndpoint', index, 'routers')] as const;
      return [{ what: [said(path, loss)], endpoint: path.endpoint, evidence }];
    });
    return foundOrPass(seen);
  },
};
