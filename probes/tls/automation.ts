// Owns the conclusion whether certificates are renewed by a program or by a person, from signals that are told beside it. Pure.
import type { Json } from '../../src/model/json.ts';
import { visible } from '../../src/model/text.ts';
import { DAY_MS, span, unixMs } from '../../src/x509/instant.ts';
import { knownIssuer } from '../../src/x509/known-issuers.ts';
import { endOfLifetime, validityDays } from '../../src/x509/lifetime-policy.ts';
import { renewalOf } from '../../src/x509/renewal.ts';
import { chainsIn, type PlacedChain } from './derive.ts';
import type { TlsCertificate, TlsEvidence } from './evidence.ts';
import { overTime, type Replacement } from './over-time.ts';

/** One thing that speaks for a program (above 0) or a person (below 0); each says as much as its points. */
export interface Signal {
  readonly points: number;
  /** A clause, for a list. */
  readonly says: string;
}

export interface Automation {
  readonly conclusion: 'automated' | 'manual' | 'cannot tell';
  readonly confidence: 'high' | 'medium' | 'low';
  readonly signals: readonly Signal[];
}

/** From here on the signals are a conclusion. */
const AUTOMATED = 3;
const MANUAL = -2;

export function automationOf(tls: TlsEvidence, asOfMs: number): Automation {
  const chains = chainsIn(tls).filter(({ leaf }) => leaf?.notBefore != null && leaf.notAfter !== null);
  const signals = [
    ...issuerSignal(chains),
    ...lifetimeSignal(chains),
    ...momentSignal(chains),
    ...togetherSignal(chains),
    ...overdueSignal(chains, asOfMs),
    ...renewalSignals(overTime(tls)?.replacements ?? []),
  ];
  const points = signals.reduce((sum, signal) => sum + signal.points, 0);
  const conclusion = points >= AUTOMATED ? 'automated' : points <= MANUAL ? 'manual' : 'cannot tell';
  const strength = Math.abs(points);
  return { conclusion, confidence: strength >= 4 ? 'high' : strength >= 3 ? 'medium' : 'low', signals };
}

/** A private authority that calls itself by a public one's name is no signal. */
function issuerSignal(chains: readonly PlacedChain[]): readonly Signal[] {
  const known = chains.map(({ leaf, chain }) =>
    chain.verdict?.publicRoot === false ? null : knownIssuer(leaf?.issuer ?? null),
  );
  const [first] = known;
  if (first == null || !known.every((issuer) => issuer?.automation === 'only')) return [];
  return [{ points: 3, says: `${first.organization} takes orders from programs only` }];
}

function lifetimeSignal(chains: readonly PlacedChain[]): readonly Signal[] {
  const days = Math.round(Math.max(...chains.map(({ leaf }) => (leaf === null ? 0 : lifeDays(leaf)))));
  if (chains.length === 0 || days <= 0) return [];
  const points = days <= 10 ? 3 : days <= 50 ? 2 : days <= 100 ? 1 : days <= 200 ? 0 : days < 360 ? -1 : -2;
  return points === 0 ? [] : [{ points, says: `issued for ${days} days` }];
}

function lifeDays({ notBefore, notAfter }: TlsCertificate): number {
  return notBefore === null || notAfter === null ? 0 : validityDays(notBefore, notAfter);
}

/** Portals date what a person orders to midnight; ACME servers to the moment of the order, less an hour. */
function momentSignal(chains: readonly PlacedChain[]): readonly Signal[] {
  const begins = chains.flatMap(({ leaf }) => leaf?.notBefore ?? []);
  if (begins.length > 0 && begins.every((begin) => unixMs(begin) % DAY_MS === 0))
    return [{ points: -1, says: 'valid from midnight, as ordered from a portal' }];
  const isPublic = chains.every(({ chain }) => chain.verdict?.publicRoot === true);
  if (isPublic && begins.length > 0 && begins.every((begin) => unixMs(begin) % 3_600_000 !== 0))
    return [{ points: 1, says: 'valid from the moment of the order' }];
  return [];
}

/** Certificates of several endpoints that began within this time were ordered in one go. Ms. */
const TOGETHER_MS = 600_000;

