// Owns what OpenSSL's verification codes mean in words (X509_verify_cert_error_string(3), named as Node names them).

const WORDS: Readonly<Record<string, string>> = {
  UNABLE_TO_GET_ISSUER_CERT: 'the certificate of an issuer in the chain could not be found',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the issuer of the last certificate sent is not among the trusted roots',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'only the server certificate was usable and its issuer is not among the trusted roots',
  UNABLE_TO_GET_CRL: 'the revocation list could not be found',
  UNABLE_TO_DECRYPT_CERT_SIGNATURE: 'the signature of a certificate cannot be read',
  UNABLE_TO_DECRYPT_CRL_SIGNATURE: 'the signature of a revocation list cannot be read',
  UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY: 'the key of an issuer cannot be read',
  CERT_SIGNATURE_FAILURE: 'the signature of a certificate in the chain is wrong',
  CRL_SIGNATURE_FAILURE: 'the signature of a revocation list is wrong',
  CERT_NOT_YET_VALID: 'a certificate in the chain is not valid yet',
  CERT_HAS_EXPIRED: 'a certificate in the chain has expired',
  CRL_NOT_YET_VALID: 'the revocation list is not valid yet',
  CRL_HAS_EXPIRED: 'the revocation list has expired',
  ERROR_IN_CERT_NOT_BEFORE_FIELD: 'a notBefore field in the chain is malformed',
  ERROR_IN_CERT_NOT_AFTER_FIELD: 'a notAfter field in the chain is malformed',
  ERROR_IN_CRL_LAST_UPDATE_FIELD: 'the lastUpdate field of a revocation list is malformed',
  ERROR_IN_CRL_NEXT_UPDATE_FIELD: 'the nextUpdate field of a revocation list is malformed',
  OUT_OF_MEM: 'the verification ran out of memory',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the server certificate is signed by itself and not among the trusted roots',
  SELF_SIGNED_CERT_IN_CHAIN: 'the chain ends in a root that is not among the trusted roots',
  CERT_CHAIN_TOO_LONG: 'the chain is longer than the verification allows',
  CERT_REVOKED: 'a certificate in the chain is revoked',
  INVALID_CA: 'a certificate in the chain issues others but is no CA certificate',
  PATH_LENGTH_EXCEEDED: 'a CA certificate in the chain forbids this many certificates below it',
  INVALID_PURPOSE: 'a certificate in the chain is not meant for TLS servers',
  CERT_UNTRUSTED: 'the root of the chain is not trusted for TLS servers',
  CERT_REJECTED: 'the root of the chain is marked as rejected for TLS servers',
  UNSPECIFIED: 'OpenSSL refuses the chain without a name for it; weak keys and MD5 or SHA-1 signatures end like this',
};

/** Codes that only say when a certificate is valid. */
export const timeErrors: ReadonlySet<string> = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);

/** Codes that a missing certificate ends in, as an unknown root does. */
export const issuerErrors: ReadonlySet<string> = new Set([
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Host names are matched here, not by Node: its code for them says nothing about the chain. */
const NOT_ABOUT_TRUST = 'ERR_TLS_CERT_ALTNAME_INVALID';

/** The code when it is about the chain, else null. */
export function trustErrorOf(verifyError: string | null): string | null {
  return verifyError === NOT_ABOUT_TRUST ? null : verifyError;
}

export function trustErrorSays(code: string): string {
  return WORDS[code] ?? `OpenSSL says ${code}`;
}
