// Owns the numbers of what a ClientHello offers: cipher suites, groups, signature schemes, versions, alerts (IANA, TLS parameters).
// Never says which of them are good.
import type { HelloVersion } from '../../contract/hello.ts';

export const versionNumbers: Readonly<Record<HelloVersion, number>> = {
  SSLv3: 0x0300,
  TLSv1: 0x0301,
  'TLSv1.1': 0x0302,
  'TLSv1.2': 0x0303,
  'TLSv1.3': 0x0304,
};

/** One line a cipher suite: number and name without `TLS_`. Those a client prefers come first, those nobody should take last. */
const CIPHERS = `
1301 AES_128_GCM_SHA256
1302 AES_256_GCM_SHA384
1303 CHACHA20_POLY1305_SHA256
1304 AES_128_CCM_SHA256
1305 AES_128_CCM_8_SHA256
c02b ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
c02f ECDHE_RSA_WITH_AES_128_GCM_SHA256
c02c ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
c030 ECDHE_RSA_WITH_AES_256_GCM_SHA384
cca9 ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
cca8 ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256
009e DHE_RSA_WITH_AES_128_GCM_SHA256
009f DHE_RSA_WITH_AES_256_GCM_SHA384
ccaa DHE_RSA_WITH_CHACHA20_POLY1305_SHA256
c0ac ECDHE_ECDSA_WITH_AES_128_CCM
c0ad ECDHE_ECDSA_WITH_AES_256_CCM
c0ae ECDHE_ECDSA_WITH_AES_128_CCM_8
c0af ECDHE_ECDSA_WITH_AES_256_CCM_8
c09e DHE_RSA_WITH_AES_128_CCM
c09f DHE_RSA_WITH_AES_256_CCM
c0a2 DHE_RSA_WITH_AES_128_CCM_8
c0a3 DHE_RSA_WITH_AES_256_CCM_8
c05c ECDHE_ECDSA_WITH_ARIA_128_GCM_SHA256
c05d ECDHE_ECDSA_WITH_ARIA_256_GCM_SHA384
c060 ECDHE_RSA_WITH_ARIA_128_GCM_SHA256
c061 ECDHE_RSA_WITH_ARIA_256_GCM_SHA384
c052 DHE_RSA_WITH_ARIA_128_GCM_SHA256
c053 DHE_RSA_WITH_ARIA_256_GCM_SHA384
c023 ECDHE_ECDSA_WITH_AES_128_CBC_SHA256
c027 ECDHE_RSA_WITH_AES_128_CBC_SHA256
c024 ECDHE_ECDSA_WITH_AES_256_CBC_SHA384
c028 ECDHE_RSA_WITH_AES_256_CBC_SHA384
c009 ECDHE_ECDSA_WITH_AES_128_CBC_SHA
c013 ECDHE_RSA_WITH_AES_128_CBC_SHA
c00a ECDHE_ECDSA_WITH_AES_256_CBC_SHA
c014 ECDHE_RSA_WITH_AES_256_CBC_SHA
c072 ECDHE_ECDSA_WITH_CAMELLIA_128_CBC_SHA256
c073 ECDHE_ECDSA_WITH_CAMELLIA_256_CBC_SHA384
c076 ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256
c077 ECDHE_RSA_WITH_CAMELLIA_256_CBC_SHA384
0067 DHE_RSA_WITH_AES_128_CBC_SHA256
006b DHE_RSA_WITH_AES_256_CBC_SHA256
0033 DHE_RSA_WITH_AES_128_CBC_SHA
0039 DHE_RSA_WITH_AES_256_CBC_SHA
0045 DHE_RSA_WITH_CAMELLIA_128_CBC_SHA
0088 DHE_RSA_WITH_CAMELLIA_256_CBC_SHA
00be DHE_RSA_WITH_CAMELLIA_128_CBC_SHA256
00c4 DHE_RSA_WITH_CAMELLIA_256_CBC_SHA256
009c RSA_WITH_AES_128_GCM_SHA256
009d RSA_WITH_AES_256_GCM_SHA384
c09c RSA_WITH_AES_128_CCM
c09d RSA_WITH_AES_256_CCM
c0a0 RSA_WITH_AES_128_CCM_8
c0a1 RSA_WITH_AES_256_CCM_8
c050 RSA_WITH_ARIA_128_GCM_SHA256
c051 RSA_WITH_ARIA_256_GCM_SHA384
003c RSA_WITH_AES_128_CBC_SHA256
003d RSA_WITH_AES_256_CBC_SHA256
002f RSA_WITH_AES_128_CBC_SHA
0035 RSA_WITH_AES_256_CBC_SHA
0041 RSA_WITH_CAMELLIA_128_CBC_SHA
0084 RSA_WITH_CAMELLIA_256_CBC_SHA
00ba RSA_WITH_CAMELLIA_128_CBC_SHA256
00c0 RSA_WITH_CAMELLIA_256_CBC_SHA256
0096 RSA_WITH_SEED_CBC_SHA
009a DHE_RSA_WITH_SEED_CBC_SHA
0007 RSA_WITH_IDEA_CBC_SHA
c008 ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA
c012 ECDHE_RSA_WITH_3DES_EDE_CBC_SHA
0016 DHE_RSA_WITH_3DES_EDE_CBC_SHA
000a RSA_WITH_3DES_EDE_CBC_SHA
c007 ECDHE_ECDSA_WITH_RC4_128_SHA
c011 ECDHE_RSA_WITH_RC4_128_SHA
0005 RSA_WITH_RC4_128_SHA
0004 RSA_WITH_RC4_128_MD5
0015 DHE_RSA_WITH_DES_CBC_SHA
0009 RSA_WITH_DES_CBC_SHA
0014 DHE_RSA_EXPORT_WITH_DES40_CBC_SHA
0008 RSA_EXPORT_WITH_DES40_CBC_SHA
0006 RSA_EXPORT_WITH_RC2_CBC_40_MD5
0003 RSA_EXPORT_WITH_RC4_40_MD5
00a6 DH_anon_WITH_AES_128_GCM_SHA256
00a7 DH_anon_WITH_AES_256_GCM_SHA384
006c DH_anon_WITH_AES_128_CBC_SHA256
006d DH_anon_WITH_AES_256_CBC_SHA256
0034 DH_anon_WITH_AES_128_CBC_SHA
003a DH_anon_WITH_AES_256_CBC_SHA
0046 DH_anon_WITH_CAMELLIA_128_CBC_SHA
0089 DH_anon_WITH_CAMELLIA_256_CBC_SHA
00bf DH_anon_WITH_CAMELLIA_128_CBC_SHA256
00c5 DH_anon_WITH_CAMELLIA_256_CBC_SHA256
c018 ECDH_anon_WITH_AES_128_CBC_SHA
c019 ECDH_anon_WITH_AES_256_CBC_SHA
001b DH_anon_WITH_3DES_EDE_CBC_SHA
0018 DH_anon_WITH_RC4_128_MD5
c017 ECDH_anon_WITH_3DES_EDE_CBC_SHA
c016 ECDH_anon_WITH_RC4_128_SHA
c006 ECDHE_ECDSA_WITH_NULL_SHA
c010 ECDHE_RSA_WITH_NULL_SHA
003b RSA_WITH_NULL_SHA256
0002 RSA_WITH_NULL_SHA
0001 RSA_WITH_NULL_MD5
c015 ECDH_anon_WITH_NULL_SHA
`;

