// Owns the table of balancers that inference is tried on: HAProxy, nginx, Varnish and Caddy, each with what it does in truth. Starts nothing.
import type { Algorithm } from '../probes/hosts/evidence.ts';
import type { Front } from '../test/system/rig/fronts.ts';

export interface Setup extends Front {
  readonly name: string;
  readonly truth: Algorithm;
  /** Why nobody outside can tell the layer, however he asks: then "cannot tell" is the right answer. */
  readonly hidden?: string;
}

type Own = Partial<Pick<Setup, 'name' | 'weights' | 'workers' | 'hidden' | 'isSticky'>>;

const haproxy = (lines: string, layer: 4 | 7, truth: Algorithm, own: Own = {}): Setup => {
  const name = `HAProxy ${layer === 4 ? 'tcp' : 'http'} ${lines.split('\n')[0] ?? ''}`;
  return { name, layer, truth, front: 'haproxy', lines, ...own };
};
const nginx = (name: string, lines: string, truth: Algorithm, own: Own = {}): Setup => ({
  ...{ name: `nginx ${name}`, layer: 7, truth, front: 'nginx', lines },
  ...own,
});
const varnish = (lines: string, truth: Algorithm): Setup => ({
  ...{ name: `Varnish ${lines}`, layer: 7, truth, front: 'varnish', lines },
});
const caddy = (lines: string, truth: Algorithm, own: Own = {}): Setup => ({
  ...{ name: `Caddy ${lines}`, layer: 7, truth, front: 'caddy', lines },
  ...own,
});

/** One client meets one host, and what shows itself may as well be a part of that host. */
const ONE_MACHINE =
  'one host answers this client, and nginx, Caddy or Node.js may be the host itself or stand before it: a TCP balancer in front that hashes the address of the client would leave not one byte different';

export const setups: readonly Setup[] = [
  haproxy('roundrobin', 7, 'round robin'),
  haproxy('static-rr', 7, 'weighted round robin', { weights: [3, 1] }),
  haproxy('random(1)', 7, 'random'),
  haproxy('random(2)', 7, 'power of two choices'),
  haproxy('leastconn', 7, 'least connections'),
  haproxy('source', 7, 'one host for one client'),
  haproxy('roundrobin\n  cookie SERVERID insert indirect nocache', 7, 'round robin', {
    name: 'HAProxy http cookie',
    isSticky: true,
  }),
  haproxy('roundrobin', 4, 'round robin'),
  haproxy('static-rr', 4, 'weighted round robin', { weights: [2, 1] }),
  haproxy('random(1)', 4, 'random'),
  haproxy('leastconn', 4, 'least connections'),
  haproxy('source', 4, 'one host for one client', { hidden: ONE_MACHINE }),
  nginx('round robin', '', 'round robin'),
  nginx('round robin, two workers', '', 'round robin', { workers: 2 }),
  nginx('weights', '', 'weighted round robin', { weights: [5, 2] }),
  nginx('random two least_conn', 'random two least_conn;', 'power of two choices'),
  nginx('ip_hash', 'ip_hash;', 'one host for one client', { hidden: ONE_MACHINE }),
  varnish('round_robin', 'round robin'),
  varnish('random', 'random'),
  caddy('round_robin', 'round robin'),
  caddy('random', 'random'),
  caddy('random_choose 2', 'power of two choices'),
  caddy('least_conn', 'least connections'),
  caddy('ip_hash', 'one host for one client', { hidden: ONE_MACHINE }),
];
