// Owns the blocks in which the tls record is shown. No formatting.
import type { Block, Section } from '../../src/contract/section.ts';
import { minuteOf } from '../../src/x509/instant.ts';
import type { TlsEvidence } from './evidence.ts';
import { endsBlocks } from './section-ends.ts';
import { postureBlocks } from './section-posture.ts';
import { revocationBlocks } from './section-revocation.ts';

/** Hex digits of a fingerprint that tell certificates apart for a reader. */
const SHORT = 12;

export function section(evidence: TlsEvidence): Section {
  const { byEndpoint, certificates, posture, revocation } = evidence;
  const seen = [handshakes(byEndpoint), presented(certificates), ...endsBlocks(evidence)];
  const offered = posture === undefined ? [] : postureBlocks(posture);
  return { title: 'TLS', blocks: [...seen, ...offered, ...revocationBlocks(revocation)] };
}

function handshakes(byEndpoint: TlsEvidence['byEndpoint']): Block {
  return {
    kind: 'table',
    columns: [
      ...['zone', 'endpoint', 'trusted', 'name fits', 'protocol', 'cipher', 'group', 'ALPN', 'handshakes', 'failed'],
      'chain as sent',
    ],
    rows: byEndpoint.map((record) => [
      ...[record.zone, record.endpoint, record.trustError ?? record.trusted, record.hostnameMatches],
      ...[record.protocol, record.cipher, record.group, record.alpn, record.handshakes, record.failures],
      record.chainSent.map((fingerprint) => fingerprint.slice(0, SHORT)).join(' '),
    ]),
  };
}

function presented(certificates: TlsEvidence['certificates']): Block {
  return {
    kind: 'table',
    columns: [
      'certificate',
      'days left',
      'not after, UTC',
      'subject',
      'issuer',
      'key',
      'signature',
      'not before, UTC',
      'names',
    ],
    rows: Object.entries(certificates).map(([fingerprint, certificate]) => [
      fingerprint.slice(0, SHORT),
      certificate.daysLeft === null ? null : Math.floor(certificate.daysLeft),
      ...[minute(certificate.notAfter), certificate.subject, certificate.issuer],
      [certificate.keyType, certificate.curve ?? certificate.keyBits].filter((part) => part !== null).join(' '),
      ...[certificate.signatureAlgorithm, minute(certificate.notBefore), certificate.sansTotal],
    ]),
  };
}

function minute(at: string | null): string | null {
  return at === null ? null : minuteOf(at).replace(' UTC', '');
}
