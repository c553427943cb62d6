// The path probe: the network between here and each zone, router by router. Traces beside the ride, and is cut off soon after it.
// A descriptor with lazy doors: imports nothing but types, so that a command that needs no probe stays light.
import type { Going, Probe } from '../../src/contract/probe.ts';
import type { PathEvidence } from './evidence.ts';
import type { PathOptions, PathPolicy } from './options.ts';

export const path: Probe<PathEvidence, PathOptions, PathPolicy> = {
  id: 'path',
  question: null,
  title: 'Which routers lie between here and each zone, and where do packets get lost or late?',
  reads: 'ride',
  after: [],
  sends,
  defaults: () => import('./defaults.ts'),
  options: async () => (await import('./options.ts')).pathOptions,
  policy: async () => (await import('./options.ts')).pathPolicy,
  evidence: async () => (await import('./evidence.ts')).pathEvidence,
  beside: async () => (await import('./trace.ts')).trace,
  gather: async () => (await import('./gather.ts')).gather,
  judgement: async () => (await import('./judgement.ts')).judgement,
  metrics: async () => (await import('./metrics.ts')).metrics,
  section: async () => (await import('./section.ts')).section,
};

/** How much it is where full-size packets get through, and at most: src/net/path/full-size.ts. */
const FULL_SIZE =
  'one connection to each with a single segment of full size, reset then, and only where that gets lost up to 11 more with smaller ones and 64 ' +
  'datagrams with a rising lifetime; ';

function sends({ options }: Going): string | null {
  const given = options as Partial<PathOptions> | undefined;
  if (given?.trace === false) return null;
  const {
    flows = 2,
    rounds = 3,
    targetRounds = 1,
    maxTtl = 30,
    maxEndpoints = 8,
    method = 'tcp',
    fullSize = true,
  } = given ?? {};
  const packets = method === 'tcp' ? 'SYNs' : 'datagrams';
  const opened = method === 'tcp' ? `, of which ${flows * targetRounds} open a connection there and reset it` : '';
  return (
    `beside the ride, ${packets} with a rising lifetime (TTL) to the first address of each zone, at most ${maxEndpoints}: ${rounds} on each of ` +
    `${flows} source ports to each router, at most ${flows * rounds * maxTtl} to one address${opened}; PTR of at most 32 routers; ` +
    (fullSize ? FULL_SIZE : '') +
    'nothing to loopback (--skip path leaves it out)'
  );
}
