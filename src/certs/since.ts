// Owns what changed since an earlier report: what was renewed, how, where not, and what was due and was not renewed. Pure.
import type { CertificateRecord } from '../model/certificate-schema.ts';
import type { CertsProblem, Place } from '../model/certs.ts';
import { listing, type Severity } from '../model/finding.ts';
import { visible } from '../model/text.ts';
import type { Fingerprint } from '../model/trace.ts';
import { DAY_MS, expiry, minuteOf, span, unixMs } from '../x509/instant.ts';
import { type Succession, successionOf } from '../x509/succession.ts';
import type { Collected } from './assemble.ts';
import type { EarlierReport } from './read-report.ts';

export interface SinceContext {
  readonly severities: { readonly [check: string]: Severity };
  readonly asOfMs: number;
}

/** A key of more days than a certificate could live when that was first limited (CABF BR 6.3.2). */
const OLD_KEY_MS = 398 * DAY_MS;

/** One place that shows another certificate than before. */
interface Replaced extends Succession {
  readonly place: Place;
  readonly from: Fingerprint;
  readonly to: Fingerprint;
  readonly before: CertificateRecord;
  readonly after: CertificateRecord;
}

/** The problems as they were, those that stand since the earlier report marked so, and what changed. */
export function withChanges(collected: Collected, earlier: EarlierReport, context: SinceContext): Collected {
  const leafThen = leavesThen(earlier);
  const replaced = collected.places.flatMap((place) => replacedAt(place, leafThen(place), collected, earlier));
  const found = [
    ...replaced.flatMap((one) => changesOf(one, collected, earlier, context)),
    ...staleOf(collected, leafThen, replaced, context),
  ];
  const severity = (problem: CertsProblem): CertsProblem => ({
    ...problem,
    severity: context.severities[problem.id] ?? problem.severity,
  });
  const problems = collected.problems.map((problem) => standing(problem, earlier));
  return { ...collected, problems: [...problems, ...found.map(severity)] };
}

/** By place, and for an address that is new by its target, when that had one certificate. */
function leavesThen({ places }: EarlierReport): (place: Place) => Fingerprint | null {
  const byPlace = new Map(places.map(({ id, leaf }) => [id, leaf]));
  const byTarget = new Map<string, Set<Fingerprint>>();
  for (const { target, leaf } of places) {
    if (target === null) continue;
    byTarget.set(target, (byTarget.get(target) ?? new Set()).add(leaf));
  }
  return (place) => {
    const then = byPlace.get(place.id);
    if (then !== undefined || place.kind === 'file') return then ?? null;
    const [only, another] = byTarget.get(place.target) ?? [];
    return another === undefined ? (only ?? null) : null;
  };
}

function replacedAt(
  place: Place,
  from: Fingerprint | null,
  { certificates }: Collected,
  earlier: EarlierReport,
): readonly Replaced[] {
  const [to] = place.chain;
  if (from === null || to === undefined || from === to) return [];
  const [before, after] = [earlier.certificates[from], certificates[to]];
  if (before === undefined || after === undefined) return [];
  return [{ ...successionOf(before, after), place, from, to, before, after }];
}

