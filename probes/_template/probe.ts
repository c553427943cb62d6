// The probe-name probe: what each endpoint calls itself. Sends nothing of its own.
// A descriptor with lazy doors: imports nothing but types, so that a command that needs no probe stays light.
import type { Probe } from '../../src/contract/probe.ts';
import type { ProbeNameEvidence } from './evidence.ts';
import type { ProbeNameOptions, ProbeNamePolicy } from './options.ts';

export const probeName: Probe<ProbeNameEvidence, ProbeNameOptions, ProbeNamePolicy> = {
  id: 'probe-name',
  // One of the six questions, or null: then it has evidence and checks, and no line among the answers.
  question: null,
  title: 'What does each endpoint call itself, and does it tell its version to everybody?',
  reads: 'ride',
  after: [],
  // What --plan promises. A probe that sends says here what, to whom and how much.
  sends: null,
  defaults: () => import('./defaults.ts'),
  options: async () => (await import('./options.ts')).probeNameOptions,
  policy: async () => (await import('./options.ts')).probeNamePolicy,
  evidence: async () => (await import('./evidence.ts')).probeNameEvidence,
  gather: async () => (await import('./gather.ts')).gather,
  judgement: async () => (await import('./judgement.ts')).judgement,
  metrics: async () => (await import('./metrics.ts')).metrics,
  section: async () => (await import('./section.ts')).section,
};
