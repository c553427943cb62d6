// Owns the check for an endpoint that is slower than the others by more than chance and taste allow.
import { type Check, foundOrPass, type Given, type Seen } from '../../../src/contract/check.ts';
import { type Phrase, pointer } from '../../../src/model/finding.ts';
import type { EndpointId } from '../../../src/model/text.ts';
import type { HopId } from '../../../src/model/trace.ts';
import { holm } from '../../../src/stats/counts.ts';
import { quantile } from '../../../src/stats/quantile.ts';
import { hodgesLehmann, mannWhitney } from '../../../src/stats/ranks.ts';
import { ms, shareWords } from '../derive.ts';
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
const phases = Object.keys(PHASES) as Phase[];

/** What chance would show more often, in any of the comparisons together, is not told. */
const CHANCE = 0.05;
/** Of many samples the first: ranking more takes time and says nothing more. */
const MOST_SAMPLES = 2000;

/** The samples of one phase on one endpoint, enough to bound their median. */
interface Side {
  readonly endpoint: EndpointId;
  /** Position in the journey's hops. */
  readonly hop: number;
  readonly median: number;
  readonly samples: readonly number[];
}

/** One endpoint against the middle one of the others. */
interface Comparison {
  readonly phase: Phase;
  readonly side: Side;
  readonly other: Side;
  readonly chance: number;
}

function sidesOf({ hops, policy }: Given<BalancerPolicy>, phase: Phase): readonly Side[] {
  return hops.flatMap(({ id, endpoint, latencyMs }, hop) => {
    if (id !== phase || endpoint === null || latencyMs === null) return [];
    const { samples } = latencyMs;
    if (samples.length < policy.slowSamples) return [];
    const sorted = samples.toSorted((a, b) => a - b);
    return [{ endpoint, hop, median: quantile(sorted, 0.5), samples: samples.slice(0, MOST_SAMPLES) }];
  });
}

/** The middle one of the others by median; of two the slower, so that a zone must be slower than both. */
function middle(others: readonly Side[]): Side | undefined {
  return others.toSorted((a, b) => a.median - b.median)[Math.floor(others.length / 2)];
}

function comparisonsOf(given: Given<BalancerPolicy>, phase: Phase): readonly Comparison[] {
  const sides = sidesOf(given, phase);
  return sides.flatMap((side) => {
    const other = middle(sides.filter((each) => each !== side));
    if (other === undefined) return [];
    return [{ phase, side, other, chance: mannWhitney(side.samples, other.samples).chance }];
  });
}

function seenIn({ phase, side, other }: Comparison, balancer: BalancerEvidence, policy: BalancerPolicy): Seen | null {
  const isFar = side.median >= policy.slowRatio * other.median;
  const shift = isFar ? hodgesLehmann(side.samples, other.samples) : null;
  if (shift?.interval == null || shift.interval[0] < policy.slowDifferenceMs) return null;
  const [low, high] = shift.interval;
  const [says, text] = PHASES[phase];
  const record = balancer.byEndpoint.find(({ endpoint }) => endpoint === side.endpoint);
  const later = `${ms(shift.shift)} later than at the others (95 %: ${ms(low)} to ${ms(high)})`;
  const what: Phrase = [
    `${says}: ${later}; median ${ms(side.median)} here, ${ms(other.median)} there.`,
    record === undefined ? '' : shareWords(record, balancer),
  ];
  return {
    ...{ what, endpoint: side.endpoint, nowWhat: [{ kind: 'change', text: [text] }] },
    evidence: [pointer('hops', side.hop), pointer('hops', other.hop)],
  };
}

export const zoneSlow: Check<{ balancer: BalancerEvidence }, BalancerPolicy> = {
  id: 'zone-slow',
  needs: ['balancer'],
  severity: 'warning',
  title: 'One zone slower than the others',
  soWhat: 'Callers sent there wait longer than the rest, and timeouts set by the other zones strike here first.',
  nowWhat: [{ kind: 'change', text: ['Compare the hosts and the path of this zone with another one.'] }],
  sources: [
    'Mann and Whitney, Ann. Math. Stat. 18 (1947)',
    'Hodges and Lehmann, Ann. Math. Stat. 34 (1963)',
    'Holm, Scand. J. Statist. 6 (1979)',
  ],
  judge({ balancer }, given) {
    if (balancer.byEndpoint.length < 2) return { outcome: 'not-applicable', because: 'there is only one endpoint' };
    if (sidesOf(given, 'wait').length < 2) {
      const because = `fewer than two endpoints have ${given.policy.slowSamples} answers to compare; ask more often (-n)`;
      return { outcome: 'not-judged', because };
    }
    const all = phases.flatMap((phase) => comparisonsOf(given, phase));
    const chances = holm(all.map(({ chance }) => chance));
    const likely = all.filter((_, at) => (chances[at] ?? 1) <= CHANCE);
    return foundOrPass(likely.flatMap((one) => seenIn(one, balancer, given.policy) ?? []));
  },
};
