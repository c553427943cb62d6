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
    says: saysOf(pools, compared),
  };
}

function saysOf(pools: readonly (readonly Census[])[], compared: readonly Census[]): Sharing['says'] {
  const isEnough = compared.every(({ answers, hosts }) => answers >= ANSWERS_A_HOST * hosts.length);
  const [pool] = pools;
  if (pools.length === 1 && pool !== undefined) {
    const together = new Set(pool.flatMap(({ hosts }) => hosts)).size;
    const isSame = pool.every(({ hosts }) => hosts.length === together);
    return isSame ? 'same' : 'overlapping';
  }
  if (pools.length < compared.length) return 'overlapping';
  return isEnough ? 'separate' : null;
}
