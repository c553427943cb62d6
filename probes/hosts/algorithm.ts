// Owns naming how the balancer chooses hosts, from the order in which they answered: a list of decisions, each with the sample it needs.
// Pure. Says that it cannot tell rather than guess.
import { countTest } from '../../src/stats/counts.ts';
import { chiSquareUpper } from '../../src/stats/distribution.ts';
import { asymmetryTest, runsTest, successorTest, windowTest } from '../../src/stats/order.ts';
import { periodOfKinds } from './estimate.ts';
import type { Algorithm } from './evidence.ts';

/** Which host answered each request, as a small number; null where it is not known. */
export interface Draws {
  /** One request after the other. */
  readonly serial: readonly (number | null)[];
  /** Requests sent at once. */
  readonly bursts: readonly (readonly (number | null)[])[];
  /** While a request to `host` was kept open, these answered. */
  readonly holds: readonly { readonly host: number; readonly others: readonly number[] }[];
}

export interface OrderFacts {
  readonly period: number | null;
  /** Places of the turn whose host never gave its name. */
  readonly nameless: number;
  /** Chance of this much dependence on the host before, when there is none. */
  readonly successorChance: number | null;
  /** Chance of counts as even within stretches of the ride, when hosts are drawn at random. */
  readonly evenChance: number | null;
  /** Chi-square by degree of freedom within bursts: about 0 when taken in turns, 1 when drawn at random. */
  readonly burstDispersion: number | null;
  readonly burstChance: number | null;
}

export interface Decision {
  readonly algorithm: Algorithm | null;
  /** What the same order would come from, too. */
  readonly alsoFits: readonly Algorithm[];
  /** Why no algorithm is named, and what would tell; or what disturbs the order. */
  readonly because: string | null;
  readonly facts: OrderFacts;
}

/** Fewer draws than these say nothing of chance. */
const LEAST_DRAWS = 24;
/** For calling it always the same: an even pair would show itself with a chance of all but one in a million. */
const LEAST_SAME = 20;
const WINDOW = 40;
const LEAST_BURSTS = 20;
const LEAST_HOLDS = 3;
/** Permuting more of them takes time and says nothing more; a table of more hosts would be empty. */
const MOST_DRAWS = 2000;
const MOST_KINDS = 64;
/** Dispersion within bursts: rotations under other people's traffic stay below the first, two choices below the second (measured on HAProxy and nginx). */
const ROTATION_DISPERSION = 0.15;
const CHOICES_DISPERSION = 0.6;

const NO_FACTS: OrderFacts = {
  ...{ period: null, nameless: 0, successorChance: null, evenChance: null, burstDispersion: null, burstChance: null },
};

export function decide(all: Draws): Decision {
  const draws = { ...all, serial: all.serial.slice(0, MOST_DRAWS) };
  const known = draws.serial.filter((kind) => kind !== null);
  const kinds = new Set([...known, ...draws.bursts.flat().filter((kind) => kind !== null)]).size;
  const n = known.length;
  if (kinds === 0) return untold('nothing tells the hosts apart', NO_FACTS);
  if (kinds === 1) return sameHost(n);
  const turn = turnOf(draws.serial, kinds);
  if (turn !== null) return rotation(turn, draws);
  if (kinds > MOST_KINDS) return untold(`too many hosts (${kinds}) to tell an order among them`, NO_FACTS);
  const facts = factsOf(draws, known);
  if (n < LEAST_DRAWS) return untold(`cannot tell with ${n} answers of known hosts; ask for -n 50`, facts);
  const { z } = runsTest(known);
  if (z < -4) return untold('requests stay with a host for a while, then change: no rule that this knows', facts);
  return disturbed(draws, facts, z) ?? fromBursts(draws, facts, kinds) ?? byOrderAlone(n, facts);
}

