// Owns the verdict on a chain: the valid paths to a trusted root, or all that is wrong with the best one (RFC 5280 6.1, RFC 4158).
// Bounded in signature checks, steps and comparisons, whatever a stranger sends; asks no clock and no network.
import { blemishesOf } from './blemishes.ts';
import type { Certificate } from './certificate.ts';
import { certificateFaults, type Place, type Purpose } from './certificate-faults.ts';
import { nameText } from './distinguished-name.ts';
import { type Fault, isFatal } from './fault.ts';
import { unixMs } from './instant.ts';
import { constraintFaults, type Host, hostFaults, isSelfIssued, lengthFaults } from './path-faults.ts';
import { type Graph, graphOf, keyIdFits } from './path-graph.ts';
import type { TrustStore } from './trust-store.ts';

export interface PathQuestion {
  readonly leaf: Certificate;
  /** In any order, with whatever else was sent. */
  readonly sent: readonly Certificate[];
  readonly store: TrustStore;
  /** Unix ms. */
  readonly atMs: number;
  /** Null: any name will do. */
  readonly host: Host | null;
  readonly purpose: Purpose;
  /** CA certificates between leaf and root that are not self-issued; absent: as many as the search goes deep. */
  readonly maxIntermediates?: number;
}

/** A way from the leaf to a trusted root that holds at the time asked for. */
export interface ValidPath {
  /** Fingerprints, leaf first. */
  readonly certificates: readonly string[];
  /** RFC 3339: when its first certificate expires, and which. */
  readonly endsAt: string;
  readonly endsBy: string;
}

export interface Verdict {
  readonly valid: boolean;
  /** Valid ones, the longest-lived first; empty when there is none. */
  readonly paths: readonly ValidPath[];
  /** Fingerprints of the path that `faults` speak of: the first valid one, else the one that lacks least. */
  readonly path: readonly string[];
  /** All that is wrong with it; blemishes (`isFatal` tells) also with a valid one. */
  readonly faults: readonly Fault[];
  /** The trusted root at the end of `path`, which need not have been sent; none when it leads to none. */
  readonly roots: readonly Certificate[];
}

/** Bounds of one search. */
const SIGNATURE_CHECKS = 100;
const MAX_DEPTH = 12;
const MAX_COMPARISONS = 250_000;
const MAX_STEPS = 2000;
const MAX_VALID = 8;
const MAX_CANDIDATES = 16;

interface Walked {
  readonly path: readonly Certificate[];
  /** Ends at a trusted root. */
  readonly complete: boolean;
}

export function judgePath(question: PathQuestion): Verdict {
  const faultsIn = faultsInPlace(question);
  const isSound = (certificate: Certificate): boolean => !faultsIn(certificate, placeOf(certificate)).some(isFatal);
  const placeOf = (certificate: Certificate): Place =>
    question.store.has(certificate.fingerprint) ? 'anchor' : 'issuer';
  const penalty = (certificate: Certificate): number =>
    faultsIn(certificate, placeOf(certificate)).reduce((sum, fault) => sum + (isFatal(fault) ? 16 : 1), 0);
  const graph = graphOf(question, penalty, SIGNATURE_CHECKS);
  const judge = judging(question, faultsIn);

  const leafFaults = [...faultsIn(question.leaf, 'leaf'), ...hostFaults(question.leaf, question.host)];
  const sound = walk(graph, graph.reaching(isSound), isSound, MAX_VALID)
    .filter(({ complete }) => complete)
    .map((walked) => ({ ...walked, faults: judge(walked) }))
    .toSorted((a, b) => a.faults.length - b.faults.length);
  const clean = sound.filter(({ faults }) => !faults.some(isFatal));
  const [best] = clean;
  if (best !== undefined) {
    const faults = [...leafFaults, ...best.faults];
    const valid = !faults.some(isFatal);
    const paths = valid
      ? clean.map(({ path }) => validPath(path)).toSorted((a, b) => unixMs(b.endsAt) - unixMs(a.endsAt))
      : [];
    return { valid, paths, path: fingerprints(best.path), faults, roots: best.path.slice(-1) };
  }
  const worst = leastFaulty(graph, judge);
  const roots = worst.path.slice(-1).filter(({ fingerprint }) => question.store.has(fingerprint));
  return { valid: false, paths: [], path: fingerprints(worst.path), faults: [...leafFaults, ...worst.faults], roots };
}

const fingerprints = (path: readonly Certificate[]): readonly string[] => path.map(({ fingerprint }) => fingerprint);

