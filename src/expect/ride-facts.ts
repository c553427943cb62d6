// Owns the facts that the ride itself measured and no probe owns: zones of the endpoints, the time of each phase of a request. Pure.
import type { Given } from '../contract/check.ts';
import type { Fact, Sight, Weight } from '../contract/fact.ts';
import { pointer } from '../model/finding.ts';
import type { Hop } from '../model/latency.ts';
import type { Clock, HopId } from '../model/trace.ts';
import { binomialCdf } from '../stats/quantile.ts';
import type { FactSection } from './drift.ts';
import { firmZone } from './places.ts';

/**
 * Head-room over the median that was measured, and the chance below which so many samples beyond the budget are no accident (the sign
 * test: with 20 samples 16 of them). By simulation (test/budget.test.ts), learned from 20 samples and held to 20: an unchanged world never
 * drifted in 20,000 rides with 5 or 10 % of noise, in 1 of 4000 with 20 %, in 3 of 1000 where one of two hosts is twice as slow, in 9 of 1000
 * with 50 %, and in 7 of 1000 where each ride has a speed of its own (5 %). A median up by 30 % is found in all rides with 5 % of noise, in 88
 * of 100 with 10 % and in 44 of 100 with 20 %; with 60 samples in all and in 83 of 100.
 */
export const HEAD_ROOM = 1.15;
export const LEVEL = 0.01;
/** Less is this machine's, not the service's: a scheduler's slice, and by the event loop's clock what a busy process adds. Ms. */
const LEAST_ROOM_MS: Readonly<Record<Clock, number>> = { kernel: 2, loop: 10 };

/** What of the phases is learned: `total` is their sum, and `send` says nothing. */
const PHASES: readonly (readonly [HopId, string, string, boolean])[] = [
  ['resolve', 'Lookup of the name', 'from the question to the answer', true],
  ['connect', 'TCP connection', 'one round trip to the endpoint', true],
  ['tls', 'TLS handshake', 'a round trip or two, and the signature', true],
  ['wait', 'First byte', 'from the request written to the first byte of the answer', true],
  ['receive', 'Rest of the answer', 'from its first byte to its last', true],
  ['total', 'Whole request', 'all phases together', false],
];

/** A budget for a phase that takes no time would be one for noise. Ms. */
const LEAST_P50_MS = 1;
/** A median of fewer is anybody's guess. */
const LEAST_SAMPLES = 10;
/** Phases that are always worth a line. */
const ALWAYS: ReadonlySet<HopId> = new Set(['connect', 'tls', 'wait']);

export function budgetOf(p50Ms: number, clock: Clock): number {
  const withRoom = Math.max(p50Ms * HEAD_ROOM, p50Ms + LEAST_ROOM_MS[clock]);
  return Number(withRoom.toFixed(withRoom < 10 ? 1 : 0));
}

/** Whether so many samples beyond the budget say that the median is beyond it: the sign test, one-sided. */
export function weighBudget(samples: readonly number[], budgetMs: number): Weight {
  const beyond = samples.filter((sample) => sample > budgetMs).length;
  const chance = beyond === 0 ? 1 : 1 - (binomialCdf(samples.length, 0.5)[beyond - 1] ?? 0);
  if (chance <= LEVEL) return 'drift';
  if (0.5 ** samples.length <= LEVEL) return 'holds';
  return { because: `${samples.length} samples, beyond it by their median, are too few to tell` };
}

const latency = PHASES.map(([id, title, says, learned]): Fact => {
  return {
    key: id,
    drift: `${id}-time-drift`,
    rule: 'at-most',
    title: `${title}, median in ms`,
    reading: says,
    soWhat: 'Callers wait longer than they used to, and timeouts set by what was usual come nearer.',
    ...(learned ? {} : { learned: false }),
    look: (_, { hops }) => {
      const sights = hops.flatMap((hop, at) => (hop.id === id ? [hopSight(hop, at)] : []));
      return sights.length === 0 ? { unseen: 'no request got that far' } : sights;
    },
  };
});

function hopSight(hop: Hop, at: number): Sight {
  const { id, endpoint, latencyMs } = hop;
  if (latencyMs === null) {
    return { endpoint, value: null, because: 'no sample finished this phase', evidence: pointer('hops', at) };
  }
  const { p50, samples } = latencyMs;
  const isTold = ALWAYS.has(id) || p50 >= LEAST_P50_MS;
  return {
    endpoint,
    value: p50,
    evidence: pointer('hops', at, 'latencyMs', 'p50'),
    expect: isTold && samples.length >= LEAST_SAMPLES ? { atMost: budgetOf(p50, hop.clock) } : null,
    weigh: (bound) => weighBudget(samples, bound),
  };
}

const zones: Fact = {
  key: 'zones',
  drift: 'zone-drift',
  rule: 'exactly',
  title: 'Zones with an endpoint',
  reading: 'each has an address, and no other has',
  soWhat: 'Callers reach fewer zones than they should, or one that nobody expected.',
  look: (_, { endpoints }: Given<unknown>) => {
    const named = endpoints.flatMap((endpoint) => firmZone(endpoint) ?? []);
    if (endpoints.length === 0) return { unseen: 'no endpoint was found' };
    if (named.length < endpoints.length) return { unseen: 'the zone of an endpoint is not known' };
    return [{ endpoint: null, value: [...new Set(named)].toSorted(), evidence: pointer('endpoints') }];
  },
};

export const rideSections: readonly FactSection[] = [
  { section: 'endpoints', title: 'Where the endpoints are', probe: null, facts: [zones] },
  {
    section: 'latency',
    title:
      'How long each phase of a request takes, at most: as measured, and 15 % or 2 ms of head-room (10 ms by the loop’s clock)',
    probe: null,
    facts: latency,
  },
];
