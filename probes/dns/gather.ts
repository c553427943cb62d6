// Owns the looking of this probe: from the lookup of the name to the zones of its chain and each of their servers.
// Judges nothing.
import type { Gather } from '../../src/contract/probe.ts';
import { type DnsName, type WireText, wireText } from '../../src/model/text.ts';
import type { Lookup } from '../../src/model/trace.ts';
import type { Context } from './ask.ts';
import { askEachResolver } from './ask-each-resolver.ts';
import { askStale } from './ask-stale.ts';
import { authoritativeTtl, shiftOf } from './derive.ts';
import { type Dnssec, lookAtDnssec } from './dnssec/look.ts';
import { earlierOf } from './earlier.ts';
import type { DnsEvidence, RecordEvidence, ZoneEvidence } from './evidence.ts';
import { askExternalDns } from './external-dns.ts';
import { leversOf } from './levers.ts';
import { networksOf } from './networks.ts';
import type { DnsOptions } from './options.ts';
import { providerOf } from './provider.ts';
import { askRecordSet } from './record-set.ts';
import { lookAtNames } from './safety/look.ts';
import { targetsOf } from './targets.ts';
import { nobodyToAsk, openZones, type Zones } from './zones-of-chain.ts';

export const gather: Gather<DnsEvidence, DnsOptions> = async (context) => {
  const { lookup, target, net, signal } = context;
  if (target.isAddress) return { state: 'skipped', because: 'the target is an address: no DNS record leads to it' };
  if (lookup === null) return { state: 'skipped', because: 'the addresses were given by hand: DNS was not asked' };
  const startMs = net.now();
  const { seen: walked, whole } = openZones(context, lookup);
  const signed = lookAtDnssec(context, walked, !(lookup.problem !== null && nobodyToAsk(lookup.problem)));
  const [zones, names, targets, others, resolvers] = await Promise.all([
    whole,
    lookAtNames(context, lookup),
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
    resolvers: await askStale(context, target.host as DnsName, resolvers, seen.records),
    ...zones.policies,
    ...(context.networks === undefined
      ? {}
      : { networks: networksOf(context.networks, lookup, [...seen.delegation.slice(-1), ...seen.aliasZones]) }),
    ...(context.options.mailRecords
      ? { externalDns: await askExternalDns(context, seen.delegation.at(-1)?.zone ?? null) }
      : {}),
    ...(context.before === undefined ? {} : { earlier: earlierOf(context.before) }),
    ...(await signed),
    safety: { ...names, ...zones.safety },
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

function assemble(
  { target, options, startedAtMs }: Context,
  lookup: Lookup,
  zones: Zones,
): Omit<DnsEvidence, keyof Dnssec> {
  const { canonical, aliases, delegation } = zones;
  const all = [...delegation.slice(-1), ...aliases];
  const records = recordsOf(lookup, all);
  const soa = canonical?.soa ?? null;
  const own = (canonical?.evidence.nameservers ?? []).filter(({ listedBy }) => listedBy === undefined);
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
    delegation: [...delegation],
    ...zones.walks,
    aliasZones: [...aliases],
    zoneProblem: zones.problem,
    soa,
    negativeTtlSeconds: soa === null ? null : Math.min(soa.ttlSeconds, soa.minimumSeconds),
    provider: providerOf(own.map((one) => one.name)),
    shift:
      shift === null ? null : { ...shift, levers: [...leversOf(records, all, parentTtls(all))], asOfMs: startedAtMs },
  };
}

function parentTtls(zones: readonly ZoneEvidence[]): ReadonlyMap<DnsName, number> {
  return new Map(zones.flatMap(({ zone, parent }) => (parent === undefined ? [] : [[zone, parent.ttlSeconds]])));
}

function recordsOf(lookup: Lookup, zones: readonly ZoneEvidence[]): RecordEvidence[] {
  type Row = readonly [name: DnsName, type: RecordEvidence['type'], ttlSeconds: number, data: WireText];
  const { aliases, addresses, canonicalName } = lookup;
  const moved = new Map(aliases.flatMap(({ dname }) => (dname === undefined ? [] : [[dname.name, dname] as const])));
  const rows: readonly Row[] = [
    ...[...moved.values()].map((one): Row => [one.name, 'DNAME', one.ttlSeconds, one.target]),
    ...aliases.map((one): Row => [one.name, 'CNAME', one.ttlSeconds, wireText(one.target)]),
    ...addresses.map((one): Row => {
      return [canonicalName, one.family === 6 ? 'AAAA' : 'A', one.ttlSeconds, wireText(one.address)];
    }),
  ];
  return rows.map(([name, type, ttlSeconds, data]) => ({
    name,
    type,
    ttlSeconds,
    authoritativeTtlSeconds: authoritativeTtl(zones, name, type),
    data,
  }));
}
