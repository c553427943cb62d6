// Owns the facts of DNS that a person may expect to stay: who answers for the zone, whose servers, which addresses, for how long.
// Reads records, judges nothing.
import type { Fact, Sight } from '../../src/contract/fact.ts';
import { networkOf } from '../../src/model/address-scope.ts';
import { pointer } from '../../src/model/finding.ts';
import { visible } from '../../src/model/text.ts';
import { leafZone } from './derive.ts';
import type { DnsEvidence } from './evidence.ts';

const at = (...path: readonly (string | number)[]) => pointer('evidence', 'dns', ...path);
const NOT_WALKED = { unseen: 'the delegation was not walked to the end' };

const nameServers: Fact<DnsEvidence> = {
  key: 'nameServers',
  drift: 'name-server-drift',
  rule: 'exactly',
  title: 'Name servers of the zone',
  reading: 'these, and no others',
  soWhat: 'Whoever runs the name servers decides where every caller goes.',
  saidBy: 'provider',
  look: (dns) => {
    const zone = leafZone(dns);
    if (zone === undefined || zone.problem !== null || dns.walk?.state !== 'complete') return NOT_WALKED;
    const names = zone.nameservers.map(({ name }) => visible(name));
    if (names.length === 0) return { unseen: 'no name server of the zone is known' };
    return [
      { endpoint: null, value: names.toSorted(), evidence: at('delegation', dns.delegation.length - 1, 'nameservers') },
    ];
  },
};

const provider: Fact<DnsEvidence> = {
  key: 'provider',
  drift: 'dns-provider-drift',
  rule: 'nothing-but',
  title: 'DNS provider',
  reading: 'who runs the name servers; several may be listed',
  soWhat: 'Whoever runs the name servers decides where every caller goes.',
  look: ({ provider: seen }) => {
    if (seen === null) return { unseen: 'the provider could not be told' };
    return [{ endpoint: null, value: [visible(seen)], evidence: at('provider') }];
  },
};

const canonicalName: Fact<DnsEvidence> = {
  key: 'canonicalName',
  drift: 'alias-drift',
  rule: 'nothing-but',
  title: 'Name at the end of the aliases',
  reading: 'the name itself where there is no alias',
  soWhat: 'The service is served by what another name leads to.',
  look: (dns) => {
    if (dns.lookup.problem !== null) return { unseen: 'the name was not looked up' };
    return [{ endpoint: null, value: [visible(dns.canonicalName)], evidence: at('canonicalName') }];
  },
};

const ttlSeconds: Fact<DnsEvidence> = {
  key: 'ttlSeconds',
  drift: 'ttl-drift',
  rule: 'between',
  title: 'Lifetime of the records, s',
  reading: 'of addresses and aliases at the zone’s own servers; or { atLeast: N, atMost: N }',
  soWhat: 'It decides how fast traffic can be moved, and how long an outage of DNS is not felt.',
  look: ({ records }) => {
    const chain = records.flatMap((record, index) =>
      ['A', 'AAAA', 'CNAME'].includes(record.type) ? [{ record, index }] : [],
    );
    if (chain.length === 0) return { unseen: 'no record was found' };
    return chain.map(({ record, index }): Sight => {
      const evidence = at('records', index);
      if (record.authoritativeTtlSeconds !== null) {
        return { endpoint: null, value: record.authoritativeTtlSeconds, evidence };
      }
      return { endpoint: null, value: null, because: 'no server of the zone told it', evidence };
    });
  },
};

const addresses: Fact<DnsEvidence> = {
  key: 'addresses',
  drift: 'address-drift',
  rule: 'addresses',
  title: 'Addresses in DNS',
  reading: 'each one listed is there; a range (192.0.2.0/24) allows any in it; no other is there',
  soWhat: 'Callers go elsewhere, and what allows the service by address is out of date.',
  look: (dns, { endpoints }) => {
    const own = endpoints.flatMap((endpoint, index) => (endpoint.ttlSeconds === null ? [] : [{ endpoint, index }]));
    if (own.length === 0) return { unseen: 'the addresses were not taken from DNS' };
    const isFixed = keepsItsAddresses(dns);
    return own.map(
      ({ endpoint, index }): Sight => ({
        endpoint: endpoint.zone === null ? null : endpoint.id,
        value: [endpoint.address],
        evidence: pointer('endpoints', index),
        ...(isFixed ? {} : { expect: [networkOf(endpoint.address)] }),
      }),
    );
  },
};

/** Every answer gave every address, and nobody stands behind the name whose addresses come and go. */
function keepsItsAddresses({ policy, targets = [] }: DnsEvidence): boolean {
  const isWhole =
    policy === undefined || ((policy.kind === 'fixed' || policy.kind === 'rotated') && policy.setsSeen === 1);
  return isWhole && !targets.some(({ kind }) => kind === 'balancer' || kind === 'cdn' || kind === 'platform');
}

const dnssec: Fact<DnsEvidence> = {
  key: 'dnssec',
  drift: 'dnssec-drift',
  rule: 'nothing-but',
  title: 'DNSSEC',
  reading: 'secure, or insecure',
  soWhat: 'Without signatures a forged answer is believed.',
  look: ({ dnssec: state }) => {
    if (state === 'not-checked') return { unseen: 'DNSSEC was not checked' };
    return [{ endpoint: null, value: [state], evidence: at('dnssec'), ...(state === 'bogus' ? { expect: null } : {}) }];
  },
};

const routing: Fact<DnsEvidence> = {
  key: 'routing',
  drift: 'routing-drift',
  rule: 'nothing-but',
  title: 'Routing policy',
  reading: 'fixed, rotated, multivalue, weighted or client-dependent',
  soWhat: 'Callers are shared out in another way.',
  learned: false,
  look: ({ policy }) => {
    if (policy === undefined || policy.kind === 'cannot-tell') return { unseen: 'the policy could not be told' };
    return [{ endpoint: null, value: [policy.kind], evidence: at('policy', 'kind') }];
  },
};

const serial: Fact<DnsEvidence> = {
  key: 'serial',
  drift: 'serial-drift',
  rule: 'nothing-but',
  title: 'Serial of the zone',
  reading: 'changes with every change of the zone',
  soWhat: 'Somebody changed the zone.',
  learned: false,
  look: ({ soa }) => {
    if (soa == null) return { unseen: 'the SOA record was not seen' };
    return [{ endpoint: null, value: [String(soa.serial)], evidence: at('soa', 'serial') }];
  },
};

export const facts: readonly Fact<DnsEvidence>[] = [
  ...[provider, nameServers, canonicalName, addresses],
  ...[ttlSeconds, dnssec, routing, serial],
];
