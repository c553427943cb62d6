// The steps probe: several requests in order, each with what those before it gave, and what of the assertions on them holds.

import type { Going, Probe } from '../../src/contract/probe.ts';
import { enumeration } from '../../src/model/finding.ts';
import type { StepsEvidence } from './evidence.ts';
import type { StepSource, StepsOptions, StepsPolicy } from './options.ts';

export const steps: Probe<StepsEvidence, StepsOptions, StepsPolicy> = {
  id: 'steps',
  question: null,
  title: 'Do the steps of the journey file do what they say?',
  reads: 'ride',
  after: [],
  sends,
  defaults: () => import('./defaults.ts'),
  options: async () => (await import('./options.ts')).stepsOptions,
  policy: async () => (await import('./options.ts')).stepsPolicy,
  evidence: async () => (await import('./evidence.ts')).stepsEvidence,
  gather: async () => (await import('./gather.ts')).gather,
  judgement: async () => (await import('./judgement.ts')).judgement,
  metrics: async () => (await import('./metrics.ts')).metrics,
  section: async () => (await import('./section.ts')).section,
};

function sends({ options }: Going): string | null {
  const { steps: given = [], assert = [], repeat = 1, every = '1s' } = (options ?? {}) as Partial<StepsOptions>;
  if (given.length === 0 && assert.length === 0) return null;
  const names = given.length === 0 ? ['the request, for its assertions'] : given.map(({ name }) => `"${name}"`);
  const isPlain = ({ websocket, grpcHealth, lines }: StepSource): boolean =>
    websocket === undefined && grpcHealth === undefined && lines === undefined;
  const redirects = given.filter(isPlain).reduce((most, step) => Math.max(most, step.redirects), 0);
  const times = repeat === 1 ? 'once' : `${repeat} times, at most one each ${every}`;
  const onward = redirects === 0 ? '' : `, and up to ${redirects} redirects of each`;
  return `${times}, one after the other: ${enumeration(names, 8).join('')}${onward}`;
}
