// Owns what signed NSEC (RFC 4035 5.4, RFC 6840 4) and NSEC3 (RFC 5155 8) records prove about a name that has no such records.
// Pure: the records were verified before, all by the same zone.
import { createHash } from 'node:crypto';
import { compareNames, isWithin, labelsOf, lastLabels, sharedLabels, wildcardOf } from './names.ts';
import { type Nsec, type Nsec3, Type } from './records.ts';

/** RFC 9276 3.2 lets a validator treat a zone with any more than 0 as unsigned, and bound what it computes. */
const MAX_ITERATIONS = 150;

export interface Proof {
  readonly zone: Buffer;
  readonly nsec: readonly Nsec[];
  readonly nsec3: readonly Nsec3[];
}

/**
 * `absent`: the name, or the type at it, does not exist. `delegated`: a zone without DS begins here.
 * `opt-out`: unsigned delegations need not be listed where it would stand (RFC 5155 6). Null: nothing is proven.
 */
export type Denial = 'absent' | 'delegated' | 'opt-out' | 'too-many-iterations' | null;

/** Types at the name as the zone lists them. A parent speaks at a cut for DS only, a child for all the rest (RFC 6840 4.1). */
function deniedAt(types: ReadonlySet<number>, type: number): Denial {
  const isCut = types.has(Type.NS) && !types.has(Type.SOA);
  if (types.has(type) || types.has(Type.CNAME)) return null;
  if (type !== Type.DS) return isCut ? null : 'absent';
  if (types.has(Type.SOA)) return null;
  return isCut ? 'delegated' : 'absent';
}

export function denial(proof: Proof, name: Buffer, type: number): Denial {
  return deniedByNsec(proof, name, type) ?? deniedByNsec3(proof, name, type);
}

/** That nothing closer than the wildcard's encloser exists (RFC 4035 5.3.4, RFC 5155 8.8). */
export function deniesCloser(proof: Proof, name: Buffer, encloser: Buffer): boolean {
  if (proof.nsec.some((nsec) => covers(nsec, name))) return true;
  const closer = lastLabels(name, labelsOf(encloser).length + 1);
  return hashed(proof)?.covering(closer) !== undefined;
}

function deniedByNsec({ nsec: all }: Proof, name: Buffer, type: number): Denial {
  const at = all.find((nsec) => nsec.owner.equals(name));
  if (at !== undefined) return deniedAt(at.types, type);
  const around = all.find((nsec) => covers(nsec, name));
  if (around === undefined) return null;
  // An empty non-terminal: the next name stands below it.
  if (isWithin(around.next, name)) return 'absent';
  const encloser = lastLabels(name, Math.max(sharedLabels(name, around.owner), sharedLabels(name, around.next)));
  const wildcard = wildcardOf(encloser);
  const wild = all.find((nsec) => nsec.owner.equals(wildcard));
  if (wild !== undefined) return deniedAt(wild.types, type) === null ? null : 'absent';
  // For DS it is enough that no zone begins here: what a wildcard holds is no delegation (RFC 4592 4.2).
  return type === Type.DS || all.some((nsec) => covers(nsec, wildcard)) ? 'absent' : null;
}

/** True when the name would stand in the gap behind this one, and the zone has not given away what is below its owner. */
function covers(nsec: Nsec, name: Buffer): boolean {
  if (compareNames(nsec.owner, name) >= 0) return false;
  if (givesAway(nsec.types) && isWithin(name, nsec.owner)) return false;
  // The last one points back to the apex.
  return compareNames(name, nsec.next) < 0 || compareNames(nsec.next, nsec.owner) <= 0;
}

interface Hashed {
  matching(name: Buffer): Nsec3 | undefined;
  covering(name: Buffer): Nsec3 | undefined;
}

/** Those that share the parameters of the first (RFC 5155 7.3), each name hashed once; null when there are none to compute. */
function hashed({ nsec3 }: Proof): Hashed | null {
  const first = nsec3.find(({ iterations }) => iterations <= MAX_ITERATIONS);
  if (first === undefined) return null;
  const alike = nsec3.filter(({ salt, iterations }) => iterations === first.iterations && salt.equals(first.salt));
  const known = new Map<string, Buffer>();
  const hash = (name: Buffer): Buffer => {
    const key = name.toString('latin1');
    const found = known.get(key) ?? hashOf(name, first);
    known.set(key, found);
    return found;
  };
  return {
    matching: (name) => alike.find(({ ownerHash }) => ownerHash.equals(hash(name))),
    covering: (name) => alike.find((one) => coversHash(one, hash(name))),
  };
}

function deniedByNsec3(proof: Proof, name: Buffer, type: number): Denial {
  const all = hashed(proof);
  if (all === null) return proof.nsec3.length > 0 ? 'too-many-iterations' : null;
  const at = all.matching(name);
  if (at !== undefined) return deniedAt(at.types, type);
  const apex = labelsOf(proof.zone).length;
  for (let count = labelsOf(name).length - 1; count >= apex; count--) {
    const encloser = all.matching(lastLabels(name, count));
    if (encloser === undefined) continue;
    const closer = all.covering(lastLabels(name, count + 1));
    if (closer === undefined || givesAway(encloser.types)) return null;
    if (closer.optOut) return 'opt-out';
    if (type === Type.DS) return 'absent';
    const wildcard = wildcardOf(lastLabels(name, count));
    const wild = all.matching(wildcard);
    if (wild !== undefined) return deniedAt(wild.types, type) === null ? null : 'absent';
    return all.covering(wildcard) === undefined ? null : 'absent';
  }
  return null;
}

/** True when what is below belongs to another zone, or to another tree. */
function givesAway(types: ReadonlySet<number>): boolean {
  return types.has(Type.DNAME) || (types.has(Type.NS) && !types.has(Type.SOA));
}

function coversHash({ ownerHash, nextHash }: Nsec3, hash: Buffer): boolean {
  const [after, before] = [Buffer.compare(hash, ownerHash) > 0, Buffer.compare(hash, nextHash) < 0];
  return Buffer.compare(ownerHash, nextHash) < 0 ? after && before : after || before;
}

/** RFC 5155 5 */
function hashOf(name: Buffer, { salt, iterations }: Nsec3): Buffer {
  let hash = createHash('sha1').update(name).update(salt).digest();
  for (let count = 0; count < iterations; count++) hash = createHash('sha1').update(hash).update(salt).digest();
  return hash;
}
