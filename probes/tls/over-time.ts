// Owns the comparison of the server certificates with those of earlier journeys: which took the place of which, where. Pure.
import { type Pointer, pointer } from '../../src/model/finding.ts';
import type { EndpointId } from '../../src/model/text.ts';
import { unixMs } from '../../src/x509/instant.ts';
import { type Succession, successionOf } from '../../src/x509/succession.ts';
import { shownIn } from './earlier.ts';
import type { TlsCertificate, TlsEvidence } from './evidence.ts';
import type { EarlierTls } from './evidence-earlier.ts';

type Shown = Pick<EarlierTls, 'endpoints' | 'certificates'>;
type ShownAt = EarlierTls['endpoints'][number];

/** One certificate that took the place of another on one endpoint. */
export interface Replacement extends Succession {
  readonly endpoint: EndpointId;
  readonly from: TlsCertificate;
  readonly to: TlsCertificate;
  /** Place of the journey in `earlier` that saw the old one last, and when it was. */
  readonly index: number;
  readonly at: string;
  readonly fromFingerprint: string;
  /** True when this journey is the one that saw the new one first. */
  readonly isNow: boolean;
  readonly toFingerprint: string;
  /** Null when one of the roots is not known. */
  readonly rootChanged: boolean | null;
}

export interface OverTime {
  /** Endpoints of this journey that an earlier one saw too. */
  readonly compared: readonly EndpointId[];
  /** In the order of time, for each endpoint. */
  readonly replacements: readonly Replacement[];
  /** Endpoints that kept what another one replaced since. */
  readonly stale: readonly Stale[];
  /** Endpoints that kept a certificate for which another has one that may be newer or older. */
  readonly undated: number;
}

export interface Stale {
  readonly endpoint: EndpointId;
  readonly leaf: string;
  readonly replaced: Replacement;
}

/** Of what is shown now: a certificate that came since the journey before. */
export function currentReplacements(tls: TlsEvidence): readonly Replacement[] {
  return overTime(tls)?.replacements.filter(({ isNow }) => isNow) ?? [];
}

/** Where the old certificate stands in the journey. */
export function earlierCertificateAt({ index, fromFingerprint }: Replacement): Pointer {
  return pointer('evidence', 'tls', 'earlier', index, 'certificates', fromFingerprint);
}

/** When the first certificate that was seen with this key began, RFC 3339; `isSure` when no unreadable one may have begun before. */
export function keySince(
  { certificates, earlier = [] }: TlsEvidence,
  spkiSha256: string | null,
): { readonly since: string | null; readonly isSure: boolean } {
  const leaves = [certificates, ...earlier.map((journey) => journey.certificates)].flatMap((one) => Object.values(one));
  const mayHaveIt = leaves.filter((one) => !one.isCa && (one.spkiSha256 ?? spkiSha256) === spkiSha256);
  const begins = mayHaveIt.flatMap((one) => (one.spkiSha256 === null || one.notBefore === null ? [] : [one.notBefore]));
  return {
    since: begins.toSorted((a, b) => unixMs(a) - unixMs(b))[0] ?? null,
    isSure: begins.length === mayHaveIt.length,
  };
}

interface Moment extends Shown {
  readonly index: number;
  readonly at: string;
}

/** Null without earlier journeys. */
export function overTime(tls: TlsEvidence): OverTime | null {
  if (tls.earlier === undefined) return null;
  const now = shownIn(tls);
  const moments = tls.earlier.map((earlier, index): Moment => ({ ...earlier, index, at: earlier.startedAt }));
  const compared = now.endpoints.filter((shown) => moments.some((moment) => predecessor(shown, moment, now) !== null));
  const replacements = compared.flatMap((shown) => replacementsOf(shown, moments, now));
  const latest = replacements.filter(({ isNow }) => isNow);
  const kept = compared.flatMap(({ endpoint, leaf }) =>
    latest.filter((one) => one.fromFingerprint === leaf).map((replaced) => ({ endpoint, leaf, replaced })),
  );
  const newer = kept.filter(({ replaced }) => replaced.isNewer === true);
  const stale = newer.filter((one, index) => newer.findIndex(({ endpoint }) => endpoint === one.endpoint) === index);
  return {
    compared: compared.map(({ endpoint }) => endpoint),
    ...{ replacements, stale },
    undated: kept.filter(({ replaced }) => replaced.isNewer === null).length,
  };
}

function replacementsOf(shown: ShownAt, moments: readonly Moment[], now: Shown): readonly Replacement[] {
  const known = moments.flatMap((moment) => {
    const before = predecessor(shown, moment, now);
    return before === null ? [] : [{ moment, before }];
  });
  return known.flatMap(({ moment, before }, position) => {
    const next = known[position + 1];
    const [after, certificates] =
      next === undefined ? [shown, now.certificates] : [next.before, next.moment.certificates];
    const [from, to] = [moment.certificates[before.leaf], certificates[after.leaf]];
    if (before.leaf === after.leaf || from === undefined || to === undefined) return [];
    // Both are shown by turns: neither took the place of the other.
    if (before.others.includes(after.leaf) || after.others.includes(before.leaf)) return [];
    return [
      {
        ...successionOf(from, to),
        ...{ endpoint: shown.endpoint, from, to, index: moment.index, at: moment.at, isNow: next === undefined },
        ...{ fromFingerprint: before.leaf, toFingerprint: after.leaf },
        rootChanged: before.root === null || after.root === null ? null : before.root !== after.root,
      },
    ];
  });
}

/**
 * What the same address showed in an earlier journey. For an address that is new (balancers change theirs) what the name showed
 * then on this port, when that was one certificate of this key type.
 */
function predecessor(shown: ShownAt, { endpoints, certificates }: Moment, now: Shown): ShownAt | null {
  const same = endpoints.find(({ endpoint }) => endpoint === shown.endpoint);
  if (now.certificates[shown.leaf] === undefined) return null;
  if (same !== undefined) return certificates[same.leaf] === undefined ? null : same;
  const keyType = now.certificates[shown.leaf]?.keyType ?? null;
  if (keyType === null) return null;
  const port = portOf(shown);
  const alike = endpoints.filter(
    (one) => portOf(one) === port && (certificates[one.leaf]?.keyType ?? keyType) === keyType,
  );
  const [only] = alike;
  return only !== undefined && new Set(alike.map(({ leaf }) => leaf)).size === 1 ? only : null;
}

function portOf({ endpoint }: ShownAt): string {
  return endpoint.slice(endpoint.lastIndexOf(':'));
}