function togetherSignal(chains: readonly PlacedChain[]): readonly Signal[] {
  const leaves = new Map(chains.map(({ chain, leaf }) => [chain.chainSent[0], leaf]));
  const begins = [...leaves.values()].flatMap((leaf) => (leaf?.notBefore == null ? [] : [unixMs(leaf.notBefore)]));
  if (begins.length < 2 || Math.max(...begins) - Math.min(...begins) > TOGETHER_MS) return [];
  return [{ points: 1, says: `${begins.length} certificates issued within ten minutes` }];
}

function overdueSignal(chains: readonly PlacedChain[], asOfMs: number): readonly Signal[] {
  const late = chains.some(({ leaf }) => leaf !== null && renewalOf(leaf, asOfMs)?.isOverdue);
  return late ? [{ points: -1, says: 'one is older than programs let them become' }] : [];
}

/** How much of its life a certificate had left when its successor was issued. */
function renewalSignals(replacements: readonly Replacement[]): readonly Signal[] {
  const left = replacements.flatMap(({ from, to, isNewer }) => {
    const [life, issued] = [lifeDays(from), to.notBefore];
    if (isNewer !== true || life <= 0 || from.notAfter === null || issued === null) return [];
    return [{ share: (unixMs(from.notAfter) - unixMs(issued)) / DAY_MS / life, from }];
  });
  const last = left.findLast(({ share }) => share < 0.1);
  if (last !== undefined) {
    const when = last.share < 0 ? 'after the end of the one before' : 'in the last tenth of the life of the one before';
    return [{ points: -2, says: `renewed ${when}` }];
  }
  const inTime = left.filter(({ share }) => share >= 0.25 && share <= 0.6);
  if (inTime.length === 0 || inTime.length < left.length) return [];
  const shares = inTime.map(({ share }) => `${Math.round(share * 100)} %`);
  return [{ points: 2, says: `renewed with ${[...new Set(shares)].slice(0, 3).join(', ')} of the life left` }];
}

/** What the schedule of public lifetimes means for this service; null when nothing, or when its root is not public. */
export function forecastOf(tls: TlsEvidence, asOfMs: number): { readonly days: number; readonly from: string } | null {
  const lives = chainsIn(tls).flatMap(({ chain, leaf }) =>
    chain.verdict?.publicRoot === true && leaf !== null ? [lifeDays(leaf)] : [],
  );
  const end = lives.length === 0 ? null : endOfLifetime(Math.max(...lives), asOfMs);
  return end === null ? null : { days: end.days, from: end.from.slice(0, 10) };
}

/** Forecasts further away than this are facts, and no sentence. */
const SOON_MS = 400 * DAY_MS;

/** Sentences for the answer. */
export function automationSays(tls: TlsEvidence, asOfMs: number): string {
  const { conclusion, confidence, signals } = automationOf(tls, asOfMs);
  const forecast = forecastOf(tls, asOfMs);
  const why = signals.map(({ says }) => says).join('; ');
  const stops =
    forecast === null || conclusion === 'automated' || unixMs(forecast.from) - asOfMs > SOON_MS
      ? ''
      : ` In ${span(unixMs(forecast.from) - asOfMs)}, on ${forecast.from}, public certificates of more than ${forecast.days} days are issued no more.`;
  if (conclusion !== 'cannot tell') return `Rotation looks ${conclusion} (${confidence} confidence: ${why}).${stops}`;
  const one = tls.earlier === undefined ? 'One journey does not show' : 'The journeys do not show';
  return `${one} whether rotation is automated.${stops}`;
}

export function automationFacts(tls: TlsEvidence, asOfMs: number): { readonly [name: string]: Json } {
  const { conclusion, confidence, signals } = automationOf(tls, asOfMs);
  const renewals = (overTime(tls)?.replacements ?? []).map((one) => ({
    endpoint: one.endpoint,
    after: one.at,
    from: one.fromFingerprint,
    to: one.toFingerprint,
    keyReused: one.keyReused,
    namesLost: one.namesLost?.map((name) => visible(name)) ?? null,
  }));
  return {
    rotation: { conclusion, confidence, signals: signals.map(({ points, says }) => ({ points, says })) },
    lifetimeForecast: forecastOf(tls, asOfMs),
    ...(tls.earlier === undefined ? {} : { renewals: renewals.slice(0, 64) }),
  };
}
