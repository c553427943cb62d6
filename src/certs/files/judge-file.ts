// Owns what is said of certificates in files: their time, and nothing of trust or names, which only a server's use of them decides. Pure.
import type { CertificateRecord } from '../../model/certificate-schema.ts';
import type { CertsProblem, FilePlace } from '../../model/certs.ts';
import type { Severity } from '../../model/finding.ts';
import { visible } from '../../model/text.ts';
import type { Fingerprint } from '../../model/trace.ts';
import { expiry, minuteOf, unixMs } from '../../x509/instant.ts';
import { type LifeThresholds, lifeSeverity, overdueSeverity } from '../../x509/life.ts';
import { overdueSays, renewalOf } from '../../x509/renewal.ts';
import type { FileRead } from './read-file.ts';

export interface JudgeFileContext {
  readonly thresholds: LifeThresholds;
  readonly severities: { readonly [check: string]: Severity };
  readonly asOfMs: number;
}

/** More authorities than this in one entry are a store of roots: one of them that ends is the distributor's to replace. */
const MAX_OWN_AUTHORITIES = 20;

export function judgeFile({ places, certificates }: FileRead, context: JudgeFileContext): readonly CertsProblem[] {
  return places.flatMap((place) =>
    place.state === 'read' ? judgePlace(place, certificates, context) : [unreadable(place)],
  );
}

function unreadable({ id, path, because, format }: FilePlace): CertsProblem {
  return {
    ...{ id: 'unreadable', severity: 'unknown', target: path, places: [id], certificate: null, atMs: null },
    what: `It cannot be read: ${because ?? 'no reason given'}.`,
    soWhat: 'Whether its certificates are well is not known.',
    nowWhat:
      format === null && !/password/.test(because ?? '')
        ? 'Look at the path, or take it off the list.'
        : 'Give the file as PEM, or its password with --password-file, or take it off the list.',
  };
}

function judgePlace(
  place: FilePlace,
  certificates: Readonly<Record<Fingerprint, CertificateRecord>>,
  context: JudgeFileContext,
): readonly CertsProblem[] {
  const authorities = place.chain.filter((fingerprint) => certificates[fingerprint]?.isCa === true).length;
  return place.chain.flatMap((fingerprint): readonly CertsProblem[] => {
    const certificate = certificates[fingerprint];
    if (certificate === undefined) return [];
    const found = timeOf(certificate, context);
    if (found === null) return [];
    const isOneOfMany = certificate.isCa && authorities > MAX_OWN_AUTHORITIES;
    const severity = context.severities[found.id] ?? (isOneOfMany ? 'notice' : found.severity);
    const { notAfter, subject, sans } = certificate;
    const name = visible(sans[0] ?? subject ?? 'no name').slice(0, 200);
    return [
      {
        ...{ id: found.id, severity, target: place.path, places: [place.id], certificate: fingerprint },
        atMs: notAfter === null ? null : unixMs(notAfter),
        what: `The certificate of ${name} ${found.words}.`,
        soWhat: certificate.isCa
          ? 'With it ends everything that it certifies.'
          : 'From that moment every client refuses it.',
        nowWhat: 'Renew it, and make whatever uses the file load it again.',
      },
    ];
  });
}

function timeOf(certificate: CertificateRecord, { thresholds, asOfMs }: JudgeFileContext) {
  const { notAfter, notBefore, isCa } = certificate;
  if (notAfter === null || notBefore === null)
    return { id: 'certificate-expiry', severity: 'warning' as const, words: 'has a validity that cannot be read' };
  const severity = lifeSeverity(certificate, thresholds, asOfMs);
  const id = isCa ? 'intermediate-expiry' : 'certificate-expiry';
  if (severity !== null) return { id, severity, words: expiry(notAfter, asOfMs) };
  // Authorities are renewed by hand.
  const renewal = isCa ? null : renewalOf(certificate, asOfMs);
  if (renewal?.isOverdue)
    return {
      id: 'renewal-overdue',
      severity: overdueSeverity(thresholds),
      words: overdueSays(certificate, renewal, asOfMs),
    };
  if (unixMs(notBefore) <= asOfMs) return null;
  return {
    id: 'certificate-not-yet-valid',
    severity: 'warning' as const,
    words: `is not valid before ${minuteOf(notBefore)}`,
  };
}
