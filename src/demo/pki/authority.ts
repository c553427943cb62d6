// Owns the certification authorities of the world: a root and two intermediates of kms.example, and a stranger nobody trusts.
// Never writes to disk: keys live as long as the world.
import { type Certificate, issue, type Party } from './certificate.ts';
import { ecKeys } from './keys.ts';

const DAY_MS = 86_400_000;

/** A root with one intermediate that signs for servers. */
export interface Authority {
  readonly rootCertificate: Certificate;
  readonly intermediateCertificate: Certificate;
  /** The same name and key as the intermediate, but over since a month. */
  readonly expiredIntermediate: Certificate;
  readonly intermediate: Party;
  /** Another intermediate of the same root, made when it is first wanted: where an operator changes who issues. */
  second(): { readonly party: Party; readonly certificate: Certificate };
}

/** Makes an authority whose root is ten years long and began before every certificate of the world. */
export function createAuthority(organisation: string, nowMs: number): Authority {
  const root: Party = { commonName: `${organisation} Root`, ...ecKeys() };
  const intermediate: Party = { commonName: `${organisation} Issuing CA`, ...ecKeys() };
  const began = nowMs - 1000 * DAY_MS;
  const signed = {
    subject: intermediate,
    issuer: root,
    notBefore: began,
    isCa: true,
    pathLength: 0,
    caIssuersUrl: 'http://pki.kms.example/root.crt',
  };
  let second: ReturnType<Authority['second']> | null = null;
  return {
    rootCertificate: issue({
      subject: root,
      issuer: root,
      notBefore: began,
      notAfter: began + 3650 * DAY_MS,
      isCa: true,
    }),
    intermediateCertificate: issue({ ...signed, notAfter: began + 1825 * DAY_MS }),
    expiredIntermediate: issue({ ...signed, notAfter: nowMs - 30 * DAY_MS }),
    intermediate,
    second: () => {
      if (second !== null) return second;
      const party: Party = { commonName: `${organisation} Issuing CA 2`, ...ecKeys() };
      second = { party, certificate: issue({ ...signed, subject: party, notAfter: began + 1825 * DAY_MS }) };
      return second;
    },
  };
}
