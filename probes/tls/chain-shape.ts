// Owns what the list of certificates looks like as sent: path, order, strangers, gaps. Pure; who issued whom is handed in.
import type { WireText } from '../../src/model/text.ts';
import type { ChainShape, TlsCertificate } from './evidence.ts';
import { issuerErrors } from './trust-words.ts';

/** What the shape is read from. */
export interface ShapeInput {
  readonly chainSent: readonly string[];
  readonly trustError: string | null;
  /** Every certificate of the ride. */
  readonly certificates: ReadonlyMap<string, TlsCertificate>;
  readonly issued: (child: string, issuer: string) => boolean;
}

/** Null for an empty list. RFC 8446 4.4.2, RFC 5246 7.4.2. */
export function shapeOf(input: ShapeInput): ChainShape | null {
  const { chainSent, certificates, issued } = input;
  const [leaf] = chainSent;
  if (leaf === undefined) return null;
  const sent = [...new Set(chainSent)];
  const path = pathFrom(leaf, sent, issued);
  const last = lastOf(path, input);
  const missing = last === null ? null : missingAbove(last, path, input);
  return {
    path: [...path],
    ordered: isOrdered(sent, path, issued),
    missingIntermediate: missing?.intermediate ?? false,
    missingIssuer: missing?.issuer ?? null,
    missingSeenAs: missing?.seenAs ?? null,
    aiaUrl: missing === null ? null : (certificates.get(last ?? '')?.caIssuersUrls[0] ?? null),
    extra: sent.filter((fingerprint) => !path.includes(fingerprint)),
    duplicates: sent.filter((fingerprint) => chainSent.indexOf(fingerprint) !== chainSent.lastIndexOf(fingerprint)),
    rootSent: path.slice(1).find((fingerprint) => certificates.get(fingerprint)?.selfSigned) ?? null,
  };
}

/** The leaf and all that stand above it among those sent, nearest first: cross-signed twins of an issuer are both on it. */
function pathFrom(leaf: string, sent: readonly string[], issued: ShapeInput['issued']): readonly string[] {
  const path = [leaf];
  for (const child of path) {
    path.push(...sent.filter((candidate) => !path.includes(candidate) && issued(child, candidate)));
  }
  return path;
}

/** In order when each certificate of the path comes after one that it certifies; strangers between them are another matter. */
function isOrdered(sent: readonly string[], path: readonly string[], issued: ShapeInput['issued']): boolean {
  const onPath = sent.filter((fingerprint) => path.includes(fingerprint));
  return onPath.every((issuer, index) => index === 0 || onPath.slice(0, index).some((child) => issued(child, issuer)));
}

/** The end of the path; null when it ends in a self-signed certificate. */
function lastOf(path: readonly string[], { certificates }: ShapeInput): string | null {
  if (path.some((fingerprint) => certificates.get(fingerprint)?.selfSigned)) return null;
  return path.at(-1) ?? null;
}

/**
 * Whether the certificate above the path's end should have been sent. Not every unknown issuer is a missing intermediate: a private
 * root that is not trusted here looks the same when at least one intermediate was sent, unless another endpoint sends the missing one.
 */
function missingAbove(last: string, path: readonly string[], { certificates, trustError, issued }: ShapeInput) {
  const issuer: WireText | null = certificates.get(last)?.issuer ?? null;
  const above = [...certificates.keys()].filter((candidate) => candidate !== last && issued(last, candidate));
  const seenAs = above.find((candidate) => !certificates.get(candidate)?.selfSigned) ?? null;
  const issuedByRoot = above.length > 0 && seenAs === null;
  const unknownIssuer = trustError !== null && issuerErrors.has(trustError);
  return { issuer, seenAs, intermediate: unknownIssuer && !issuedByRoot && (seenAs !== null || path.length === 1) };
}