/** Faults of one certificate in its place, found once. */
function faultsInPlace(question: PathQuestion): (certificate: Certificate, place: Place) => readonly Fault[] {
  const known = new Map<string, readonly Fault[]>();
  return (certificate, place) => {
    const key = `${place} ${certificate.fingerprint}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const faults = [...certificateFaults(certificate, place, question), ...blemishesOf(certificate, place)];
    known.set(key, faults);
    return faults;
  };
}

/** All faults of a path but those of the leaf alone. */
function judging(
  question: PathQuestion,
  faultsIn: ReturnType<typeof faultsInPlace>,
): (walked: Walked) => readonly Fault[] {
  const comparisons = { left: MAX_COMPARISONS };
  return ({ path, complete }) => [
    ...path
      .slice(1)
      .flatMap((certificate, at) => faultsIn(certificate, complete && at === path.length - 2 ? 'anchor' : 'issuer')),
    ...lengthFaults(path, question.maxIntermediates ?? null),
    ...constraintFaults(path, comparisons),
  ];
}

/** Depth first: complete paths until there are enough, and the ends of those that led nowhere. */
function walk(
  graph: Graph,
  within: ReadonlySet<Certificate> | null,
  admits: (certificate: Certificate) => boolean,
  enough: number,
): readonly Walked[] {
  const found: Walked[] = [];
  let steps = 0;
  const complete = (): number => found.filter((one) => one.complete).length;
  const visit = (path: readonly Certificate[]): void => {
    const last = path.at(-1) ?? graph.leaf;
    if (graph.isAnchor(last)) {
      found.push({ path, complete: true });
      return;
    }
    let wentOn = false;
    for (const issuer of path.length < MAX_DEPTH ? graph.issuersOf(last) : []) {
      if (complete() >= enough || (steps += 1) > MAX_STEPS) return;
      if (within !== null && !within.has(issuer)) continue;
      if (!admits(issuer) || isRepeated(issuer, path) || graph.isSignedBy(last, issuer) !== true) continue;
      wentOn = true;
      visit([...path, issuer]);
    }
    if (!wentOn && found.length < enough * 4) found.push({ path, complete: false });
  };
  if (within === null || within.has(graph.leaf)) visit([graph.leaf]);
  return found;
}

/** RFC 4158 2.4.2: a name with its key comes once on a path, whatever else differs. */
function isRepeated({ subject, spkiSha256 }: Certificate, path: readonly Certificate[]): boolean {
  return path.some((one) => one.spkiSha256 === spkiSha256 && one.subject?.key === subject?.key);
}

function leastFaulty(
  graph: Graph,
  judge: (walked: Walked) => readonly Fault[],
): { path: readonly Certificate[]; faults: readonly Fault[] } {
  const all = walk(graph, null, () => true, MAX_CANDIDATES).map((walked) => {
    const end = walked.complete ? [] : [endFault(walked.path, graph)];
    return { path: walked.path, faults: [...judge(walked), ...end], complete: walked.complete };
  });
  const [best] = all.toSorted(
    (a, b) =>
      Number(b.complete) - Number(a.complete) || fatal(a.faults) - fatal(b.faults) || b.path.length - a.path.length,
  );
  return best ?? { path: [graph.leaf], faults: [endFault([graph.leaf], graph)] };
}

const fatal = (faults: readonly Fault[]): number => faults.filter(isFatal).length;

/** Why a path that ends at no trusted root goes no further. */
function endFault(path: readonly Certificate[], graph: Graph): Fault {
  const last = path.at(-1) ?? graph.leaf;
  const fault = (code: Fault['code'], detail: string | null = null): Fault => {
    const about = last.issuer === null ? null : nameText(last.issuer.node);
    return { code, certificate: last.fingerprint, detail, about };
  };
  if (path.length >= MAX_DEPTH) return fault('too-complex');
  if (isSelfIssued(last) && graph.isSignedBy(last, last) === true)
    return fault(path.length === 1 ? 'self-signed' : 'unknown-root');
  const namesakes = graph.issuersOf(last).filter((issuer) => keyIdFits(last, issuer) && !isRepeated(issuer, path));
  if (namesakes.some((issuer) => graph.isSignedBy(last, issuer) === null)) return fault('too-complex');
  return fault(namesakes.length > 0 ? 'bad-signature' : 'missing-issuer');
}

function validPath(path: readonly Certificate[]): ValidPath {
  const ends = path.map(({ notAfter, fingerprint }) => ({ endsAt: notAfter ?? '', endsBy: fingerprint }));
  const [first] = ends.toSorted((a, b) => unixMs(a.endsAt) - unixMs(b.endsAt));
  return { certificates: fingerprints(path), endsAt: first?.endsAt ?? '', endsBy: first?.endsBy ?? '' };
}
