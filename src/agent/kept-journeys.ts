// Owns the journeys that are kept to be read: the last ones, failures longer, within a bound of count and bytes. Packed: one is some hundred
// kilobytes of JSON.
import { promisify } from 'node:util';
import { deflate, inflate } from 'node:zlib';
import type { Journey } from '../model/journey.ts';

const MOST_BYTES = 67_108_864;

const [pack, unpack] = [promisify(deflate), promisify(inflate)];

interface Kept {
  readonly id: string;
  readonly target: string;
  readonly failed: boolean;
  readonly packed: Buffer;
}

export interface KeptJourneys {
  add(target: string, journey: Journey): Promise<void>;
  has(id: string): boolean;
  /** Its JSON. */
  read(id: string): Promise<string | null>;
  /** Of targets that are no more. */
  forget(stays: (target: string) => boolean): void;
  /** How many, and as many failures again. */
  bound(limit: number): void;
}

/** @param mostBytes of each of the two lists */
export function keepJourneys(initial: number, mostBytes: number = MOST_BYTES): KeptJourneys {
  let limit = initial;
  const recent = shelf((oldest) => {
    if (oldest.failed) failures.put(oldest, limit);
  }, mostBytes);
  const failures = shelf(() => undefined, mostBytes);
  const find = (id: string): Kept | undefined => recent.all.get(id) ?? failures.all.get(id);
  return {
    async add(target, journey) {
      if (limit === 0) return;
      const packed = await pack(JSON.stringify(journey), { level: 1 });
      recent.put({ id: journey.id, target, failed: journey.verdict !== 'ok', packed }, limit);
    },
    has: (id) => find(id) !== undefined,
    async read(id) {
      const kept = find(id);
      return kept === undefined ? null : (await unpack(kept.packed)).toString('utf8');
    },
    forget(stays) {
      for (const { all, take } of [recent, failures]) for (const one of all.values()) if (!stays(one.target)) take(one);
    },
    bound(next) {
      limit = next;
      recent.trim(limit);
      failures.trim(limit);
    },
  };
}

/** The oldest first. */
function shelf(onLeft: (oldest: Kept) => void, mostBytes: number) {
  const all = new Map<string, Kept>();
  let bytes = 0;
  const take = (one: Kept): void => {
    if (all.delete(one.id)) bytes -= one.packed.byteLength;
  };
  const trim = (limit: number): void => {
    for (const one of all.values()) {
      if (all.size <= limit && bytes <= mostBytes) return;
      take(one);
      onLeft(one);
    }
  };
  const put = (one: Kept, limit: number): void => {
    all.set(one.id, one);
    bytes += one.packed.byteLength;
    trim(limit);
  };
  return { all, take, trim, put };
}
