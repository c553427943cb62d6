// Owns what several checks read out of the record of revocation: what counts as said, when, and for whom. Pure.
import { foundOrPass, type Given, type Judged, type Seen } from '../../src/contract/check.ts';
import { type Pointer, pointer } from '../../src/model/finding.ts';
import { type EndpointId, visible } from '../../src/model/text.ts';
import { minuteOf, span, unixMs } from '../../src/x509/instant.ts';
import { chainsIn, foundOrSeen, nothingToJudge } from './derive.ts';
import type { TlsCertificate, TlsEvidence } from './evidence.ts';
import type { AskedRecord, RevocationEvidence, StapleRecord, Statement } from './evidence-revocation.ts';
import type { TlsPolicy } from './options.ts';

/** The record of revocation, or why a check has nothing to say. */
export function revocationIn(
  tls: TlsEvidence,
  given: Given<TlsPolicy>,
):
  | { readonly nothing: Judged; readonly revocation: null }
  | { readonly nothing: null; readonly revocation: RevocationEvidence } {
  const nothing = nothingToJudge(tls, given);
  if (nothing !== null) return { nothing, revocation: null };
  const { revocation } = tls;
  if (revocation === undefined) {
    return { nothing: { outcome: 'not-applicable', because: 'the journey did not look at it' }, revocation: null };
  }
  return { nothing: null, revocation };
}

export interface PlacedStaple {
  readonly staple: StapleRecord;
  readonly at: Pointer;
  readonly mustStaple: boolean;
}

export function staplesIn({ staples, leaves }: RevocationEvidence): readonly PlacedStaple[] {
  return staples.map((staple, index) => ({
    staple,
    at: pointer('evidence', 'tls', 'revocation', 'staples', index),
    mustStaple: leaves[staple.leaf]?.mustStaple === true,
  }));
}

/** Whether an answer came, whatever it is worth. */
export function isStapled({ response, tooLarge }: StapleRecord): boolean {
  return response !== null || tooLarge;
}

/** What is not about the prober's own ignorance: nothing blames it, or nobody could check. */
export function hasTimes({ because, unchecked, thisUpdate }: Statement): boolean {
  return thisUpdate !== null && (because === null || unchecked);
}

/** Clocks of responders and of ours may differ; OpenSSL allows as much. */
export const SKEW_MS = 300_000;

/** `expired 3 days ago, on …`, or `begins …`; null for one that is current. RFC 6960 3.2, 4 to 6. */
export function outOfDate({ thisUpdate, nextUpdate }: Statement, asOfMs: number): string | null {
  if (nextUpdate !== null && unixMs(nextUpdate) < asOfMs) {
    return `ended ${span(asOfMs - unixMs(nextUpdate))} ago, on ${minuteOf(nextUpdate)}`;
  }
  if (thisUpdate !== null && unixMs(thisUpdate) > asOfMs + SKEW_MS) {
    return `begins ${span(unixMs(thisUpdate) - asOfMs)} from now, on ${minuteOf(thisUpdate)}`;
  }
  return null;
}

export interface PlacedAnswer {
  readonly asked: AskedRecord;
  readonly at: Pointer;
}

export function answersIn({ asked }: RevocationEvidence): readonly PlacedAnswer[] {
  return (asked ?? []).map((one, index) => ({
    asked: one,
    at: pointer('evidence', 'tls', 'revocation', 'asked', index),
  }));
}

/** The endpoints that have this certificate on a path. */
export function endpointsWith(tls: TlsEvidence, fingerprint: string): readonly EndpointId[] {
  const found = chainsIn(tls)
    .filter(({ chain }) => chain.shape?.path.includes(fingerprint))
    .map(({ endpoint }) => endpoint);
  return [...new Set(found)];
}

/** As it is called in a sentence. */
export function called(certificate: TlsCertificate | undefined) {
  return certificate?.sans[0] ?? certificate?.subject ?? 'without a name';
}

const KINDS = { crl: 'revocation list', ocsp: 'OCSP answer' } as const;

/** One sight for each place that gave what has ended, however many certificates it was asked about. */
export function answersOutOfDate(method: 'crl' | 'ocsp', tls: TlsEvidence, given: Given<TlsPolicy>): Judged {
  const { nothing, revocation } = revocationIn(tls, given);
  if (nothing !== null) return nothing;
  if (revocation.asked === undefined) {
    return { outcome: 'not-applicable', because: 'nobody was asked (--revocation asks)' };
  }
  const asked = answersIn(revocation).filter((answer) => answer.asked.method === method);
  if (asked.length === 0)
    return { outcome: 'not-applicable', because: `no certificate names a place for a ${KINDS[method]}` };
  const dated = asked.filter((answer) => hasTimes(answer.asked));
  if (dated.length === 0) return { outcome: 'not-judged', because: `no ${KINDS[method]} could be had` };
  const byPlace = Map.groupBy(dated, ({ asked: one }) => `${visible(one.url ?? '')} ${outOfDate(one, given.asOfMs)}`);
  const seen = [...byPlace.values()].flatMap((same): readonly Seen[] => {
    const [first] = same;
    const late = first === undefined ? null : outOfDate(first.asked, given.asOfMs);
    if (first === undefined || late === null) return [];
    const what = [`The ${KINDS[method]} that `, first.asked.url ?? 'the issuer', ` gives ${late}.`];
    return [{ what, evidence: [first.at, ...same.slice(1, 8).map(({ at }) => at)] }];
  });
  return foundOrSeen(foundOrPass(seen), tls);
}
