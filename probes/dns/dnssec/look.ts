// Owns the question whether the name's answers can be believed, asked once for a journey, beside all else that is asked.
// Never asks the resolver further where it gives no signed root; the zones' own servers are asked then.
import type { DnsName } from '../../../src/model/text.ts';
import { readTrustAnchors } from '../../../src/net/dns/trust-anchor.ts';
import type { Context } from '../ask.ts';
import type { DnsEvidence, ZoneEvidence } from '../evidence.ts';
import type { DnssecDetail, DnssecReason, SignedServerEvidence } from '../evidence-dnssec.ts';
import type { SeenZones } from '../zones-of-chain.ts';
import { askServers } from './ask-servers.ts';
import { openAuthoritySource } from './authority-source.ts';
import { parentOf, type ZoneName } from './names.ts';
import { openSource, type Source } from './source.ts';
import { openTrace, type Trace } from './trace.ts';
import { type Because, type Outcome, openValidator } from './validate.ts';
import type { Bench } from './verify.ts';

export type Dnssec = Pick<DnsEvidence, 'dnssec' | 'dnssecDetail'>;

/** Signatures checked in one journey; a way of four zones needs a dozen, and each server of the last two more (CVE-2023-50387). */
const MAX_VERIFICATIONS = 200;

interface Judged {
  readonly outcome: Outcome;
  readonly validator: ReturnType<typeof openValidator>;
  readonly trace: Trace;
  readonly source: Source;
}

/** `canAsk` is false where the resolver is known to be silent: then only the authorities can tell. */
export async function lookAtDnssec(context: Context, zones: Promise<SeenZones>, canAsk: boolean): Promise<Dnssec> {
  const nowSeconds = Math.floor(context.startedAtMs / 1000);
  const bench = { nowSeconds, verificationsLeft: MAX_VERIFICATIONS };
  const first = await validated(context, canAsk ? openSource(context) : nobody, bench);
  const reason = first.outcome.state === 'not-checked' ? first.outcome.because.reason : null;
  const seen = await zones;
  const walked = reason !== null && heldUp.has(reason) ? walkedZones(seen) : null;
  const second = walked === null ? null : await validated(context, openAuthoritySource(context, walked), bench, true);
  const told = second === null || second.outcome.state === 'not-checked' ? first : second;
  const servers = await serversOf(context, told.validator, seen.delegation.at(-1) ?? null, bench);
  return written(told, {
    askedOf: told === first ? 'resolver' : 'authorities',
    ...(told === first || reason === null ? {} : { resolverReason: reason }),
    questions: first.source.questions() + (second?.source.questions() ?? 0),
    ...(servers === null ? {} : { servers }),
  });
}

const nobody: Source = { ask: () => Promise.resolve({ reply: null, because: 'resolver-failed' }), questions: () => 0 };

/** From the root to the name, those of its aliases with them; null when the walk did not come to its end. */
function walkedZones({ delegation, aliases, walks }: SeenZones): readonly ZoneEvidence[] | null {
  if (walks.walk?.state !== 'complete') return null;
  return [...delegation, ...aliases, ...(walks.aliasWalks ?? []).flatMap(({ above }) => above)];
}

/**
 * The resolver does not pass signatures on. Where it serves the name itself or knows another root, its clients live in another
 * tree than the one that is walked, and what the authorities say is not about them.
 */
const heldUp: ReadonlySet<DnssecReason> = new Set(['no-signatures', 'resolver-failed']);

async function validated(context: Context, source: Source, bench: Bench, direct?: true): Promise<Judged> {
  const anchors = readTrustAnchors(context.options.trustAnchor);
  const trace = openTrace(bench.nowSeconds);
  const validator = openValidator({ source, anchors, trace, bench, ...(direct && { direct }) });
  const name = context.target.host as DnsName;
  // The anchor first: without signatures there, one question is all that it costs.
  const anchor = anchorAbove(name, new Set(anchors.map(({ zone }) => zone)));
  const top = anchor === null ? null : await validator.trustOf(anchor);
  if (top?.state === 'secure' && anchor !== null) askAhead(source, name, anchor);
  const outcomes: readonly Outcome[] =
    top !== null && top.state !== 'secure'
      ? [top]
      : await Promise.all((['A', 'AAAA'] as const).map((type) => validator.judge(name, type)));
  return { outcome: worst(outcomes), validator, trace, source };
}

/** Null where no DS record leads to the zone's keys, so that nobody validates it. */
async function serversOf(
  context: Context,
  validator: Judged['validator'],
  leaf: ZoneEvidence | null,
  bench: Bench,
): Promise<SignedServerEvidence[] | null> {
  const trusted = leaf === null ? null : await validator.entryOf(leaf.zone);
  if (leaf === null || trusted === null) return null;
  const trust = await validator.trustOf(leaf.zone);
  const type = context.lookup?.addresses.some(({ family }) => family === 4) === false ? 'AAAA' : 'A';
  const believed = trust.state === 'secure' ? trust.signer.keys : [];
  return askServers(context, { zone: leaf, type, trusted, believed, bench });
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

type Asked = Pick<DnssecDetail, 'askedOf' | 'resolverReason' | 'questions' | 'servers'>;

function written({ outcome, trace }: Judged, asked: Asked): Dnssec {
  const zones = trace.zones();
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
      ...asked,
    },
  };
}
