// Owns the question whether the name's answers can be believed, asked once for a journey, beside all else that is asked.
// Never asks further where the resolver gives no signed root.
import type { DnsName } from '../../../src/model/text.ts';
import { readTrustAnchors } from '../../../src/net/dns/trust-anchor.ts';
import type { Context } from '../ask.ts';
import type { DnsEvidence, DnssecReason } from '../evidence.ts';
import { parentOf, type ZoneName } from './names.ts';
import { openSource, type Source } from './source.ts';
import { openTrace } from './trace.ts';
import { type Because, type Outcome, openValidator } from './validate.ts';

export type Dnssec = Pick<DnsEvidence, 'dnssec' | 'dnssecDetail'>;

/** Signatures checked in one journey; a way of four zones needs a dozen (CVE-2023-50387). */
const MAX_VERIFICATIONS = 200;

export async function lookAtDnssec(context: Context): Promise<Dnssec> {
  const anchors = readTrustAnchors(context.options.trustAnchor);
  const nowSeconds = Math.floor(context.startedAtMs / 1000);
  const trace = openTrace(nowSeconds);
  const source = openSource(context);
  const validator = openValidator({
    source,
    anchors,
    trace,
    bench: { nowSeconds, verificationsLeft: MAX_VERIFICATIONS },
  });
  const name = context.target.host as DnsName;
  // The anchor first: without signatures there, one question is all that it costs.
  const anchor = anchorAbove(name, new Set(anchors.map(({ zone }) => zone)));
  const first = anchor === null ? null : await validator.trustOf(anchor);
  if (first?.state === 'secure' && anchor !== null) askAhead(source, name, anchor);
  const outcomes: readonly Outcome[] =
    first !== null && first.state !== 'secure'
      ? [first]
      : await Promise.all((['A', 'AAAA'] as const).map((type) => validator.judge(name, type)));
  return written(worst(outcomes), trace.zones(), source.questions());
}

/** What is written down when there is nobody to ask. */
export function notChecked(reason: DnssecReason): Dnssec {
  const dnssecDetail = { reason, link: null, expiredAt: null, zones: [], soonestExpiry: null, questions: 0 };
  return { dnssec: 'not-checked', dnssecDetail };
}

function anchorAbove(name: ZoneName, anchored: ReadonlySet<ZoneName>): ZoneName | null {
  for (let at: ZoneName | null = name; at !== null; at = parentOf(at)) if (anchored.has(at)) return at;
  return null;
}

/** Labels of a name whose zones are asked for side by side before it is known which of them exist. */
const MAX_AHEAD = 6;

function askAhead(source: Source, name: ZoneName, anchor: ZoneName): void {
  const names: ZoneName[] = [];
  for (let at: ZoneName | null = name; at !== null && at !== anchor; at = parentOf(at)) names.unshift(at);
  for (const type of ['A', 'AAAA'] as const) void source.ask(name, type);
  for (const at of names.slice(0, MAX_AHEAD)) {
    void source.ask(at, 'DS').then(({ reply }) => {
      const signed = reply?.answers.some((record) => record.type === 'other' && record.typeName === 'DS') === true;
      return signed ? source.ask(at, 'DNSKEY') : null;
    });
  }
}

const gravity: readonly Outcome['state'][] = ['secure', 'insecure', 'not-checked', 'bogus'];

function worst(outcomes: readonly Outcome[]): Outcome {
  return (
    outcomes.toSorted((a, b) => gravity.indexOf(b.state) - gravity.indexOf(a.state))[0] ?? { state: 'secure' as const }
  );
}

function written(outcome: Outcome, zones: NonNullable<Dnssec['dnssecDetail']>['zones'], questions: number): Dnssec {
  const because: Because | null = outcome.state === 'secure' ? null : outcome.because;
  const expiredAt = because?.expiredAt ?? null;
  const soonest = zones
    .flatMap((zone) => zone.signatures.map((one) => ({ zone: zone.zone, ...one })))
    .toSorted((a, b) => (a.expiresAt < b.expiresAt ? -1 : 1))[0];
  return {
    dnssec: outcome.state,
    dnssecDetail: {
      reason: because?.reason ?? null,
      link: because === null ? null : { zone: because.zone, name: because.name, type: because.type },
      expiredAt: expiredAt === null ? null : new Date(expiredAt * 1000).toISOString(),
      zones,
      soonestExpiry: soonest ?? null,
      questions,
    },
  };
}
