// Owns who may have issued whom among the certificates at hand, and the checked signatures between them. Judges nothing else.
import { type Certificate, loaded } from './certificate.ts';
import { isSignedByKeyOf } from './signed-by.ts';
import type { TrustStore, VerifiedSignatures } from './trust-store.ts';

export interface Graph {
  readonly leaf: Certificate;
  isAnchor(certificate: Certificate): boolean;
  /** Certificates with the issuer's name, the likeliest first; names alone prove nothing. */
  issuersOf(certificate: Certificate): readonly Certificate[];
  /** Null when the budget of signature checks is spent. */
  isSignedBy(certificate: Certificate, issuer: Certificate): boolean | null;
  /** True when an anchor can be reached through the names of those that are admitted. */
  reaching(admits: (certificate: Certificate) => boolean): ReadonlySet<Certificate>;
}

/** More than any honest server sends. */
const MAX_SENT = 200;

/** @param penalty of a certificate as an issuer: lower is tried first */
export function graphOf(
  {
    leaf,
    sent,
    store,
  }: { readonly leaf: Certificate; readonly sent: readonly Certificate[]; readonly store: TrustStore },
  penalty: (certificate: Certificate) => number,
  signatureChecks: number,
): Graph {
  const bySubject = Map.groupBy(distinct(sent).slice(0, MAX_SENT), ({ subject }) => subject?.key ?? null);
  const isAnchor = ({ fingerprint }: Certificate): boolean => store.has(fingerprint);
  const issuers = new Map<Certificate, readonly Certificate[]>();
  const issuersOf = (certificate: Certificate): readonly Certificate[] => {
    const known = issuers.get(certificate);
    if (known !== undefined) return known;
    const found = findIssuers(certificate);
    issuers.set(certificate, found);
    return found;
  };
  const findIssuers = (certificate: Certificate): readonly Certificate[] => {
    const name = certificate.issuer;
    if (name === null) return [];
    const all = distinct([...store.named(name), ...(bySubject.get(name.key) ?? [])]);
    const cost = (issuer: Certificate): number =>
      (keyIdFits(certificate, issuer) ? 0 : 1000) + penalty(issuer) * 4 + (isAnchor(issuer) ? 0 : 1);
    return all
      .filter(({ fingerprint }) => fingerprint !== certificate.fingerprint)
      .map((issuer) => ({ issuer, cost: cost(issuer) }))
      .toSorted((a, b) => a.cost - b.cost)
      .map(({ issuer }) => issuer);
  };
  const isSignedBy = signatureChecker(signatureChecks, store.verified);
  return {
    leaf,
    isAnchor,
    issuersOf,
    isSignedBy,
    reaching: (admits) => reaching(leaf, { isAnchor, issuersOf }, admits),
  };
}

/** Differing key identifiers say that the name is the same and the key is another (RFC 5280 4.2.1.1). */
export function keyIdFits({ extensions }: Certificate, issuer: Certificate): boolean {
  const wanted = extensions.authorityKeyId?.keyId ?? null;
  const { subjectKeyId } = issuer.extensions;
  return wanted === null || subjectKeyId === null || wanted === subjectKeyId;
}

function distinct(certificates: readonly Certificate[]): readonly Certificate[] {
  return [...new Map(certificates.map((certificate) => [certificate.fingerprint, certificate])).values()];
}

function signatureChecker(budget: number, verified: VerifiedSignatures): Graph['isSignedBy'] {
  const known = new Map<string, boolean>();
  let left = budget;
  return (certificate, issuer) => {
    const pair = `${certificate.fingerprint} ${issuer.spkiSha256}`;
    const before = known.get(pair) ?? (verified.has(pair) || undefined);
    if (before !== undefined) return before;
    if (left === 0) return null;
    left -= 1;
    const answer = verifies(certificate, issuer);
    known.set(pair, answer);
    if (answer) verified.add(pair);
    return answer;
  };
}

function verifies(certificate: Certificate, issuer: Certificate): boolean {
  const [below, above] = [loaded(certificate).x509, loaded(issuer).x509];
  return below !== null && above !== null && isSignedByKeyOf(below, above);
}

function reaching(
  leaf: Certificate,
  { isAnchor, issuersOf }: Pick<Graph, 'isAnchor' | 'issuersOf'>,
  admits: (certificate: Certificate) => boolean,
): ReadonlySet<Certificate> {
  const beneath = new Map<Certificate, Certificate[]>([[leaf, []]]);
  for (const certificate of beneath.keys()) {
    if (isAnchor(certificate)) continue;
    for (const issuer of issuersOf(certificate).filter(admits)) {
      const known = beneath.get(issuer);
      if (known === undefined) beneath.set(issuer, [certificate]);
      else known.push(certificate);
    }
  }
  const reached = new Set([...beneath.keys()].filter(isAnchor));
  for (const certificate of reached) for (const below of beneath.get(certificate) ?? []) reached.add(below);
  return reached;
}