const named = [...CIPHERS.matchAll(/([0-9a-f]{4}) (\w+)/g)].map(
  ([, hex = '', name = '']) => [`TLS_${name}`, Number.parseInt(hex, 16)] as const,
);
export const cipherNumbers: ReadonlyMap<string, number> = new Map(named);
const cipherNames = new Map(named.map(([name, number]) => [number, name]));

/** Suites of TLS 1.3 say nothing of keys: their number is all they have in common. RFC 8446 B.4. */
export const cipherNames13: readonly string[] = named
  .filter(([, number]) => number >> 8 === 0x13)
  .map(([name]) => name);
/** Of SSL 3.0 to TLS 1.2. */
export const cipherNames12: readonly string[] = named
  .filter(([, number]) => number >> 8 !== 0x13)
  .map(([name]) => name);

/** Hybrid ones first: draft-ietf-tls-ecdhe-mlkem, as in the registry. */
export const groupNumbers: ReadonlyMap<string, number> = new Map([
  ['X25519MLKEM768', 0x11ec],
  ['x25519', 0x001d],
  ['secp256r1', 0x0017],
  ['SecP256r1MLKEM768', 0x11eb],
  ['SecP384r1MLKEM1024', 0x11ed],
  ['secp384r1', 0x0018],
  ['secp521r1', 0x0019],
  ['x448', 0x001e],
  ['ffdhe2048', 0x0100],
  ['ffdhe3072', 0x0101],
  ['ffdhe4096', 0x0102],
]);
const groupNames = new Map([...groupNumbers].map(([name, number]) => [number, name]));
export const groupNamesKnown: readonly string[] = [...groupNumbers.keys()];

