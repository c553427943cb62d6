// Owns the writing down of the certificate that is given to servers that ask for one. Never sees its key.
import { X509Certificate } from 'node:crypto';
import { recordCertificate } from '../../../src/x509/certificate-record.ts';
import type { TlsEvidence } from '../evidence.ts';

interface Given {
  readonly clientCertificatePem?: string;
  readonly startedAtMs: number;
}

/** The first certificate of the file; nothing without one that can be read. */
export function clientOf({ clientCertificatePem, startedAtMs }: Given): Pick<TlsEvidence, 'client'> {
  if (clientCertificatePem === undefined) return {};
  try {
    const { raw } = new X509Certificate(clientCertificatePem);
    return { client: recordCertificate(raw, startedAtMs).record };
  } catch {
    return {};
  }
}
