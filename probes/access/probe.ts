// The access probe: how callers are challenged and throttled, as far as answers show it. Sends one request of its own.
import type { Probe } from '../../src/contract/probe.ts';
import type { AccessEvidence } from './evidence.ts';
import type { AccessOptions, AccessPolicy } from './options.ts';

const PREFLIGHT = '1 x OPTIONS as a browser asks for a page of another origin (none of your headers)';
const TRACE = '1 x TRACE (none of your headers)';

export const access: Probe<AccessEvidence, AccessOptions, AccessPolicy> = {
  id: 'access',
  question: 6,
  title: 'How are requests authenticated, authorised and throttled; what happens when a dependency fails?',
  reads: 'ride',
  // hosts and balancer, because a request of ours would take the place of one of theirs in a rotation.
  after: ['tls', 'hosts', 'balancer'],
  sends: ({ options }) => {
    const { preflight = true, tryTrace = false } = (options ?? {}) as Partial<AccessOptions>;
    const sent = [...(preflight ? [PREFLIGHT] : []), ...(tryTrace ? [TRACE] : [])];
    return sent.length === 0 ? null : `after the ride, to one endpoint: ${sent.join('; ')}`;
  },
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
