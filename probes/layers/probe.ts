// The layers probe: what a request passes behind the address, what each layer says it took, and signs of retries. Sends nothing of its own, unless an answer is a 202.
import type { Probe } from '../../src/contract/probe.ts';
import type { LayersEvidence } from './evidence.ts';
import type { LayersOptions, LayersPolicy } from './options.ts';

const POLLS =
  'after the ride, only where the first sample was answered 202 with a URL of the same origin: at most 20 GET to it in 15s, paced by Retry-After (--no-poll: none)';

export const layers: Probe<LayersEvidence, LayersOptions, LayersPolicy> = {
  id: 'layers',
  question: 5,
  title: 'How many layers does a request pass, how do they talk, where are retries and circuit breakers?',
  reads: 'ride',
  after: ['hosts'],
  sends: ({ options }) => {
    const { poll = true } = (options ?? {}) as Partial<LayersOptions>;
    return poll ? POLLS : null;
  },
  defaults: () => import('./defaults.ts'),
  options: async () => (await import('./options.ts')).layersOptions,
  policy: async () => (await import('./options.ts')).layersPolicy,
  evidence: async () => (await import('./evidence.ts')).layersEvidence,
  gather: async () => (await import('./gather.ts')).gather,
  judgement: async () => (await import('./judgement.ts')).judgement,
  facts: async () => (await import('./facts.ts')).facts,
  metrics: async () => (await import('./metrics.ts')).metrics,
  section: async () => (await import('./section.ts')).section,
};
