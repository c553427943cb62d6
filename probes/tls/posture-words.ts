// Owns what the name of a cipher suite says of it, and how protocols are called. Pure.

/** Nothing is encrypted, nobody is authenticated, or a key that is searched in hours: RFC 7525 4.1, RFC 9325 4.1. */
const BROKEN = /_NULL_|_anon_|_EXPORT_|_DES_CBC_|_RC2_/;
/** RFC 7465 (RC4); 64-bit blocks, CVE-2016-2183, NIST SP 800-131A (3DES, IDEA). */
const WEAK = /_RC4_|_3DES_|_IDEA_/;

export function isBroken(cipher: string): boolean {
  return BROKEN.test(cipher);
}

export function isWeak(cipher: string): boolean {
  return BROKEN.test(cipher) || WEAK.test(cipher);
}

/** True when who learns the server's key later reads what was recorded before: RFC 9325 4.1. */
export function lacksForwardSecrecy(cipher: string): boolean {
  return cipher.startsWith('TLS_RSA_');
}

/** `TLS 1.2`, `SSL 3.0`. */
export function protocolWords(protocol: string): string {
  return protocol === 'SSLv3' ? 'SSL 3.0' : protocol === 'TLSv1' ? 'TLS 1.0' : protocol.replace(/^TLSv/, 'TLS ');
}

const OLD: ReadonlySet<string> = new Set(['SSLv3', 'TLSv1', 'TLSv1.1']);

/** Withdrawn: RFC 7568, RFC 8996. */
export function isOld(protocol: string): boolean {
  return OLD.has(protocol);
}
