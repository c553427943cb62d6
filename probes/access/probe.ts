// The access probe: how callers are challenged and throttled, as far as answers show it. Sends one request of its own, and more where it is told to.
import type { Going, Probe } from '../../src/contract/probe.ts';
import { rampPlan } from '../../src/model/ramp-plan.ts';
import type { AccessEvidence } from './evidence.ts';
import type { AccessOptions, AccessPolicy } from './options.ts';

/** What goes before and after each search. */
const QUIET_MS = 2500;
const OPEN_MS = 3000;

const PREFLIGHT = '1 x OPTIONS as a browser asks for a page of another origin (none of your headers)';
const TRACE = '1 x TRACE (none of your headers)';

function optionsOf({ options }: Going): Partial<AccessOptions> {
  return (options ?? {}) as Partial<AccessOptions>;
}

function dependenciesSaid({ dependsOn = [], health = null }: Partial<AccessOptions>): readonly string[] {
  const path =
    health === true ? 'up to 8 x GET of well-known health paths' : `1 x GET ${health?.split('?')[0] ?? ''} (health)`;
  const ridden = `3 x GET to each declared dependency (${dependsOn.length}, and theirs, at most 16), none of your headers`;
  return [...(health === null ? [] : [path]), ...(dependsOn.length === 0 ? [] : [ridden])];
}

function limitSaid({ findLimit = null, findLimitOpen = null }: Partial<AccessOptions>): readonly string[] {
  const open =
    findLimitOpen === null
      ? []
      : [`up to ${findLimitOpen} requests held open at once, one more at a time, until one is answered 429 or 503`];
  if (findLimit === null) return open;
  const { fromPerSecond, toPerSecond, growth, lastsMs, mostRequests } = rampPlan(findLimit);
  const pace = `from ${fromPerSecond} to ${toPerSecond} a second, ${Math.round(growth * 1000) / 10} % faster each second`;
  const bounds = `at most ${mostRequests} requests in ${Math.ceil(lastsMs / 1000)} s`;
  return [...open, `the same request ${pace}, until one is answered 429 or 503: ${bounds}`];
}

export const access: Probe<AccessEvidence, AccessOptions, AccessPolicy> = {
  id: 'access',
  question: 6,
  title: 'How are requests authenticated, authorised and throttled; what happens when a dependency fails?',
  reads: 'ride',
  // hosts and balancer, because a request of ours would take the place of one of theirs in a rotation.
  after: ['tls', 'hosts', 'balancer'],
  sends: (going) => {
    const options = optionsOf(going);
    const { preflight = true, tryTrace = false } = options;
    const sent = [...(preflight ? [PREFLIGHT] : []), ...(tryTrace ? [TRACE] : []), ...limitSaid(options)];
    const all = [...(sent.length === 0 ? [] : [`to one endpoint: ${sent.join('; ')}`]), ...dependenciesSaid(options)];
    return all.length === 0 ? null : `after the ride, ${all.join('; ')}`;
  },
  lastsMs: (going) => {
    const { findLimit = null, findLimitOpen = null } = optionsOf(going);
    return (findLimit === null ? 0 : rampPlan(findLimit).lastsMs + QUIET_MS) + (findLimitOpen === null ? 0 : OPEN_MS);
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
