// Owns the descriptor of the tls probe: its question and lazy doors. Never loads what it describes.
import type { Probe } from '../../src/contract/probe.ts';
import type { TlsEvidence } from './evidence.ts';
import type { TlsOptions, TlsPolicy } from './options.ts';

const HELLOS =
  'beside the ride, hellos that finish no handshake, one after another: at most 40 to one endpoint, 5 to each other one, 60 in all ' +
  '(--no-tls-survey leaves them out)';
const HANDSHAKES =
  'beside the ride, whole TLS handshakes without a request, one after another: at most 8 to one endpoint, 48 in all ' +
  '(--no-tls-survey leaves them out too)';
const QUESTIONS =
  'after the ride, for each certificate that leads to a root (at most 64) 1 x POST to an OCSP responder and 1 x GET of a revocation list ' +
  'at the URLs in it, a second one where the first gives nothing, each list once';

export const tls: Probe<TlsEvidence, TlsOptions, TlsPolicy> = {
  id: 'tls',
  question: 4,
  title: 'Where does TLS end, whose certificate is it, when does it expire, is its rotation automated?',
  reads: 'ride',
  after: ['hosts'],
  sends: ({ target, options }) => {
    const { survey = true, handshakes = true, revocation = false } = (options ?? {}) as Partial<TlsOptions>;
    const said = [...(survey ? [HELLOS] : []), ...(handshakes ? [HANDSHAKES] : []), ...(revocation ? [QUESTIONS] : [])];
    return target.scheme === 'http' || said.length === 0 ? null : said.join('; ');
  },
  defaults: () => import('./defaults.ts'),
  options: async () => (await import('./options.ts')).optionsSchema,
  policy: async () => (await import('./options.ts')).policySchema,
  evidence: async () => (await import('./evidence.ts')).evidenceSchema,
  beside: async () => (await import('./beside.ts')).beside,
  gather: async () => (await import('./gather.ts')).gather,
  judgement: async () => (await import('./judgement.ts')).judgement,
  facts: async () => (await import('./facts.ts')).facts,
  metrics: async () => (await import('./metrics.ts')).metrics,
  section: async () => (await import('./section.ts')).section,
};
