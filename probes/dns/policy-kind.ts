// Owns telling a routing policy from repeated answers of a zone's own servers. Pure, and rather silent than wrong.
// Never takes a cache's answers: a resolver draws once a TTL and repeats it.
import { combinations, estimatePool, expectedDistinct } from '../../src/stats/pool.ts';
import { equalSharesChance, largestUnseenShare } from '../../src/stats/proportion.ts';
import type { PolicyKind } from './evidence.ts';

/** One answer, in the order of sending. */
export interface PolicySample {
  readonly server: string;
  /** Addresses, or the target of an alias that leaves the zone; in the order of the answer. */
  readonly members: readonly string[];
}

/** One answer for a client subnet (RFC 7871). Each subnet is asked for twice, so that chance can be told from place. */
export interface SubnetView {
  readonly prefix: string;
  readonly scope: number;
  readonly members: readonly string[];
}

export interface PolicyVerdict {
  readonly kind: PolicyKind;
  readonly confidence: 'observed' | 'inferred';
  /** Different sets, the most frequent first. */
  readonly sets: readonly { readonly members: readonly string[]; readonly n: number }[];
  /** Different orders of the set that came in most of them. */
  readonly orders: number;
  /** `multivalue` only: estimated number of members, seen and unseen. */
  readonly pool: number | null;
  readonly signals: readonly string[];
}

/** Fewer answers tell nothing: a second set of equal weight stays unseen in one journey of sixteen with five. */
const FEWEST = 5;
/** Answers before and after a single change that make it an event rather than a draw. */
const CHANGE_RUN = 3;
/** More sets of one member than this, equally often, are a pool; that many weights nobody maintains. */
const MOST_WEIGHTS = 8;
/** How unlikely chance must be before place is believed. */
const CHANCE = 0.01;

interface Told {
  readonly kind: PolicyKind;
  readonly confidence?: 'observed';
  readonly pool?: number;
  readonly signals: readonly string[];
}

export function inferPolicy(samples: readonly PolicySample[], views: readonly SubnetView[] = []): PolicyVerdict {
  const bySet = Map.groupBy(samples, ({ members }) => setKey(members));
  const sets = [...bySet.values()]
    .map((same) => ({ members: [...(same[0]?.members ?? [])].toSorted(), n: same.length }))
    .toSorted((a, b) => b.n - a.n);
  const orders = Math.max(0, ...[...bySet.values()].map((same) => new Set(same.map(orderKey)).size));
  const place = byPlace(samples, views);
  const told = place?.kind === 'client-dependent' ? place : (tooFew(samples) ?? place ?? drawn(samples, sets, orders));
  return {
    kind: told.kind,
    confidence: told.confidence ?? 'inferred',
    sets,
    orders,
    pool: told.pool ?? null,
    signals: [...told.signals, ...scopeSignal(views)],
  };
}

const setKey = (members: readonly string[]): string => members.toSorted().join(' ');
const orderKey = ({ members }: PolicySample): string => members.join(' ');
const cannotTell = (signal: string): Told => ({ kind: 'cannot-tell', signals: [signal] });

function tooFew(samples: readonly PolicySample[]): Told | null {
  return samples.length < FEWEST ? cannotTell(`${samples.length} answers are too few`) : null;
}

function scopeSignal(views: readonly SubnetView[]): readonly string[] {
  if (views.length === 0) return [];
  const scoped = views.filter(({ scope }) => scope > 0).length;
  return scoped === 0 ? ['client subnets are answered for all clients alike (scope 0)'] : [];
}

/** Null when the answers for subnets say nothing beyond what answers without one say. */
function byPlace(samples: readonly PolicySample[], views: readonly SubnetView[]): Told | null {
  const asked = [...Map.groupBy(views, ({ prefix }) => prefix).values()].filter((same) => same.length > 1);
  const scoped = asked.filter((same) => same.every(({ scope }) => scope > 0));
  const keys = scoped.map((same) => new Set(same.map(({ members }) => setKey(members))));
  const steady = keys.flatMap((sets) => (sets.size === 1 ? [...sets] : []));
  if (new Set(steady).size < 2) return null;
  const words = `${steady.length} of ${scoped.length} client subnets get the same set twice, ${new Set(steady).size} sets in all`;
  const dependent: Told = { kind: 'client-dependent', confidence: 'observed', signals: [words] };
  const base = [...Map.groupBy(samples, ({ members }) => setKey(members)).entries()];
  if (base.length === 1) {
    // Twice the same, rare draw at one subnet happens; at two it hardly does.
    const others = steady.filter((key) => key !== base[0]?.[0]).length;
    if (others >= 2) return dependent;
    return cannotTell('one client subnet gets another set, which a rare weight may also do');
  }
  // The chance that every subnet repeats itself although each answer is drawn from what all answers show.
  const repeat = base.reduce((sum, [, same]) => sum + (same.length / samples.length) ** 2, 0);
  return steady.length === scoped.length && repeat ** scoped.length < CHANCE ? dependent : null;
}

