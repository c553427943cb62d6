// Owns the record of a validation: the zones on the way, their keys, and which signature holds until when. Bounded.
import type { DnssecZoneEvidence, SignatureEvidence } from '../evidence-dnssec.ts';
import type { ZoneName } from './names.ts';
import { type Dnskey, type Ds, ENTRY_POINT, type Rrsig, Type } from './records.ts';
import { absolute } from './verify.ts';

const MAX_KEYS = 16;
const MAX_SIGNATURES = 32;

export interface Trace {
  delegated(zone: ZoneName, ds: readonly Ds[]): void;
  keyed(zone: ZoneName, keys: readonly Dnskey[]): void;
  held(zone: ZoneName, name: ZoneName, signature: Rrsig): void;
  hashed(zone: ZoneName, iterations: number): void;
  /** From the root downwards. */
  zones(): DnssecZoneEvidence[];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export function openTrace(nowSeconds: number): Trace {
  const zones = new Map<ZoneName, Mutable<DnssecZoneEvidence>>();
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
    },
    keyed(zone, keys) {
      of(zone).keys = keys
        .slice(0, MAX_KEYS)
        .map(({ tag, algorithm, flags }) => ({ tag, algorithm, sep: (flags & ENTRY_POINT) !== 0 }))
        .toSorted((a, b) => a.tag - b.tag);
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
    hashed(zone, iterations) {
      of(zone).nsec3Iterations = Math.max(of(zone).nsec3Iterations ?? 0, iterations);
    },
    zones: () => [...zones.values()].toSorted((a, b) => depth(a.zone) - depth(b.zone)),
  };
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
