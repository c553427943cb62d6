// Owns certificates for servers in tests: one root, and leaves for here.example and this machine's addresses.
import { createAuthority } from '../../demo/pki/authority.ts';
import { type Certificate, issue, type Party } from '../../demo/pki/certificate.ts';
import { ecKeys } from '../../demo/pki/keys.ts';

export const DAY_MS = 86_400_000;
export const NOW_MS = Date.now();
const authority = createAuthority('Blackbox', NOW_MS);

export const ROOT_PEM = authority.rootCertificate.pem;
export const ROOT_DER = authority.rootCertificate.der;
/** Unix seconds. */
export const NOT_AFTER = Math.floor((NOW_MS + 30 * DAY_MS) / 1000);

export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** @param days till the leaf ends; negative: it has */
export function identity(names: readonly string[] = ['here.example'], days = 30): Identity {
  const keys = ecKeys();
  const leaf = issue({
    subject: { commonName: names[0] ?? 'nobody', ...keys },
    issuer: authority.intermediate,
    notBefore: Math.min(0, days) * DAY_MS + NOW_MS - DAY_MS,
    notAfter: unixDay(days) * 1000,
    names,
  });
  const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' });
  return { cert: leaf.pem + authority.intermediateCertificate.pem, key };
}

/** Unix seconds, so many days from now. */
export const unixDay = (days: number): number => Math.floor((NOW_MS + days * DAY_MS) / 1000);

export const party = (commonName: string): Party => ({ commonName, ...ecKeys() });

/** @param from days from now @param until days from now; a leaf's name is its common name */
export function certificate(
  subject: Party,
  issuer: Party,
  [from, until]: readonly [number, number],
  isCa = true,
): Certificate {
  const names = isCa ? [] : [subject.commonName];
  return issue({ subject, issuer, notBefore: unixDay(from) * 1000, notAfter: unixDay(until) * 1000, isCa, names });
}
