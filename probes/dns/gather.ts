// Owns the looking of this probe: from the lookup of the name to the zones of its chain and each of their servers.
// Judges nothing.
import type { Gather } from '../../src/contract/probe.ts';
import { type Problem, problemCatalogue } from '../../src/model/problem.ts';
import { type DnsName, wireText } from '../../src/model/text.ts';
import type { Lookup } from '../../src/model/trace.ts';
import type { Context } from './ask.ts';
import { askEachResolver } from './ask-each-resolver.ts';
import { askPolicy } from './ask-policy.ts';
import { type AskedZone, askZone } from './ask-zone.ts';
import { authoritativeTtl, shiftOf } from './derive.ts';
import { type Dnssec, lookAtDnssec, notChecked } from './dnssec/look.ts';
import { earlierOf } from './earlier.ts';
import type { DnsEvidence, RecordEvidence, ZoneEvidence } from './evidence.ts';
import { findZone } from './find-zone.ts';
import { leversOf } from './levers.ts';
import type { DnsOptions } from './options.ts';
import { providerOf } from './provider.ts';
import { askRecordSet } from './record-set.ts';
import { targetsOf } from './targets.ts';
import { type Walked, walkTo } from './walk.ts';
import { openWalk } from './walk-bounds.ts';

/** Links of an alias chain whose zones are looked for, the canonical name not counted. */
const MAX_ALIAS_ZONES = 3;

export const gather: Gather<DnsEvidence, DnsOptions> = async (context) => {
  const { lookup, target, net, signal } = context;
  if (target.isAddress) return { state: 'skipped', because: 'the target is an address: no DNS record leads to it' };
  if (lookup === null) return { state: 'skipped', because: 'the addresses were given by hand: DNS was not asked' };
  const startMs = net.now();
  const signed = dnssecOf(context, lookup);
  const [zones, targets, others, resolvers] = await Promise.all([
    zonesOf(context, lookup),
    targetsOf(context, lookup),
    askRecordSet(context, lookup),
    askEachResolver(context, target.host as DnsName, lookup),
  ]);
  const { rows, ...recordSet } = others;
  const seen = assemble(context, lookup, zones);
  const value: DnsEvidence = {
    ...seen,
    ...recordSet,
    records: [...seen.records, ...rows.map((row) => withTtl(row, seen))],
    targets,
    resolvers,
    ...zones.policies,
    ...(context.before === undefined ? {} : { earlier: earlierOf(context.before) }),
    ...(await signed),
  };
  const elapsedMs = net.now() - startMs;
  return signal.aborted ? { state: 'unfinished', value, elapsedMs } : { state: 'complete', value, elapsedMs };
};

/** The whole life of an HTTPS or CAA record, where the zone's own servers told it. */
function withTtl(
  row: RecordEvidence,
  { delegation, aliasZones }: Pick<DnsEvidence, 'delegation' | 'aliasZones'>,
): RecordEvidence {
  const zones = [...delegation.slice(-1), ...aliasZones];
  return { ...row, authoritativeTtlSeconds: authoritativeTtl(zones, row.name, row.type) };
}

interface Zones {
  readonly canonical: AskedZone | null;
  readonly walked: Walked | null;
  readonly aliases: readonly AskedZone[];
  readonly policies: Policies;
  readonly problem: Problem | null;
}

type Policies = Pick<DnsEvidence, 'policy' | 'aliasPolicy'>;

/** The zone of the canonical name and those of the aliases before it; each zone once, with the first name that it owns. */
async function zonesOf(context: Context, lookup: Lookup): Promise<Zones> {
  if (lookup.problem !== null && nobodyToAsk(lookup.problem)) {
    return { canonical: null, walked: null, aliases: [], policies: {}, problem: lookup.problem };
  }
  const names = lookup.aliases.slice(0, MAX_ALIAS_ZONES).map((alias) => alias.name);
  // A name in a ring of aliases is one, too.
  const finding = findZone(context, lookup.canonicalName, lookup.problem?.code === 'dns-alias-loop');
  // The walk goes down while the zones at its end are asked: neither waits for the other.
  const walking = walkTo(openWalk(context), lookup.canonicalName, finding);
  const [last, ...before] = await Promise.all([finding, ...names.map((name) => findZone(context, name, true))]);
  const entries = new Map<DnsName, DnsName>();
  const chain = [
    ...before.map((found, index) => [found.zone, names[index]] as const),
    [last.zone, lookup.canonicalName] as const,
  ];
  for (const [zone, name] of chain)
    if (zone !== null && name !== undefined && !entries.has(zone)) entries.set(zone, name);
  const asking = [...entries].map(([zone, entry]) => askZone(context, zone, entry, zone === last.zone));
  const sampling = Promise.all(asking).then(async (asked) => {
    const canonical = asked.find((one) => one.evidence.zone === last.zone) ?? null;
    const aliases = asked.filter((one) => one !== canonical);
    return { canonical, aliases, policies: await policiesOf(context, canonical, aliases) };
  });
  const [sampled, walked] = await Promise.all([sampling, walking]);
  return { ...sampled, walked, problem: last.problem };
}

