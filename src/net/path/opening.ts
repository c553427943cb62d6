// Owns the first words to an endpoint, made as long as one segment: a TLS hello with padding, or the unfinished head of a request. Sends nothing.
import type { DnsName } from '../../model/text.ts';
import { encodeHello } from '../hello/encode.ts';

export interface Opening {
  /** Exactly so many; for TLS a few more where a hello does not fit. */
  bytes(length: number): Uint8Array;
  /** Whether the endpoint has anything to say to it. */
  readonly asks: boolean;
}

/** What most servers of today take, so that they answer with a certificate. */
const OFFER = {
  highest: 'TLSv1.3',
  ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
    'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
    'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
    'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
    'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
    'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
    'TLS_RSA_WITH_AES_128_GCM_SHA256',
  ],
  groups: ['x25519', 'secp256r1', 'secp384r1'],
  keyShares: ['x25519'],
} as const;
/** Of a record: RFC 8446 5.1. */
const MAX_HELLO_BYTES = 16_384;

export function tlsOpening(servername: DnsName | null): Opening {
  return { bytes: (length) => encodeHello(OFFER, servername, Math.min(length, MAX_HELLO_BYTES)), asks: true };
}

/** Never ended, so that it is no request: no host is asked for anything, and nothing is answered. RFC 9112 2.1 */
export function httpOpening(host: string, userAgent: string): Opening {
  const head = Buffer.from(`GET / HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: ${userAgent}\r\nX-Padding: `, 'latin1');
  return {
    bytes: (length) => Buffer.concat([head.subarray(0, length), Buffer.alloc(Math.max(0, length - head.length), 'x')]),
    asks: false,
  };
}
