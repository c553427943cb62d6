// The hosts probe: which hosts answer behind each endpoint, how many there are, and whether sick ones stay in rotation. Sends nothing of its own unless asked.
import type { Probe } from '../../src/contract/probe.ts';
import type { HostsEvidence } from './evidence.ts';
import type { HostsOptions, HostsPolicy } from './options.ts';

const MORE =
  'after the ride, to at most 8 endpoints behind which it tells several hosts apart: at most 25 bursts of two requests for each host (4 to 16 at once), ' +
  'one burst in 400 ms, and 4 times one request kept open for at most 2 s while at most 24 others go one after the other; then 8 that send an affinity cookie back, where one is set';

export const hosts: Probe<HostsEvidence, HostsOptions, HostsPolicy> = {
  id: 'hosts',
  question: 3,
  title: 'Where are the hosts, is their health watched, are bad ones taken out of the balancer?',
  reads: 'ride',
  after: [],
  sends: ({ options }) => {
    const { infer = false } = (options ?? {}) as Partial<HostsOptions>;
    return infer ? MORE : null;
  },
  // The whole of it: bursts in turn, then requests kept open. Endpoints are asked side by side.
  lastsMs: ({ options }) => {
    const { infer = false, burstEveryMs = 400 } = (options ?? {}) as Partial<HostsOptions>;
    return infer ? 25 * burstEveryMs + 4 * 2000 : 0;
  },
  defaults: () => import('./defaults.ts'),
  options: async () => (await import('./options.ts')).hostsOptions,
  policy: async () => (await import('./options.ts')).hostsPolicy,
  evidence: async () => (await import('./evidence.ts')).hostsEvidence,
  gather: async () => (await import('./gather.ts')).gather,
  judgement: async () => (await import('./judgement.ts')).judgement,
  facts: async () => (await import('./facts.ts')).facts,
  metrics: async () => (await import('./metrics.ts')).metrics,
  section: async () => (await import('./section.ts')).section,
};
