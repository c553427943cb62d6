// Owns the certificates of a PKCS#7 (CMS) file: the `certificates` of its SignedData, RFC 5652 5.1. Signatures play no part.
import { children, contextTag, encoded, type Node, oidOf } from '../der.ts';
import { isCertificate } from './der-file.ts';
import type { Store } from './store-words.ts';

const SIGNED_DATA = '1.2.840.113549.1.7.2';

/** Null when it is no SignedData. */
export function readPkcs7(node: Node): Store | null {
  const [type, content] = children(node);
  if (oidOf(type) !== SIGNED_DATA || content === undefined || contextTag(content) !== 0) return null;
  const signedData = children(content)[0];
  // certificates [0] IMPLICIT CertificateSet; crls are [1].
  const set = children(signedData).find((part) => contextTag(part) === 0);
  const certificates = children(set)
    .filter(isCertificate)
    .map((one) => new Uint8Array(encoded(one)));
  const faults = certificates.length === 0 ? ['it holds no certificate'] : [];
  return { format: 'pkcs7', entries: certificates.length === 0 ? [] : [{ name: null, certificates }], faults };
}
