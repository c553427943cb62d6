// Owns the metric samples of this record. Exported also when verification fails: an expired certificate must not look like silence.
import type { MetricSample } from '../../src/contract/probe.ts';
import { unixMs } from '../../src/x509/instant.ts';
import type { TlsCertificate, TlsEvidence } from './evidence.ts';
import { deathOf } from './first-death.ts';
import { revocationMetrics } from './metrics-revocation.ts';

export function* metrics(evidence: TlsEvidence): Iterable<MetricSample> {
  const { byEndpoint, certificates } = evidence;
  for (const record of byEndpoint) {
    const { endpoint, chainSent, trusted, hostnameMatches } = record;
    const used = lifeUsed(certificates[chainSent[0] ?? '']);
    if (used !== null) yield { family: 'journey_tls_certificate_life_used_ratio', labels: { endpoint }, value: used };
    const death = deathOf(record, evidence);
    if (death !== null) {
      const value = unixMs(death.at) / 1000;
      yield { family: 'journey_tls_chain_first_death_timestamp_seconds', labels: { endpoint }, value };
    }
    if (trusted !== null) yield { family: 'journey_tls_chain_trusted', labels: { endpoint }, value: Number(trusted) };
    if (hostnameMatches !== null) {
      yield { family: 'journey_tls_hostname_matches', labels: { endpoint }, value: Number(hostnameMatches) };
    }
    for (const [position, fingerprint] of chainSent.entries()) {
      const certificate = certificates[fingerprint];
      if (certificate?.notAfter == null) continue;
      yield {
        family: 'journey_tls_certificate_not_after_timestamp_seconds',
        labels: {
          endpoint,
          position: String(position),
          subject: certificate.subject ?? '',
          issuer: certificate.issuer ?? '',
          serial: certificate.serialHex,
        },
        value: unixMs(certificate.notAfter) / 1000,
      };
    }
  }
  yield* postureMetrics(evidence);
  yield* revocationMetrics(evidence);
}

/** At the time of the ride; null when a date cannot be read. */
function lifeUsed(leaf: TlsCertificate | undefined): number | null {
  if (leaf?.lifetimeDays == null || leaf.daysLeft === null || leaf.lifetimeDays <= 0) return null;
  return Math.max(0, Math.round((1 - leaf.daysLeft / leaf.lifetimeDays) * 10_000) / 10_000);
}

function* postureMetrics({ posture }: TlsEvidence): Iterable<MetricSample> {
  for (const { endpoint, protocols } of posture?.byEndpoint ?? []) {
    for (const { protocol, offered } of protocols) {
      if (offered === null) continue;
      yield { family: 'journey_tls_protocol_offered', labels: { endpoint, protocol }, value: Number(offered) };
    }
  }
}