function sameHost(n: number): Decision {
  if (n < LEAST_SAME) return untold(`cannot tell with ${n} answers of one host; ask for -n ${LEAST_SAME}`, NO_FACTS);
  const because = 'one host for this client: a hash of its address, stickiness, or the only host';
  return { algorithm: 'one host for one client', alsoFits: [], because, facts: NO_FACTS };
}

interface Turn {
  readonly period: number;
  /** In the order of their places; shorter than the period where the host of a place never gave its name. */
  readonly kinds: readonly number[];
}

/**
 * One whole turn; null when the order has no period. In the later part of a ride alone, too: hellos and handshakes beside its
 * beginning take turns of their own where connections are passed through.
 */
export function turnOf(serial: Draws['serial'], kinds: number): Turn | null {
  for (const from of [0, serial.length / 4, serial.length / 2]) {
    const part = serial.slice(Math.ceil(from));
    const period = periodOfKinds(part);
    const known = part.filter((kind) => kind !== null);
    if (period === null || new Set(known).size < kinds) continue;
    // Of each place in the turn the first that is known.
    const turn = Array.from({ length: period }, (_, place) =>
      part.find((kind, at): kind is number => kind !== null && at % period === place),
    );
    return { period, kinds: turn.filter((kind) => kind !== undefined) };
  }
  return null;
}

/** A whole turn was seen. Idle hosts under least connections are taken in turns too: only a request kept open tells them apart. */
function rotation({ period, kinds }: Turn, { holds }: Draws): Decision {
  const facts = { ...NO_FACTS, period, nameless: period - kinds.length };
  const counts = [...Map.groupBy(kinds, (kind) => kind).values()].map((group) => group.length);
  const algorithm = new Set(counts).size === 1 ? 'round robin' : 'weighted round robin';
  return { algorithm, alsoFits: ['least connections'], because: null, facts, ...avoidance(holds) };
}

/** Hosts with a request kept open were passed over each time. That they were not proves nothing: a balancer may wait for the whole request. */
function avoidance(holds: Draws['holds'], kinds = 0): Partial<Pick<Decision, 'algorithm' | 'alsoFits'>> {
  const avoided = holds.filter(({ host, others }) => others.length > 0 && !others.includes(host)).length;
  if (holds.length < LEAST_HOLDS || avoided < holds.length) return {};
  return { algorithm: 'least connections', alsoFits: kinds === 2 ? ['power of two choices'] : [] };
}

/** The idler of two out of two is the idlest of all; of two out of three it is all but the busiest, in no direction. */
function alikeTurns(kinds: number, bursts: Draws['bursts']): readonly Algorithm[] {
  const isLikeChoices = kinds === 2 || (kinds === 3 && asymmetryTest(bursts).chance > 0.01);
  return isLikeChoices ? ['least connections', 'power of two choices'] : ['least connections'];
}

function factsOf({ serial, bursts }: Draws, known: readonly number[]): OrderFacts {
  const flat = bursts.flat();
  const size = bursts[0]?.length ?? 0;
  const burst = bursts.length < LEAST_BURSTS ? null : windowTest(flat, size);
  const freedom = bursts.length * (new Set(flat.filter((kind) => kind !== null)).size - 1);
  return {
    ...NO_FACTS,
    successorChance: known.length < LEAST_DRAWS ? null : successorTest(serial).chance,
    evenChance: known.length < 2 * WINDOW ? null : windowTest(known, WINDOW).chance,
    burstDispersion: burst === null || freedom < 1 ? null : burst.statistic / freedom,
    burstChance: burst?.chance ?? null,
  };
}