function drawn(samples: readonly PolicySample[], sets: PolicyVerdict['sets'], orders: number): Told {
  if (sets.length === 1) return oneSet(samples.length, orders);
  return unlikeDraws(samples) ?? severalSets(samples, sets);
}

function oneSet(answers: number, orders: number): Told {
  const unseen = `a set with a share under ${Math.ceil(largestUnseenShare(answers) * 100)} % could have stayed unseen`;
  return orders > 1
    ? { kind: 'rotated', confidence: 'observed', signals: [`one set in ${orders} orders`, unseen] }
    : { kind: 'fixed', confidence: 'observed', signals: ['one set in one order', unseen] };
}

/** Differences that come from the server or the moment, not from a draw for each answer. */
function unlikeDraws(samples: readonly PolicySample[]): Told | null {
  const servers = [...Map.groupBy(samples, ({ server }) => server).values()];
  const constant = servers.every((same) => new Set(same.map(({ members }) => setKey(members))).size === 1);
  if (servers.length > 1 && constant) return cannotTell('each server repeats itself, but they differ from one another');
  const keys = samples.map(({ members }) => setKey(members));
  const changes = keys.flatMap((key, index) => (index > 0 && key !== keys[index - 1] ? [index] : []));
  const [at = 0] = changes;
  if (changes.length === 1 && Math.min(at, keys.length - at) >= CHANGE_RUN) {
    return cannotTell('the answer changed once while it was watched: a change or a failover');
  }
  return null;
}

function severalSets(samples: readonly PolicySample[], sets: PolicyVerdict['sets']): Told {
  const sizes = new Set(sets.map(({ members }) => members.length));
  const seen = new Map<string, number>();
  for (const member of samples.flatMap(({ members }) => members)) seen.set(member, (seen.get(member) ?? 0) + 1);
  const total = sets.reduce((sum, { members }) => sum + members.length, 0);
  if (sets.some(({ members }) => members.length === 0)) return cannotTell('some answers hold no address');
  if (total === seen.size) return disjoint(samples.length, sets, [...seen.values()]);
  if (sizes.size > 1) return cannotTell('the sets differ in size and share members');
  return overlapping(samples.length, sets, [...seen.values()]);
}

/** No member is in two sets: a weight for each set, or a pool of which each answer shows one. */
function disjoint(answers: number, sets: PolicyVerdict['sets'], seen: readonly number[]): Told {
  const even = equalSharesChance(sets.map(({ n }) => n)) > 0.05;
  const shares = even ? 'equal shares fit' : 'the shares are not equal';
  const single = sets.every(({ members }) => members.length === 1);
  if (single && even && sets.length > MOST_WEIGHTS) {
    return { kind: 'multivalue', pool: pooled(seen, answers), signals: ['one member in each answer', shares] };
  }
  if (single && even && sets.length > MOST_WEIGHTS / 2) {
    return cannotTell(`${sets.length} single members, equally often: a small pool and equal weights look alike`);
  }
  return { kind: 'weighted', signals: [`${sets.length} sets without a common member`, shares] };
}

/** Sets of one size that share members: draws from a pool, when there are about as many as such draws would give. */
function overlapping(answers: number, sets: PolicyVerdict['sets'], seen: readonly number[]): Told {
  const size = sets[0]?.members.length ?? 0;
  const pool = pooled(seen, answers);
  const expected = expectedDistinct(combinations(Math.max(pool, seen.length), size), answers);
  if (sets.length < 3 || sets.length < Math.min(expected / 2, seen.length)) {
    return cannotTell(`only ${sets.length} sets that share members: weights, or servers’ nodes that differ`);
  }
  return { kind: 'multivalue', pool, signals: [`${sets.length} sets of ${size} out of ${seen.length} seen members`] };
}

function pooled(seen: readonly number[], answers: number): number {
  return Math.round(estimatePool(seen, answers));
}
