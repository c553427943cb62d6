// The balancer probe: which balancer, on which layer, for a zone or a region, and whether its endpoints agree. Sends a few requests of its own.
import type { Probe } from '../../src/contract/probe.ts';
import type { BalancerEvidence } from './evidence.ts';
import type { BalancerOptions, BalancerPolicy } from './options.ts';

const REUSE =
  'after the ride, to at most 8 endpoints behind which the hosts probe tells several hosts apart: the same request 2 to 12 times on one ' +
  'connection, till its host changes (only GET, HEAD and OPTIONS without body)';

const NAMES =
  'beside the ride, where a zone is not known otherwise: PTR of at most 16 addresses to the resolver, and A or AAAA of each name that tells a ' +
  'place (private addresses to a resolver of the site alone)';

const INTRUSIVE =
  'INTRUSIVE, to one endpoint of each zone (at most 8): 6 requests that break the rules, each on a connection of its own (no Host, a bad Host, ' +
  'an unknown method, HTTP/9.9, no request line, a field of 20 kB), which logs may show as an attack; and one connection held idle for 5 s';

export const balancer: Probe<BalancerEvidence, BalancerOptions, BalancerPolicy> = {
  id: 'balancer',
  question: 2,
  title: 'Which load balancer: per zone or per region, TCP or HTTP level, which algorithm, what shields it?',
  reads: 'ride',
  after: ['hosts', 'dns'],
  sends: ({ options }) => {
    const { reuse = true, reverseNames = true, intrusive = false } = (options ?? {}) as Partial<BalancerOptions>;
    const sent = [...(reverseNames ? [NAMES] : []), ...(reuse ? [REUSE] : []), ...(intrusive ? [INTRUSIVE] : [])];
    return sent.length === 0 ? null : sent.join('; ');
  },
  defaults: () => import('./defaults.ts'),
  options: async () => (await import('./options.ts')).balancerOptions,
  policy: async () => (await import('./options.ts')).balancerPolicy,
  evidence: async () => (await import('./evidence.ts')).balancerEvidence,
  beside: async () => (await import('./reverse-names.ts')).askNames,
  zones: async () => (await import('./reverse-names.ts')).zonesTold,
  gather: async () => (await import('./gather.ts')).gather,
  judgement: async () => (await import('./judgement.ts')).judgement,
  facts: async () => (await import('./facts.ts')).facts,
  metrics: async () => (await import('./metrics.ts')).metrics,
  section: async () => (await import('./section.ts')).section,
};
