// Owns what a routing policy is called in a sentence and in a table, and what its sample supports. Pure.
import type { Block } from '../../src/contract/section.ts';
import type { Json } from '../../src/model/json.ts';
import { drawsForHalfWidth, wilsonInterval } from '../../src/stats/proportion.ts';
import type { DnsEvidence, PolicyEvidence } from './evidence.ts';

/** Shares are told when each is known to this many points to either side, 95 %. */
const HALF_WIDTH = 0.15;
/** What a reader who wants better shares is told to aim for. */
const WANTED_HALF_WIDTH = 0.1;
/** A set that came less often says little of its share. */
const FEWEST_OF_A_SET = 5;

export interface SetShare {
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

/** Share of each set with its Wilson interval at 95 %, in the order of `sets`; null when the sample does not support it. */
export function sharesOf(policy: PolicyEvidence): readonly SetShare[] | null {
  if (policy.kind !== 'weighted' || policy.setsSeen > policy.sets.length) return null;
  const shares = policy.sets.map(({ n }) => {
    const [low, high] = wilsonInterval(n, policy.queries);
    return { share: n / policy.queries, low, high };
  });
  const rare = policy.sets.some(({ n }) => n < FEWEST_OF_A_SET);
  return rare || shares.some(({ low, high }) => high - low > 2 * HALF_WIDTH) ? null : shares;
}

/** How many queries would tell the shares to ten points, each set five times. */
export function queriesForShares(policy: PolicyEvidence): number {
  const shares = policy.sets.map(({ n }) => n / Math.max(1, policy.queries));
  const wide = shares.map((share) => drawsForHalfWidth(share, WANTED_HALF_WIDTH));
  const rare = shares.map((share) => Math.ceil(FEWEST_OF_A_SET / share));
  return Math.ceil(Math.max(...wide, ...rare) / 10) * 10;
}

/** A clause of the answer; null when there is nothing worth a word. */
export function policyWords(policy: PolicyEvidence): string | null {
  const { sets, setsSeen, queries, pool, ecs } = policy;
  const size = sets[0]?.addresses.length ?? 0;
  switch (policy.kind) {
    case 'fixed':
      return 'every answer is the same';
    case 'rotated':
      return 'every answer is the same set in changing order';
    case 'multivalue':
      return `each answer holds ${size} of about ${pool ?? size} addresses`;
    case 'weighted': {
      const shares = sharesOf(policy);
      const told = shares?.map(({ share, low, high }) => `${percent(share)} % (${percent(low)} to ${percent(high)})`);
      const known = told?.join(', ') ?? `shares take --policy-queries ${queriesForShares(policy)}`;
      return `each answer is one of ${setsSeen} sets by weight (${known})`;
    }
    case 'client-dependent': {
      const prefixes = new Set(ecs.map(({ prefix }) => prefix)).size;
      return `the answer depends on the client’s network (${prefixes} networks asked for)`;
    }
    case 'cannot-tell':
      return setsSeen < 2 ? null : `${setsSeen} different sets in ${queries} answers; by which policy cannot be told`;
  }
}

const percent = (share: number): number => Math.round(share * 100);

/** Of the aliases first: what the owner of the name set up; then of the zone that gives the addresses. */
export function policiesIn(dns: DnsEvidence): readonly PolicyEvidence[] {
  return [dns.aliasPolicy ?? [], dns.policy ?? []].flat();
}

/** The clause for the answer: that of a policy that chooses, else what is said of the addresses. */
export function routingClause(dns: DnsEvidence): string | null {
  const all = policiesIn(dns);
  const plain = new Set(['fixed', 'rotated']);
  const telling = all.find(({ kind }) => !plain.has(kind) && kind !== 'cannot-tell') ?? all.at(-1);
  return telling === undefined ? null : policyWords(telling);
}

export function policyFacts(dns: DnsEvidence): Readonly<Record<string, Json>> {
  const all = policiesIn(dns).map((policy) => {
    const { name, type, kind, confidence, queries, setsSeen, pool, signals } = policy;
    const shares = sharesOf(policy)?.map((share) => ({ ...share })) ?? null;
    return { name, type, kind, confidence, queries, setsSeen, pool, shares, signals: [...signals] };
  });
  return all.length === 0 ? {} : { policies: all };
}

/** Sets told in a table; the others are in the journey. */
const SHOWN = 8;

export function policyBlocks(dns: DnsEvidence): readonly Block[] {
  return policiesIn(dns).flatMap((policy): readonly Block[] => {
    const { name, type, kind, confidence, queries, signals, sets } = policy;
    const shares = sharesOf(policy);
    const rows = sets.slice(0, SHOWN).map(({ addresses, n }, at) => {
      const share = shares?.[at];
      const interval = share === undefined ? null : `${percent(share.low)} to ${percent(share.high)}`;
      return [addresses.join(' '), n, percent(n / queries), interval];
    });
    const ecs = policy.ecs.map(({ prefix, scope, addresses }) => [prefix, scope, addresses.join(' ')]);
    const facts: Block = {
      kind: 'facts',
      rows: [
        ['routing of', `${name} ${type}`],
        ['policy', `${kind} (${confidence}, ${queries} answers)`],
        ['because', signals.join('; ')],
      ],
    };
    const answers: Block = { kind: 'table', columns: ['answer', 'times', '%', '95 %'], rows };
    const networks: Block = { kind: 'table', columns: ['client network', 'scope', 'answer'], rows: ecs };
    return [facts, ...(sets.length > 1 ? [answers] : []), ...(ecs.length > 0 ? [networks] : [])];
  });
}