/** Bytes of a client's share: a public point, or that and an ML-KEM encapsulation key (FIPS 203: 1184, 1568). */
export const shareBytes: ReadonlyMap<string, number> = new Map([
  ['x25519', 32],
  ['x448', 56],
  ['X25519MLKEM768', 1184 + 32],
]);

export const signatureNumbers: ReadonlyMap<string, number> = new Map([
  ['ecdsa_secp256r1_sha256', 0x0403],
  ['rsa_pss_rsae_sha256', 0x0804],
  ['rsa_pkcs1_sha256', 0x0401],
  ['ecdsa_secp384r1_sha384', 0x0503],
  ['rsa_pss_rsae_sha384', 0x0805],
  ['rsa_pkcs1_sha384', 0x0501],
  ['ecdsa_secp521r1_sha512', 0x0603],
  ['rsa_pss_rsae_sha512', 0x0806],
  ['rsa_pkcs1_sha512', 0x0601],
  ['rsa_pss_pss_sha256', 0x0809],
  ['rsa_pss_pss_sha384', 0x080a],
  ['rsa_pss_pss_sha512', 0x080b],
  ['ed25519', 0x0807],
  ['ed448', 0x0808],
  ['rsa_pkcs1_sha1', 0x0201],
  ['ecdsa_sha1', 0x0203],
]);

/** RFC 8446 B.2, RFC 7507. */
const ALERTS: Readonly<Record<number, string>> = {
  0: 'close_notify',
  10: 'unexpected_message',
  20: 'bad_record_mac',
  22: 'record_overflow',
  40: 'handshake_failure',
  42: 'bad_certificate',
  43: 'unsupported_certificate',
  46: 'certificate_unknown',
  47: 'illegal_parameter',
  48: 'unknown_ca',
  49: 'access_denied',
  50: 'decode_error',
  51: 'decrypt_error',
  70: 'protocol_version',
  71: 'insufficient_security',
  80: 'internal_error',
  86: 'inappropriate_fallback',
  90: 'user_canceled',
  100: 'no_renegotiation',
  109: 'missing_extension',
  110: 'unsupported_extension',
  112: 'unrecognized_name',
  113: 'bad_certificate_status_response',
  116: 'certificate_required',
  120: 'no_application_protocol',
};

const hexOf = (number: number): string => `0x${number.toString(16).padStart(4, '0')}`;

export function cipherName(number: number): string {
  return cipherNames.get(number) ?? hexOf(number);
}

export function groupName(number: number): string {
  return groupNames.get(number) ?? hexOf(number);
}

export function alertName(number: number): string {
  return ALERTS[number] ?? `alert ${number}`;
}

export function versionName(number: number): HelloVersion | 'unknown' {
  const found = Object.entries(versionNumbers).find(([, known]) => known === number);
  return (found?.[0] as HelloVersion | undefined) ?? 'unknown';
}
