// Owns assertions on the certificate that the last answer came with. Never throws for what it holds.
import { X509Certificate } from 'node:crypto';
import type { CallRecord } from '../../src/contract/call.ts';
import { plain } from './answer.ts';
import type { Held } from './held.ts';
import type { AssertionSource } from './options.ts';

const DAY_MS = 86_400_000;

export function certificateTests(
  { trusted, daysLeft, issuer }: NonNullable<AssertionSource['certificate']>,
  { tls, certificates, unverified }: CallRecord,
  asOfMs: number,
): readonly Held[] {
  const der = certificates.get(tls?.chainSent[0] ?? '');
  const certificate = der === undefined ? null : read(der);
  if (certificate === null) return [{ says: 'a certificate', saw: tls === null ? 'no TLS' : 'none that can be read' }];
  const days = (certificate.validToDate.getTime() - asOfMs) / DAY_MS;
  const names = certificate.issuer.replaceAll('\n', ', ');
  return [
    ...(trusted === undefined
      ? []
      : [{ says: 'a trusted certificate for that name', saw: unverified === null ? null : plain(unverified) }]),
    ...(daysLeft === undefined
      ? []
      : [
          {
            says: `certificate for at least ${daysLeft} days`,
            saw: days >= daysLeft ? null : `${days.toFixed(1)} days`,
          },
        ]),
    ...(issuer === undefined
      ? []
      : [
          {
            says: `certificate of an issuer with ${JSON.stringify(issuer)}`,
            saw: names.includes(issuer) ? null : names,
          },
        ]),
  ];
}

function read(der: Uint8Array): X509Certificate | null {
  try {
    return new X509Certificate(der);
  } catch {
    return null;
  }
}