/** The first alias is what the owner of the name set up; the canonical name may be another's. */
async function policiesOf(
  context: Context,
  canonical: AskedZone | null,
  [alias]: readonly AskedZone[],
): Promise<Policies> {
  const asking = [canonical, alias].map(async (zone) => (zone ? await askPolicy(context, zone.evidence) : null));
  const [policy, aliasPolicy] = await Promise.all(asking);
  return { ...(policy && { policy }), ...(aliasPolicy && { aliasPolicy }) };
}

async function dnssecOf(context: Context, { problem }: Lookup): Promise<Dnssec> {
  return problem !== null && nobodyToAsk(problem) ? notChecked('resolver-failed') : lookAtDnssec(context);
}

/** True when no resolver can be asked any further, so that asking again only costs time. */
function nobodyToAsk({ code }: Problem): boolean {
  return code === 'dns-timeout' || code === 'dns-unreachable' || problemCatalogue[code].fault === 'prober';
}

function assemble(
  { target, options, startedAtMs }: Context,
  lookup: Lookup,
  zones: Zones,
): Omit<DnsEvidence, keyof Dnssec> {
  const { canonical, aliases } = zones;
  const all = [...(canonical === null ? [] : [canonical]), ...aliases].map((one) => one.evidence);
  const records = recordsOf(lookup, all);
  const soa = canonical?.soa ?? null;
  const shift = shiftOf(records);
  return {
    name: target.host as DnsName,
    resolver: lookup.resolver,
    lookup: {
      durationMs: lookup.durationMs,
      problem: lookup.problem,
      ipv4Problem: lookup.familyProblems.ipv4,
      ipv6Problem: lookup.familyProblems.ipv6,
      ...(lookup.resolverVerified === undefined ? {} : { verified: lookup.resolverVerified }),
    },
    aliases: lookup.aliases.map((alias) => ({ ...alias })),
    canonicalName: lookup.canonicalName,
    records,
    authorityPort: options.authorityPort,
    delegation: delegationOf(zones),
    ...(zones.walked === null ? {} : { walk: zones.walked.walk }),
    aliasZones: aliases.map((one) => one.evidence),
    zoneProblem: zones.problem,
    soa,
    negativeTtlSeconds: soa === null ? null : Math.min(soa.ttlSeconds, soa.minimumSeconds),
    provider: providerOf(canonical?.evidence.nameservers.map((one) => one.name) ?? []),
    shift:
      shift === null ? null : { ...shift, levers: [...leversOf(records, all, parentTtls(zones))], asOfMs: startedAtMs },
  };
}

/** The zones of the walk, and the leaf with what the one above says of it. */
function delegationOf({ canonical, walked }: Zones): ZoneEvidence[] {
  if (canonical === null) return [];
  const leaf = canonical.evidence;
  if (walked === null) return [leaf];
  return [...walked.above, walked.leafParent === null ? leaf : { ...leaf, parent: walked.leafParent }];
}

function parentTtls({ canonical, walked }: Zones): ReadonlyMap<DnsName, number> {
  const parent = walked?.leafParent ?? null;
  return new Map(canonical === null || parent === null ? [] : [[canonical.evidence.zone, parent.ttlSeconds]]);
}

function recordsOf(lookup: Lookup, zones: readonly ZoneEvidence[]): RecordEvidence[] {
  const record = (name: DnsName, type: RecordEvidence['type'], ttlSeconds: number, data: string): RecordEvidence => ({
    name,
    type,
    ttlSeconds,
    authoritativeTtlSeconds: authoritativeTtl(zones, name, type),
    data: wireText(data),
  });
  return [
    ...lookup.aliases.map((alias) => record(alias.name, 'CNAME', alias.ttlSeconds, alias.target)),
    ...lookup.addresses.map((one) =>
      record(lookup.canonicalName, one.family === 6 ? 'AAAA' : 'A', one.ttlSeconds, one.address),
    ),
  ];
}
