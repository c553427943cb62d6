// Owns the check for an endpoint that is slower than the others by more than chance and taste allow.
import { type Check, foundOrPass, type Given, type Seen } from '../../../src/contract/check.ts';
import { type Phrase, pointer } from '../../../src/model/finding.ts';
import type { EndpointId } from '../../../src/model/text.ts';
import type { HopId } from '../../../src/model/trace.ts';
import { quantile, quantileInterval } from '../../../src/stats/quantile.ts';
import { ms } from '../derive.ts';
import type { BalancerEvidence } from '../evidence.ts';
import type { BalancerPolicy } from '../options.ts';

/** What each phase being slow means, and where to look. `total` is left out: it would say the same again. */
const PHASES = {
  connect: ['Connection', 'Compare the network path to this zone: routes, a busy balancer, lost SYNs.'],
  tls: ['TLS handshake', 'Look at the CPU of what ends TLS in this zone, and at its certificate and key type.'],
  wait: ['First byte', 'Look at the hosts of this zone and what they depend on: load, database, locks.'],
  receive: ['Body', 'Look at the bandwidth of this zone, and whether its bodies are larger.'],
} as const satisfies Partial<Record<HopId, readonly [string, string]>>;
type Phase = keyof typeof PHASES;

/** The samples of one phase on one endpoint, enough to bound their median. */
interface Side {
  readonly endpoint: EndpointId;
  /** Position in the journey's hops. */
  readonly hop: number;
  readonly median: number;
  /** 95 % interval of the median, from order statistics. */
  readonly low: number;
  readonly high: number;
}

function sidesOf({ hops, policy }: Given<BalancerPolicy>, phase: Phase): readonly Side[] {
  return hops.flatMap(({ id, endpoint, latencyMs }, hop) => {
    if (id !== phase || endpoint === null || latencyMs === null) return [];
    if (latencyMs.samples.length < policy.slowSamples) return [];
    const sorted = latencyMs.samples.toSorted((a, b) => a - b);
    const interval = quantileInterval(sorted, 0.5);
    if (interval === null) return [];
    return [{ endpoint, hop, median: quantile(sorted, 0.5), low: interval[0], high: interval[1] }];
  });
}

/** The middle one of the others by median; of two the slower, so that a zone must be slower than both. */
function middle(others: readonly Side[]): Side | undefined {
  return others.toSorted((a, b) => a.median - b.median)[Math.floor(others.length / 2)];
}

function judgePhase(given: Given<BalancerPolicy>, phase: Phase): readonly Seen[] {
  const { slowRatio, slowDifferenceMs } = given.policy;
  const sides = sidesOf(given, phase);
  return sides.flatMap((side): readonly Seen[] => {
    const other = middle(sides.filter((each) => each !== side));
    if (other === undefined) return [];
    const apart = side.low > other.high;
    const much = side.median >= slowRatio * other.median && side.median - other.median >= slowDifferenceMs;
    if (!apart || !much) return [];
    const [says, text] = PHASES[phase];
    const what: Phrase = [`${says}: median ${ms(side.median)} here, ${ms(other.median)} at the other endpoints.`];
    return [
      {
        what,
        endpoint: side.endpoint,
        nowWhat: [{ kind: 'change', text: [text] }],
        evidence: [pointer('hops', side.hop), pointer('hops', other.hop)],
      },
    ];
  });
}

export const zoneSlow: Check<{ balancer: BalancerEvidence }, BalancerPolicy> = {
  id: 'zone-slow',
  needs: ['balancer'],
  severity: 'warning',
  title: 'One zone slower than the others',
  soWhat: 'Callers sent there wait longer than the rest, and timeouts set by the other zones strike here first.',
  nowWhat: [{ kind: 'change', text: ['Compare the hosts and the path of this zone with another one.'] }],
  sources: ['order-statistic interval of the median (distribution-free); see src/stats/quantile.ts'],
  judge({ balancer }, given) {
    if (balancer.byEndpoint.length < 2) return { outcome: 'not-applicable', because: 'there is only one endpoint' };
    if (sidesOf(given, 'wait').length < 2) {
      const because = `fewer than two endpoints have ${given.policy.slowSamples} answers to compare; ask more often (-n)`;
      return { outcome: 'not-judged', because };
    }
    return foundOrPass((Object.keys(PHASES) as Phase[]).flatMap((phase) => judgePhase(given, phase)));
  },
};