function changesOf(
  one: Replaced,
  { certificates }: Collected,
  earlier: EarlierReport,
  { asOfMs }: SinceContext,
): readonly CertsProblem[] {
  const { place, to, after, before, namesLost, changes, keyReused, isNewer } = one;
  const since = minuteOf(earlier.startedAt);
  const until = after.notAfter === null ? '' : `; it ${expiry(after.notAfter, asOfMs)}`;
  const base = { ...targetOf(place), certificate: to, atMs: null };
  const renewed: CertsProblem = {
    ...{ ...base, id: 'certificate-replaced', severity: isNewer === false ? 'warning' : 'notice' },
    what: `${isNewer === false ? 'An older certificate came back' : 'A new certificate came'} since ${since}: serial ${shortSerial(after)} instead of ${shortSerial(before)}${until}.`,
    soWhat: isNewer === false ? 'A roll-back took the renewal with it, or servers take turns.' : 'It was renewed.',
    nowWhat: isNewer === false ? 'Deploy the newer one again.' : 'Nothing, if it was meant.',
  };
  const lost: readonly CertsProblem[] =
    namesLost === null || namesLost.length === 0
      ? []
      : [
          {
            ...{ ...base, id: 'names-lost', severity: 'warning' },
            what: `The certificate that came since ${since} is no longer for ${namesIn(namesLost.map(visible))}.`,
            soWhat: 'Callers by those names are refused, if any still come here.',
            nowWhat: 'Add the names to the order, or take their records out of the zone.',
          },
        ];
  const other: readonly CertsProblem[] =
    changes.length === 0
      ? []
      : [
          {
            ...{ ...base, id: 'issuer-changed', severity: 'notice' },
            what: `The certificate that came since ${since} is of another kind: ${changes.map((change) => `its ${change.what} is ${visible(change.to)} instead of ${visible(change.from)}`).join(', ')}.`,
            soWhat: 'Callers with old or pinned roots, and those that use the certificate as clients, may refuse it.',
            nowWhat: 'Make sure that the change was meant, and that pinned callers know of it.',
          },
        ];
  const begun = keyReused ? keyBegan(after, [certificates, earlier.certificates]) : null;
  const old: readonly CertsProblem[] =
    begun === null || asOfMs - begun <= OLD_KEY_MS
      ? []
      : [
          {
            ...{ ...base, id: 'key-reused', severity: 'notice' },
            what: `The certificate is new, its key is not: it has been in use for ${span(asOfMs - begun)}.`,
            soWhat: 'Whoever got hold of the key once can go on impersonating the service after every renewal.',
            nowWhat: 'Let the next renewal make a new key, unless pins or TLSA records hold this one.',
          },
        ];
  return [renewed, ...lost, ...other, ...old];
}

/** Places of a target that kept what another place of it replaced with something newer. */
function staleOf(
  { places, certificates }: Collected,
  leafThen: (place: Place) => Fingerprint | null,
  replaced: readonly Replaced[],
  { asOfMs }: SinceContext,
): readonly CertsProblem[] {
  const newer = replaced.filter(({ isNewer, place }) => isNewer === true && place.kind === 'endpoint');
  const moved = Map.groupBy(newer, ({ place, from }) => `${targetOf(place).target} ${from}`);
  return places.flatMap((place): readonly CertsProblem[] => {
    const [leaf] = place.chain;
    if (place.kind !== 'endpoint' || leaf === undefined || leafThen(place) !== leaf) return [];
    const [other] = moved.get(`${place.target} ${leaf}`) ?? [];
    if (other === undefined) return [];
    const notAfter = certificates[leaf]?.notAfter ?? null;
    const end = notAfter === null ? '' : `, which ${expiry(notAfter, asOfMs)}`;
    return [
      {
        ...{ ...targetOf(place), id: 'renewal-incomplete', severity: 'warning', certificate: leaf },
        atMs: notAfter === null ? null : unixMs(notAfter),
        what: `Still the certificate of before${end}; ${other.place.id} has gone over to serial ${shortSerial(other.after)}.`,
        soWhat: 'The renewal works and does not reach this endpoint, which will go on with the old certificate.',
        nowWhat: 'Deploy the new certificate here too, and reload what serves it.',
      },
    ];
  });
}

/** Problems of time that were told before of the very same certificate: it was due, and nobody renewed it. */
const TIMELY: ReadonlySet<string> = new Set(['certificate-expiry', 'intermediate-expiry', 'renewal-overdue']);

function standing(problem: CertsProblem, { told, startedAt }: EarlierReport): CertsProblem {
  if (problem.certificate === null || !TIMELY.has(problem.id)) return problem;
  if (![...TIMELY].some((id) => told.has(`${id} ${problem.certificate ?? ''}`))) return problem;
  return { ...problem, what: `${problem.what} Told on ${minuteOf(startedAt)} too, and not renewed since.` };
}

function keyBegan(
  { spkiSha256 }: CertificateRecord,
  all: readonly Readonly<Record<Fingerprint, CertificateRecord>>[],
): number | null {
  const begins = all
    .flatMap((one) => Object.values(one))
    .flatMap((one) => (one.spkiSha256 === spkiSha256 && one.notBefore !== null ? [unixMs(one.notBefore)] : []));
  return begins.length === 0 ? null : begins.reduce((least, begin) => Math.min(least, begin));
}

function targetOf(place: Place): { readonly target: string; readonly places: readonly string[] } {
  return { target: place.kind === 'endpoint' ? place.target : place.path, places: [place.id] };
}

function shortSerial({ serialHex }: CertificateRecord): string {
  return serialHex.slice(0, 40);
}

function namesIn(names: readonly string[]): string {
  return listing(names, 6).join('');
}
