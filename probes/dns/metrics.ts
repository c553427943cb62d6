// Owns the metric samples of this record. Bounded: one series a record set, lever, zone, routing policy, resolver, server address, kind of shift
// and signed zone.
import type { MetricSample } from '../../src/contract/probe.ts';
import { isOurs, leafZone, placedZones } from './derive.ts';
import type { DnsEvidence } from './evidence.ts';
import { type DnssecDetail, dnssecStates } from './evidence-dnssec.ts';
import { leversIn } from './levers.ts';
import { policiesIn } from './policy-words.ts';

export function* metrics(dns: DnsEvidence): Iterable<MetricSample> {
  const ttls = new Map<string, MetricSample>();
  for (const { name, type, ttlSeconds, authoritativeTtlSeconds } of dns.records) {
    // Of these only what is left in a cache is known, which is no TTL.
    if (type === 'HTTPS' || type === 'CAA') continue;
    const value = authoritativeTtlSeconds ?? ttlSeconds;
    const key = `${name} ${type}`;
    if ((ttls.get(key)?.value ?? -1) < value) {
      ttls.set(key, { family: 'journey_dns_record_ttl_seconds', labels: { name, type }, value });
    }
  }
  yield* ttls.values();
  if (dns.shift !== null) {
    const family = 'journey_dns_shift_seconds';
    yield { family, labels: { kind: 'worst' }, value: dns.shift.worstSeconds };
    yield { family, labels: { kind: 'typical' }, value: dns.shift.typicalSeconds };
  }
  for (const { lever, record, worstSeconds } of leversIn(dns)) {
    const labels = { lever, name: record.name, type: record.type };
    yield { family: 'journey_dns_lever_seconds', labels, value: worstSeconds };
  }
  for (const { name, type, kind } of policiesIn(dns)) {
    yield { family: 'journey_dns_routing_info', labels: { name, type, policy: kind }, value: 1 };
  }
  for (const { resolver, error } of dns.resolvers ?? []) {
    if (isOurs(error)) continue;
    yield { family: 'journey_dns_resolver_up', labels: { resolver }, value: error === null ? 1 : 0 };
  }
  if (dns.dnssecDetail !== undefined) yield* signatures(dns, dns.dnssecDetail);
  for (const { zone, servers } of placedZones(dns)) {
    for (const { nameserver, server } of servers) {
      if (isOurs(server.error)) continue;
      const labels = { dns_zone: zone.zone, server: nameserver.name, address: server.address };
      yield { family: 'journey_dns_name_server_up', labels, value: server.error === null ? 1 : 0 };
      if (server.serial !== null) yield { family: 'journey_dns_serial', labels, value: server.serial };
    }
  }
  yield* walkMetrics(dns);
}

/** Of each zone on the way, once; those of an alias may be on the way to the canonical name, too. */
function* walkMetrics({ walk, aliasWalks = [], delegation, aliasZones }: DnsEvidence): Iterable<MetricSample> {
  const ends = [...(walk === undefined ? [] : [{ ...walk, zone: delegation.at(-1)?.zone ?? walk.at }]), ...aliasWalks];
  for (const { zone, state } of ends) {
    yield { family: 'journey_dns_walk_complete', labels: { dns_zone: zone }, value: state === 'complete' ? 1 : 0 };
  }
  const zones = [...delegation, ...aliasWalks.flatMap(({ above }) => above), ...aliasZones];
  for (const [at, { zone, nameservers, parent }] of zones.entries()) {
    if (zones.findIndex((other) => other.zone === zone) !== at) continue;
    const labels = { dns_zone: zone };
    const times = nameservers.flatMap(({ rttMs }) => rttMs ?? []);
    if (times.length > 0) {
      yield { family: 'journey_dns_zone_rtt_seconds', labels, value: Math.min(...times) / 1000 };
    }
    if (parent !== undefined) {
      yield { family: 'journey_dns_delegation_ttl_seconds', labels, value: parent.ttlSeconds };
    }
  }
}

/** The state as one series each, so that a rule can wait for one of them; and per zone the first end, that of any of its servers with it. */
function* signatures(dns: DnsEvidence, { zones, servers = [] }: DnssecDetail): Iterable<MetricSample> {
  for (const state of dnssecStates) {
    yield { family: 'journey_dns_dnssec_state', labels: { state }, value: dns.dnssec === state ? 1 : 0 };
  }
  const leaf = leafZone(dns)?.zone;
  for (const { zone, expiresAt } of zones) {
    const sets = zone === leaf ? servers.flatMap((server) => server.sets) : [];
    const first = [expiresAt, ...sets.map((set) => set.expiresAt)].filter((end) => end !== null).toSorted()[0];
    if (first === undefined) continue;
    const family = 'journey_dns_signature_expiry_timestamp_seconds';
    yield { family, labels: { dns_zone: zone }, value: Date.parse(first) / 1000 };
  }
}
