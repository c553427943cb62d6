// Owns the descriptor of the dns probe: what it asks, and lazy doors to its parts. Imports nothing heavy.
import type { Probe } from '../../src/contract/probe.ts';
import type { DnsEvidence } from './evidence.ts';
import type { DnsOptions, DnsPolicy } from './options.ts';

export const dns: Probe<DnsEvidence, DnsOptions, DnsPolicy> = {
  id: 'dns',
  question: 1,
  title: 'Where is the DNS record, and how fast can it shift traffic?',
  reads: 'lookup',
  after: [],
  sends:
    'to each resolver (at most 16), side by side: A, AAAA, HTTPS and CAA of the name (with -v MX and TXT too); ' +
    'to the resolver: NS for the name and the one above it, A and AAAA of each name server (once more for each zone on the alias chain), ' +
    'PTR of at most 8 addresses, HTTPS for the name, CAA for it and each name above it, ' +
    'DNSKEY of the root and, where it gives signatures, DS, DNSKEY, A and AAAA down to the name (at most 24; to the servers of the zones on the way, at most 48, where it gives none), ' +
    'the name with CD=1 where it fails; ' +
    'to each name server address, at most 8 a zone: SOA, NS, A, AAAA, HTTPS and CAA of the name, CAA of the zone (with -v MX and TXT too), in its own zone SOA over TCP too, DNSKEY, A, CDS and CDNSKEY where it is signed, and 3 times as servers must pass over (16 with --dns-conformance); ' +
    "to the servers of a zone together, for the routing policy: the name's A 20 times (--policy-queries) and for 2 client networks, for 7 twice where it matters; " +
    'for the safety of the name: to the resolver TXT of _acme-challenge, MX and at most 4 of its exchanges, TLSA of at most 2 names, ' +
    'SOA of the domain of a missing target; a made-up name beside the name to an authority and at most 3 resolvers, ' +
    'NS and MX of each alias in a zone (at most 4), SOA of the top-level domain to servers that offer recursion (at most 8), ' +
    'with -v TXT of the name with 3 prefixes of ExternalDNS; ' +
    'with --axfr the zone to each server of its own, cut off once it comes; ' +
    'on the walks from the root, at most 64: to the resolver NS of the root and addresses, to four servers of each zone above SOA, to one DS',
  defaults: () => import('./defaults.ts'),
  options: async () => (await import('./options.ts')).dnsOptionsSchema,
  policy: async () => (await import('./options.ts')).dnsPolicySchema,
  evidence: async () => (await import('./evidence.ts')).dnsEvidenceSchema,
  gather: async () => (await import('./gather.ts')).gather,
  judgement: async () => (await import('./judgement.ts')).judgement,
  facts: async () => (await import('./facts.ts')).facts,
  metrics: async () => (await import('./metrics.ts')).metrics,
  section: async () => (await import('./section.ts')).section,
};
