// The balancer probe: which balancer, on which layer, for a zone or a region, and whether its endpoints agree. Sends nothing of its own.
import type { Probe } from '../../src/contract/probe.ts';
import type { BalancerEvidence } from './evidence.ts';
import type { BalancerOptions, BalancerPolicy } from './options.ts';

export const balancer: Probe<BalancerEvidence, BalancerOptions, BalancerPolicy> = {
  id: 'balancer',
  question: 2,
  title: 'Which load balancer: per zone or per region, TCP or HTTP level, which algorithm, what shields it?',
  reads: 'ride',
  after: ['hosts', 'dns'],
  sends: null,
  defaults: () => import('./defaults.ts'),
  options: async () => (await import('./options.ts')).balancerOptions,
  policy: async () => (await import('./options.ts')).balancerPolicy,
  evidence: async () => (await import('./evidence.ts')).balancerEvidence,
  gather: async () => (await import('./gather.ts')).gather,
  judgement: async () => (await import('./judgement.ts')).judgement,
  metrics: async () => (await import('./metrics.ts')).metrics,
  section: async () => (await import('./section.ts')).section,
};
