// Owns which of several agents with one list rides a target: a hash of its name, as Prometheus' hashmod counts it. Knows no list.
import { createHash } from 'node:crypto';
import { UsageError } from '../model/usage-error.ts';

/** One of so many, from 0. */
export interface Shard {
  readonly number: number;
  readonly of: number;
}

const MOST_SHARDS = 1000;

/** @param text `0/2` @throws UsageError */
export function parseShard(text: string): Shard {
  const [, number = '', of = ''] = /^(\d{1,4})\/(\d{1,4})$/.exec(text) ?? [];
  const shard = { number: Number(number), of: Number(of) };
  if (number !== '' && shard.of <= MOST_SHARDS && shard.number < shard.of) return shard;
  throw new UsageError(
    `--shard: "${text}" is not N/M`,
    `N from 0 to M-1, M at most ${MOST_SHARDS}: 0/2 and 1/2 are two agents`,
  );
}

/** Of MD5 the last eight bytes, by the modulus (Prometheus, relabel.go). */
export function isInShard(name: string, { number, of }: Shard): boolean {
  const hash = createHash('md5').update(name).digest().readBigUInt64BE(8);
  return hash % BigInt(of) === BigInt(number);
}
