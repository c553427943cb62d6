// Owns the metric samples of this record. Exported also when verification fails: an expired certificate must not look like silence.
import type { MetricSample } from '../../src/contract/probe.ts';
import { unixMs } from '../../src/x509/instant.ts';
import type { TlsEvidence } from './evidence.ts';
import { revocationMetrics } from './metrics-revocation.ts';

export function* metrics(evidence: TlsEvidence): Iterable<MetricSample> {
  const { byEndpoint, certificates } = evidence;
  for (const { endpoint, chainSent, trusted, hostnameMatches } of byEndpoint) {
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
  yield* revocationMetrics(evidence);
}