/** Turns that others' requests, or a counter for each worker of the balancer, have mixed up. */
function disturbed({ serial, bursts, holds }: Draws, facts: OrderFacts, z: number): Decision | null {
  const counts = countsOf(serial);
  const total = countTest(counts);
  // Where a busy host is avoided the next one differs too, but in no direction; two hosts know no direction.
  const isDirected = counts.length === 2 || asymmetryTest([serial]).chance <= 0.01;
  const isDependent = (facts.successorChance ?? 1) <= 0.005 && z > 0 && isDirected;
  const isEven = (facts.evenChance ?? 1) <= 0.002 || (counts.length > 2 && total.lower <= 0.002);
  if (!isDependent && !isEven) return null;
  // Two choices are even within bursts as well; turns would show their direction there.
  const isLoose = (facts.burstDispersion ?? 0) >= ROTATION_DISPERSION && asymmetryTest(bursts).chance > 0.05;
  if (!isDependent && isLoose) return null;
  return {
    // Weights show in all requests together, those at once too.
    algorithm:
      countTest(countsOf([...serial, ...bursts.flat()])).upper <= 0.01 ? 'weighted round robin' : 'round robin',
    alsoFits: alikeTurns(counts.length, bursts),
    because: 'the turns are mixed: each worker of the balancer counts by itself, or other requests come between ours',
    facts,
    ...avoidance(holds, counts.length),
  };
}

function fromBursts({ serial, bursts, holds }: Draws, facts: OrderFacts, kinds: number): Decision | null {
  const { burstDispersion: dispersion, burstChance, successorChance, evenChance } = facts;
  if (dispersion === null || burstChance === null) return null;
  const freedom = bursts.length * (kinds - 1);
  const total = countTest(countsOf([...serial, ...bursts.flat()]));
  const isHintOfTurns =
    (successorChance ?? 1) <= 0.05 || (evenChance ?? 1) <= 0.1 || (kinds > 2 && total.lower <= 0.05);
  const asymmetry = asymmetryTest(bursts).chance;
  if (burstChance <= 0.001 && (dispersion < ROTATION_DISPERSION || asymmetry <= 0.001)) {
    const because = 'at once requests spread evenly, one by one they do not: other requests come between ours';
    const algorithm = total.upper <= 0.01 ? 'weighted round robin' : 'round robin';
    return { algorithm, alsoFits: alikeTurns(kinds, bursts), because, facts, ...avoidance(holds, kinds) };
  }
  if (isHintOfTurns) return null;
  // Two hosts: the one of two choices is that with fewer connections, and turns have no direction.
  if (burstChance <= 0.001 && kinds > 2 && asymmetry > 0.05 && isUnbound(bursts, dispersion)) {
    return { algorithm: 'power of two choices', alsoFits: [], because: null, facts };
  }
  // Random, unless two choices could have looked like it.
  const isSpread = chiSquareUpper((dispersion * freedom) / CHOICES_DISPERSION, freedom) <= 0.05;
  return burstChance > 0.05 && isSpread ? { algorithm: 'random', alsoFits: [], because: null, facts } : null;
}

/** Counters make several bursts together more even than each of them; choices between two hosts forget. */
function isUnbound(bursts: Draws['bursts'], dispersion: number): boolean {
  const size = bursts[0]?.length ?? 0;
  const flat = bursts.flat();
  const groups = Math.floor(bursts.length / 5);
  const freedom = groups * (new Set(flat.filter((kind) => kind !== null)).size - 1);
  return freedom > 0 && windowTest(flat, 5 * size).statistic / freedom > 0.4 * dispersion;
}

function byOrderAlone(n: number, facts: OrderFacts): Decision {
  const asked = facts.burstChance === null ? `--infer${n < 200 ? ' -n 200' : ''}` : `-n ${Math.max(500, 2 * n)}`;
  return untold(
    `cannot tell with ${n}: the order looks like chance, as random, two choices or turns among many other requests would; ask for ${asked}`,
    facts,
  );
}

function countsOf(draws: readonly (number | null)[]): readonly number[] {
  const known = draws.filter((kind) => kind !== null);
  return [...Map.groupBy(known, (kind) => kind).values()].map((group) => group.length);
}

function untold(because: string, facts: OrderFacts): Decision {
  return { algorithm: null, alsoFits: [], because, facts };
}
