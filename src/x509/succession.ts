// Owns what changed from one certificate to the one that took its place. Pure; says what, not how bad.
import type { CertificateRecord } from '../model/certificate-schema.ts';
import { visible, type WireText } from '../model/text.ts';
import { unixMs } from './instant.ts';

export interface Succession {
  /** Issued after the other; null when a date cannot be read. */
  readonly isNewer: boolean | null;
  /** Null when a key cannot be read. */
  readonly keyReused: boolean | null;
  /** Names of the old one that the new one does not cover, not even by a wildcard; null when too many were sent to know. */
  readonly namesLost: readonly WireText[] | null;
  /** Clauses of the form `its issuer is A instead of B`. */
  readonly changes: readonly Change[];
}

export interface Change {
  readonly what: 'issuer' | 'key type' | 'purpose';
  readonly from: string;
  readonly to: string;
}

export function successionOf(before: CertificateRecord, after: CertificateRecord): Succession {
  const dated = before.notBefore !== null && after.notBefore !== null;
  return {
    isNewer: dated ? unixMs(after.notBefore ?? '') > unixMs(before.notBefore ?? '') : null,
    keyReused: before.spkiSha256 === null || after.spkiSha256 === null ? null : before.spkiSha256 === after.spkiSha256,
    namesLost: namesLost(before, after),
    changes: changesOf(before, after),
  };
}

function namesLost(before: CertificateRecord, after: CertificateRecord): readonly WireText[] | null {
  if (after.sansTotal > after.sans.length) return null;
  const kept = new Set(after.sans.map((name) => visible(name).toLowerCase()));
  return before.sans.filter((name) => !isCovered(visible(name).toLowerCase(), kept));
}

/** RFC 9525 6.3: a wildcard stands for the whole leftmost label. */
function isCovered(name: string, kept: ReadonlySet<string>): boolean {
  return kept.has(name) || kept.has(name.replace(/^[^.*]+\./, '*.'));
}

function changesOf(before: CertificateRecord, after: CertificateRecord): readonly Change[] {
  const purposes = [purposesOf(before), purposesOf(after)] as const;
  const pairs = [
    ['issuer', issuerOf(before), issuerOf(after)],
    ['key type', before.keyType, after.keyType],
    ['purpose', ...purposes],
  ] as const;
  return pairs.flatMap(([what, from, to]) => (from === null || to === null || from === to ? [] : [{ what, from, to }]));
}

/** Authorities change their intermediates in turn (R12, R13): one organization is one issuer. */
function issuerOf({ issuer }: CertificateRecord): string | null {
  if (issuer === null) return null;
  const name = visible(issuer).slice(0, 500);
  return /(?:^|(?<!\\)[,+])O=((?:[^,+\\]|\\.)+)/.exec(name)?.[1] ?? name;
}

const PURPOSES: Readonly<Record<string, string>> = {
  '1.3.6.1.5.5.7.3.1': 'TLS servers',
  '1.3.6.1.5.5.7.3.2': 'TLS clients',
};

/** RFC 5280 4.2.1.12. Null in records of older versions, which did not say. */
function purposesOf({ extendedKeyUsage }: CertificateRecord): string | null {
  if (extendedKeyUsage === undefined) return null;
  if (extendedKeyUsage === null) return 'every purpose';
  return [...extendedKeyUsage]
    .toSorted()
    .map((oid) => PURPOSES[oid] ?? oid)
    .join(' and ');
}
