// Owns the record of a validation: the zones on the way, their keys, and which signature holds until when. Bounded.
import type { DelegationSignerEvidence, DnssecZoneEvidence, SignatureEvidence } from '../evidence-dnssec.ts';
import { digestSupported, matchesDs, modulusBits } from './algorithms.ts';
import { fromLabels, labelsOf, nameOctets, type ZoneName } from './names.ts';
import {
  type Dnskey,
  type Ds,
  ENTRY_POINT,
  type Nsec,
  type Nsec3,
  NXNAME,
  REVOKED,
  type Rrsig,
  Type,
  ZONE_KEY,
} from './records.ts';
import { absolute } from './verify.ts';

const MAX_KEYS = 16;
const MAX_DS = 16;
const MAX_SIGNATURES = 32;

export interface Trace {
  delegated(zone: ZoneName, ds: readonly Ds[]): void;
  keyed(zone: ZoneName, keys: readonly Dnskey[]): void;
  held(zone: ZoneName, name: ZoneName, signature: Rrsig): void;
  /** Records by which the zone proved that something is not there. */
  denied(zone: ZoneName, nsec: readonly Nsec[], nsec3: readonly Nsec3[]): void;
  /** From the root downwards. */
  zones(): DnssecZoneEvidence[];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export function openTrace(nowSeconds: number): Trace {
  const zones = new Map<ZoneName, Mutable<DnssecZoneEvidence>>();
  const delegated = new Map<ZoneName, readonly Ds[]>();
  const of = (zone: ZoneName) => {
    const found = zones.get(zone) ?? empty(zone);
    zones.set(zone, found);
    return found;
  };
  return {
    delegated(zone, ds) {
      of(zone).dsCount = ds.length;
      of(zone).digestTypes = rising(ds.map((one) => one.digestType));
      of(zone).dsAlgorithms = rising(ds.map((one) => one.algorithm));
      of(zone).ds = signersNamed(ds, zone, []);
      delegated.set(zone, ds);
    },
    keyed(zone, keys) {
      of(zone).keys = keys
        .slice(0, MAX_KEYS)
        .map(keyEvidence)
        .toSorted((a, b) => a.tag - b.tag);
      const ds = delegated.get(zone);
      if (ds !== undefined) of(zone).ds = signersNamed(ds, zone, keys);
    },
    held(zone, name, signature) {
      const seen = signatureEvidence(name, signature, nowSeconds);
      const { signatures, signedBy } = of(zone);
      const known = signatures.some((one) => one.name === seen.name && one.type === seen.type && one.tag === seen.tag);
      if (known || signatures.length >= MAX_SIGNATURES) return;
      signatures.push(seen);
      of(zone).signedBy = rising([...signedBy, signature.tag]);
      of(zone).expiresAt = signatures.map((one) => one.expiresAt).toSorted()[0] ?? null;
    },
    denied(zone, nsec, nsec3) {
      const seen = of(zone);
      for (const one of nsec3) {
        seen.nsec3Iterations = Math.max(seen.nsec3Iterations ?? 0, one.iterations);
        seen.optOut = seen.optOut === true || one.optOut;
      }
      const kinds = new Set([...nsec.map(kindOf), ...nsec3.map(() => 'nsec3' as const), seen.denial]);
      const kind = telling.find((one) => kinds.has(one));
      if (kind !== undefined) seen.denial = kind;
    },
    zones: () => [...zones.values()].toSorted((a, b) => depth(a.zone) - depth(b.zone)),
  };
}

/** From the most telling to the least: one name that is proven not to exist by a compact denial shows how the zone is signed. */
const telling = ['compact', 'minimal', 'nsec', 'nsec3'] as const satisfies readonly DnssecZoneEvidence['denial'][];

/** RFC 9824 3.1, RFC 4470 3: the next name is the very next one that could stand there, `\000` before the owner. */
function kindOf({ owner, next, types }: Nsec): (typeof telling)[number] {
  if (!next.equals(fromLabels([Buffer.from([0]), ...labelsOf(owner)]))) return 'nsec';
  return types.has(NXNAME) ? 'compact' : 'minimal';
}

function keyEvidence(key: Dnskey): DnssecZoneEvidence['keys'][number] {
  const has = (bit: number) => (key.flags & bit) !== 0;
  return {
    ...{ tag: key.tag, algorithm: key.algorithm, sep: has(ENTRY_POINT), zoneKey: has(ZONE_KEY), revoked: has(REVOKED) },
    bits: modulusBits(key),
  };
}

/** DS or CDS records, and whether a key of the zone is the one that each names. */
export function signersNamed(all: readonly Ds[], zone: ZoneName, keys: readonly Dnskey[]): DelegationSignerEvidence[] {
  const owner = nameOctets(zone) ?? Buffer.from([0]);
  const names = (ds: Ds, key: Dnskey): boolean =>
    digestSupported(ds.digestType) ? matchesDs(ds, owner, key) : ds.tag === key.tag && ds.algorithm === key.algorithm;
  return all.slice(0, MAX_DS).map((ds) => ({
    ...{ tag: ds.tag, algorithm: ds.algorithm, digestType: ds.digestType, digest: ds.digest.toString('hex') },
    hasKey: keys.some((key) => names(ds, key)),
  }));
}

function rising(numbers: readonly number[]): number[] {
  return [...new Set(numbers)].toSorted((a, b) => a - b);
}

function depth(zone: ZoneName): number {
  return zone === '.' ? 0 : zone.split('.').length;
}

function empty(zone: ZoneName): Mutable<DnssecZoneEvidence> {
  return {
    zone,
    dsCount: 0,
    digestTypes: [],
    dsAlgorithms: [],
    keys: [],
    signedBy: [],
    signatures: [],
    expiresAt: null,
    nsec3Iterations: null,
  };
}

const typeNames = new Map<number, string>(Object.entries(Type).map(([name, number]) => [number, name]));

function signatureEvidence(name: ZoneName, signature: Rrsig, nowSeconds: number): SignatureEvidence {
  const instant = (time: number) => new Date(absolute(time, nowSeconds) * 1000).toISOString();
  return {
    name,
    type: typeNames.get(signature.covered) ?? `TYPE${signature.covered}`,
    tag: signature.tag,
    validFrom: instant(signature.inception),
    expiresAt: instant(signature.expiration),
    ttlSeconds: signature.originalTtl,
  };
}
