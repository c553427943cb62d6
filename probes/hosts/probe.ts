// The hosts probe: which hosts answer behind each endpoint, how many there are, and whether sick ones stay in rotation. Sends nothing of its own.
import type { Probe } from '../../src/contract/probe.ts';
import type { HostsEvidence } from './evidence.ts';
import type { HostsOptions, HostsPolicy } from './options.ts';

export const hosts: Probe<HostsEvidence, HostsOptions, HostsPolicy> = {
  id: 'hosts',
  question: 3,
  title: 'Where are the hosts, is their health watched, are bad ones taken out of the balancer?',
  reads: 'ride',
  after: [],
  sends: null,
  defaults: () => import('./defaults.ts'),
  options: async () => (await import('./options.ts')).hostsOptions,
  policy: async () => (await import('./options.ts')).hostsPolicy,
  evidence: async () => (await import('./evidence.ts')).hostsEvidence,
  gather: async () => (await import('./gather.ts')).gather,
  judgement: async () => (await import('./judgement.ts')).judgement,
  metrics: async () => (await import('./metrics.ts')).metrics,
  section: async () => (await import('./section.ts')).section,
};
