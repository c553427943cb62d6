// Owns the descriptor of the tls probe: its question and lazy doors. Never loads what it describes.
import type { Probe } from '../../src/contract/probe.ts';
import type { TlsEvidence } from './evidence.ts';
import type { TlsOptions, TlsPolicy } from './options.ts';

export const tls: Probe<TlsEvidence, TlsOptions, TlsPolicy> = {
  id: 'tls',
  question: 4,
  title: 'Where does TLS end, whose certificate is it, when does it expire, is its rotation automated?',
  reads: 'ride',
  after: [],
  sends: ({ target, options }) =>
    target.scheme === 'http' || (options as Partial<TlsOptions> | undefined)?.survey === false
      ? null
      : 'beside the ride, hellos that finish no handshake, one after another: at most 40 to one endpoint, 5 to each other one, 60 in all ' +
        '(--no-tls-survey leaves them out)',
  defaults: () => import('./defaults.ts'),
  options: async () => (await import('./options.ts')).optionsSchema,
  policy: async () => (await import('./options.ts')).policySchema,
  evidence: async () => (await import('./evidence.ts')).evidenceSchema,
  beside: async () => (await import('./posture/survey.ts')).survey,
  gather: async () => (await import('./gather.ts')).gather,
  judgement: async () => (await import('./judgement.ts')).judgement,
  metrics: async () => (await import('./metrics.ts')).metrics,
  section: async () => (await import('./section.ts')).section,
};
