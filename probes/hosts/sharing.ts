// Owns telling whether several endpoints lead to the same hosts. Pure.
import type { EndpointId, TextKey } from '../../src/model/text.ts';
import type { Sharing } from './evidence.ts';

export interface Census {
  readonly endpoint: EndpointId;
  readonly identifiedBy: string;
  /** Answers of known hosts. */
  readonly answers: number;
  readonly hosts: readonly TextKey[];
}

/** Two endpoints of N hosts share none by chance with about exp(-n² / N) after n answers each: 3 for each host make that little. */
const ANSWERS_A_HOST = 3;
/** Of two hosts at random, one answers 6 times in a row once in 32. */
const LEAST_ANSWERS = 6;

/** Only endpoints whose hosts are known by the trait that most of them have in common: other names may be of the same hosts. */
export function sharingOf(all: readonly Census[]): Sharing | null {
  const groups = [...Map.groupBy(all, ({ identifiedBy }) => identifiedBy).values()];
  const compared = groups.toSorted((a, b) => b.length - a.length)[0] ?? [];
  if (compared.length < 2) return null;
  const pools: Census[][] = [];
  for (const one of compared) {
    const touched = pools.filter((pool) => pool.some(({ hosts }) => hosts.some((host) => one.hosts.includes(host))));
    for (const pool of touched) pools.splice(pools.indexOf(pool), 1);
    pools.push([...touched.flat(), one]);
  }
  return {
    pools: pools.map((pool) => ({
      endpoints: pool.map(({ endpoint }) => endpoint),
      hosts: new Set(pool.flatMap(({ hosts }) => hosts)).size,
    })),
    ...saysOf(pools, compared),
  };
}

type Said = Pick<Sharing, 'says' | 'because'>;

function saysOf(pools: readonly (readonly Census[])[], compared: readonly Census[]): Said {
  const [pool] = pools;
  if (pools.length === 1 && pool !== undefined) {
    const together = new Set(pool.flatMap(({ hosts }) => hosts)).size;
    const isSame = pool.every(({ hosts }) => hosts.length === together);
    return isSame ? { says: 'same' } : { says: 'overlapping' };
  }
  if (pools.length < compared.length) return { says: 'overlapping' };
  const needed = Math.max(...compared.map(({ hosts }) => ANSWERS_A_HOST * hosts.length), LEAST_ANSWERS);
  const least = Math.min(...compared.map(({ answers }) => answers));
  if (compared.some(({ answers, hosts }) => answers < Math.max(LEAST_ANSWERS, ANSWERS_A_HOST * hosts.length))) {
    return {
      says: null,
      because: `no host was met twice, and ${least} answers are too few for that; ask for -n ${needed}`,
    };
  }
  // Balancers over the same hosts that choose by a hash of the caller's address may send one caller to another host each.
  if (compared.every(({ hosts }) => hosts.length === 1)) {
    const because =
      'another host answers behind each, and always the same one: hosts of its own, or callers kept by their address';
    return { says: null, because };
  }
  return { says: 'separate' };
}
