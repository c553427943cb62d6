// Owns the roots that handshakes are verified against, as DER, for those who judge a chain themselves. Reads no certificate.
import { createHash } from 'node:crypto';
import { getCACertificates } from 'node:tls';

const PEM_BLOCK = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END/g;

/**
 * What `secureContext` trusts with the same argument: these, or for null the roots of Node. Split when first asked for, and the
 * same list every time, so that what is made of it can be kept beside it.
 */
export function trustedRoots(caPem: readonly string[] | null): () => readonly Uint8Array[] {
  let roots: readonly Uint8Array[] | null = null;
  return () => {
    roots ??= (caPem ?? getCACertificates('default')).flatMap(dersIn);
    return roots;
  };
}

let bundled: ReadonlySet<string> | null = null;

/** Fingerprints of the roots that come with Node.js: Mozilla's. What a machine or a caller trusts beside them is not public. */
export function publicRoots(): ReadonlySet<string> {
  bundled ??= new Set(
    getCACertificates('bundled')
      .flatMap(dersIn)
      .map((der) => createHash('sha256').update(der).digest('hex')),
  );
  return bundled;
}

function dersIn(pem: string): readonly Uint8Array[] {
  return [...pem.matchAll(PEM_BLOCK)].map(([, base64 = '']) => firstValue(Buffer.from(base64, 'base64')));
}

/** A TRUSTED CERTIFICATE of OpenSSL goes on behind the certificate: what it is trusted for. X.690 8.1.3 tells where that begins. */
function firstValue(der: Buffer): Buffer {
  const short = der[1] ?? 0;
  const octets = short & 0x7f;
  if (short < 0x80 || octets === 0 || octets > 4 || der.length < 2 + octets) return der;
  return der.subarray(0, 2 + octets + der.readUIntBE(2, octets));
}
