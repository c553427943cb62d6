// The access probe: how callers are challenged and throttled, as far as answers show it. Sends nothing of its own.
import type { Probe } from '../../src/contract/probe.ts';
import type { AccessEvidence } from './evidence.ts';
import type { AccessOptions, AccessPolicy } from './options.ts';

export const access: Probe<AccessEvidence, AccessOptions, AccessPolicy> = {
  id: 'access',
  question: 6,
  title: 'How are requests authenticated, authorised and throttled; what happens when a dependency fails?',
  reads: 'ride',
  after: [],
  sends: null,
  defaults: () => import('./defaults.ts'),
  options: async () => (await import('./options.ts')).accessOptions,
  policy: async () => (await import('./options.ts')).accessPolicy,
  evidence: async () => (await import('./evidence.ts')).accessEvidence,
  gather: async () => (await import('./gather.ts')).gather,
  judgement: async () => (await import('./judgement.ts')).judgement,
  facts: async () => (await import('./facts.ts')).facts,
  metrics: async () => (await import('./metrics.ts')).metrics,
  section: async () => (await import('./section.ts')).section,
};
