// Owns the metric samples of the record of revocation.
import type { MetricSample } from '../../src/contract/probe.ts';
import { unixMs } from '../../src/x509/instant.ts';
import type { TlsEvidence } from './evidence.ts';
import type { RevocationEvidence } from './evidence-revocation.ts';

export function* revocationMetrics({ revocation, certificates }: TlsEvidence): Iterable<MetricSample> {
  if (revocation === undefined) return;
  for (const [endpoint, nextMs] of nextUpdates(revocation)) {
    const family = 'journey_tls_ocsp_next_update_timestamp_seconds';
    yield { family, labels: { endpoint }, value: nextMs / 1000 };
  }
  for (const [fingerprint, revoked] of knownRevocation(revocation)) {
    const certificate = certificates[fingerprint];
    if (certificate === undefined) continue;
    const { subject, issuer, serialHex: serial } = certificate;
    const labels = { subject: subject ?? '', issuer: issuer ?? '', serial };
    yield { family: 'journey_tls_certificate_revoked', labels, value: Number(revoked) };
  }
  for (const [url, nextMs] of listEnds(revocation)) {
    yield { family: 'journey_tls_crl_next_update_timestamp_seconds', labels: { url }, value: nextMs / 1000 };
  }
}

/** Of each endpoint the staple that ends first. */
function nextUpdates({ staples }: RevocationEvidence): ReadonlyMap<string, number> {
  return earliest(
    staples.flatMap(({ endpoint, statement }) =>
      statement?.nextUpdate == null ? [] : [[endpoint, unixMs(statement.nextUpdate)] as const],
    ),
  );
}

function listEnds({ asked }: RevocationEvidence) {
  return earliest(
    (asked ?? []).flatMap(({ method, url, nextUpdate, because }) =>
      method !== 'crl' || url === null || nextUpdate === null || because !== null
        ? []
        : [[url, unixMs(nextUpdate)] as const],
    ),
  );
}

function earliest<K>(all: readonly (readonly [K, number])[]): ReadonlyMap<K, number> {
  const first = new Map<K, number>();
  for (const [key, ms] of all) first.set(key, Math.min(first.get(key) ?? ms, ms));
  return first;
}

/** Of certificates that somebody who is to be believed spoke of: true when anybody says "revoked". */
function knownRevocation({ staples, asked }: RevocationEvidence): ReadonlyMap<string, boolean> {
  const said = [
    ...staples.map(({ leaf, statement }) => [leaf, statement] as const),
    ...(asked ?? []).map((one) => [one.certificate, one] as const),
  ];
  const known = new Map<string, boolean>();
  for (const [fingerprint, statement] of said) {
    if (statement === null || statement.because !== null || statement.status === 'unknown') continue;
    known.set(fingerprint, known.get(fingerprint) === true || statement.status === 'revoked');
  }
  return known;
}
