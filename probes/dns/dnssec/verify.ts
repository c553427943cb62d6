// Owns the verdict on one signed record set, and on a zone's keys against the DS records above them (RFC 4035 5.2, 5.3).
// Pure but for its allowance: the time is given, and the number of checks is bounded (CVE-2023-50387).
import type { DnssecFault } from '../evidence-dnssec.ts';
import { digestSupported, isSupported, matchesDs, verifies } from './algorithms.ts';
import { type Dnskey, type Ds, REVOKED, type Rrsig, Type, ZONE_KEY } from './records.ts';
import { expandedFrom, type RRset, signedOctets } from './rrset.ts';

export interface Signer {
  readonly zone: Buffer;
  readonly keys: readonly Dnskey[];
}

/** What one journey may still spend, and the time that it judges by. */
export interface Bench {
  readonly nowSeconds: number;
  verificationsLeft: number;
}

export type Verified =
  | { readonly ok: true; readonly signature: Rrsig; readonly encloser: Buffer | null; readonly expiresAt: number }
  | { readonly ok: false; readonly fault: DnssecFault; readonly expiredAt: number | null };

/** Signatures over one set, and keys of one tag, that are tried; honest zones have one or two. */
const MAX_SIGNATURES = 8;
const MAX_KEYS = 4;

/** RFC 4034 3.1.5: serial arithmetic puts the time within 68 years of now. Unix seconds. */
export function absolute(time: number, nowSeconds: number): number {
  return nowSeconds + ((time - nowSeconds) | 0);
}

/** The first signature that holds; else the fault of the one that came closest. */
export function verifySet(set: RRset, { zone, keys }: Signer, bench: Bench): Verified {
  let worst: DnssecFault = 'no-signature';
  let expiredAt: number | null = null;
  const blame = (fault: DnssecFault) => {
    if (closeness.indexOf(fault) > closeness.indexOf(worst)) worst = fault;
  };
  for (const signature of set.signatures.slice(0, MAX_SIGNATURES)) {
    if (!signature.signer.equals(zone)) {
      blame('signer-wrong');
      continue;
    }
    const fitting = keys.filter((key) => fits(key, signature)).slice(0, MAX_KEYS);
    if (fitting.length === 0) {
      blame('key-missing');
      continue;
    }
    const expiresAt = absolute(signature.expiration, bench.nowSeconds);
    if (absolute(signature.inception, bench.nowSeconds) > bench.nowSeconds) blame('signature-not-yet-valid');
    else if (expiresAt < bench.nowSeconds) {
      blame('signature-expired');
      expiredAt = Math.max(expiredAt ?? expiresAt, expiresAt);
    } else if (fitting.some((key) => holds(set, signature, key, bench))) {
      return { ok: true, signature, encloser: expandedFrom(set, signature), expiresAt };
    } else blame('signature-wrong');
  }
  return { ok: false, fault: worst, expiredAt };
}

/** From the least to the most telling. */
const closeness: readonly DnssecFault[] = [
  'no-signature',
  'signer-wrong',
  'key-missing',
  'signature-not-yet-valid',
  'signature-wrong',
  'signature-expired',
];

function fits(key: Dnskey, signature: Rrsig): boolean {
  if ((key.flags & ZONE_KEY) === 0 || key.tag !== signature.tag || key.algorithm !== signature.algorithm) return false;
  // RFC 5011 2.1: a revoked key signs nothing but the key set that says so.
  return (key.flags & REVOKED) === 0 || signature.covered === Type.DNSKEY;
}

function holds(set: RRset, signature: Rrsig, key: Dnskey, bench: Bench): boolean {
  const signed = signedOctets(set, signature);
  if (signed === null || bench.verificationsLeft <= 0) return false;
  bench.verificationsLeft -= 1;
  return verifies(key, signed, signature.signature);
}

/** Those of the DS records that can be used here; none makes the zone unsigned in effect (RFC 4035 5.2, RFC 6840 5.2). */
export function usableDs(all: readonly Ds[]): readonly Ds[] {
  const usable = all.filter((ds) => isSupported(ds.algorithm) && digestSupported(ds.digestType));
  // RFC 4509 3: SHA-1 digests are passed over where there are better ones.
  const better = usable.filter((ds) => ds.digestType !== 1);
  return better.length > 0 ? better : usable;
}

/** The zone's keys, once the set is signed by one of them that a DS record (or an anchor's key) names. */
export function verifyKeys(
  set: RRset,
  keys: readonly Dnskey[],
  trusted: (key: Dnskey) => boolean,
  bench: Bench,
): Verified {
  const entry = keys.filter((key) => (key.flags & ZONE_KEY) !== 0 && (key.flags & REVOKED) === 0 && trusted(key));
  if (entry.length === 0) return { ok: false, fault: 'no-matching-key', expiredAt: null };
  return verifySet(set, { zone: set.owner, keys: entry }, bench);
}

export function namedBy(all: readonly Ds[], zone: Buffer): (key: Dnskey) => boolean {
  return (key) => usableDs(all).some((ds) => matchesDs(ds, zone, key));
}
