// How hosts are chosen, as `--infer` tells it: HAProxy and nginx with algorithms that are known, over hosts that take a moment to answer.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BalancerEvidence } from '../../probes/balancer/evidence.ts';
import type { EndpointHosts, HostsEvidence } from '../../probes/hosts/evidence.ts';
import { type Front, PEM, type Running, start } from './rig/fronts.ts';
import { createPki, type Issued } from './rig/pki.ts';
import { type Ridden, ride } from './rig/probe.ts';
import { evidenceOf } from './rig/reading.ts';
import { openRig, type Rig } from './rig/rig.ts';
import { requireTools } from './rig/tools.ts';
import { at } from './rig/web.ts';

const HOSTS = 5;
/** Two choices show only while requests are under way at once: longer than a burst takes to be sent. */
const THINKS_MS = 40;

const haproxy = (lines: string, layer: 4 | 7 = 7, more: Partial<Front> = {}): Front => ({
  layer,
  front: 'haproxy',
  lines,
  ...more,
});
const SETUPS = {
  'HAProxy roundrobin': haproxy('roundrobin'),
  'HAProxy leastconn': haproxy('leastconn'),
  'HAProxy leastconn, TCP': haproxy('leastconn', 4),
  'HAProxy random': haproxy('random(1)'),
  'HAProxy source': haproxy('source'),
  'HAProxy cookie': haproxy('roundrobin\n  cookie SERVERID insert indirect nocache', 7, { isSticky: true }),
  'nginx random two': { layer: 7, front: 'nginx', lines: 'random two least_conn;' },
} as const satisfies Readonly<Record<string, Front>>;
type Name = keyof typeof SETUPS;
const names = Object.keys(SETUPS) as Name[];

describe.skipIf(!requireTools(['haproxy', 'nginx', 'openssl', 'setpriv', 'bash']))('--infer', () => {
  let rig: Rig;
  let leaf: Issued;
  const ridden = new Map<Name, Ridden>();

  beforeAll(async () => {
    rig = await openRig();
    leaf = await (await createPki(rig)).leaf('leaf');
    await rig.write(PEM, leaf.certificatePem + leaf.keyPem);
    // Side by side, or bursts that are 400 ms apart would take a minute and more; three at once leave the processors idle for most of it.
    const due = [...names];
    const worker = async (): Promise<void> => {
      for (let name = due.shift(); name !== undefined; name = due.shift()) ridden.set(name, await rideTo(name));
    };
    await Promise.all([worker(), worker(), worker()]);
  });
  afterAll(() => rig.close());

  async function rideTo(name: Name): Promise<Ridden> {
    const running: Running = await start(rig, {
      ...{
        setup: SETUPS[name],
        hosts: [HOSTS],
        isShared: false,
        leaf,
        thinksMs: THINKS_MS,
        id: 12_000 + names.indexOf(name),
      },
    });
    try {
      const [listen = { address: '', port: 0 }] = running.listens;
      const pace = ['-n', '120', '--rate', '40', '--only', 'balancer,hosts', '--infer', '--insecure'];
      return await ride([`https://kms.test:${listen.port}`, '--connect', `${at(listen)}=az1`, ...pace]);
    } finally {
      await running.stop();
    }
  }

  const hostsOf = (name: Name): EndpointHosts => {
    const { journey } = ridden.get(name) ?? {};
    const record = journey === undefined ? undefined : evidenceOf<HostsEvidence>(journey, 'hosts').byEndpoint[0];
    if (record === undefined) throw new Error(`nothing was seen of ${name}`);
    return record;
  };

  it.each<[Name, EndpointHosts['algorithm'], Partial<EndpointHosts>]>([
    // Not when a host is held busy: turns go on over it, or the least busy ones are taken.
    [
      'HAProxy roundrobin',
      'round robin',
      { alsoFits: ['least connections'], seen: HOSTS, identifiedBy: 'x-served-by' },
    ],
    ['HAProxy leastconn', 'least connections', { alsoFits: [], seen: HOSTS }],
    ['HAProxy leastconn, TCP', 'least connections', { seen: HOSTS, identifiedBy: 'TLS ticket key' }],
    ['HAProxy source', 'one host for one client', { seen: 1, low: 1, high: null, infer: null }],
    ['HAProxy cookie', 'round robin', { seen: HOSTS }],
  ])('%s is %s', (name, algorithm, more) => {
    expect(hostsOf(name)).toMatchObject({ algorithm, ...more });
  });

  it('chance, choice between two and turns differ within bursts', () => {
    const [random, two] = [hostsOf('HAProxy random'), hostsOf('nginx random two')];
    // 25 bursts of ten: 100 degrees of freedom, so that chance is within 0.6 and 1.4 but once in ten thousand.
    expect(random.infer).toMatchObject({ bursts: 25, burstSize: 2 * HOSTS });
    expect(random.infer?.dispersion).toBeGreaterThan(0.6);
    expect(two.infer?.dispersion).toBeLessThan(0.6);
    expect(two.infer?.dispersion).toBeGreaterThan(0.05);
    expect(two.infer?.dispersionChance).toBeLessThanOrEqual(0.001);
  });

  it.each<[Name, EndpointHosts['algorithm']]>([
    ['HAProxy random', 'random'],
    ['nginx random two', 'power of two choices'],
  ])('%s is %s, or cannot be told', (name, algorithm) => {
    const record = hostsOf(name);
    expect([algorithm, null]).toContain(record.algorithm);
    if (record.algorithm === null) expect(record.algorithmBecause).toMatch(/ask for /);
    expect(record).toMatchObject({ seen: HOSTS, low: HOSTS });
  });

  it('a cookie that is sent back leads to the host that set it', () => {
    const { stay } = hostsOf('HAProxy cookie');
    expect(stay).toEqual({ cookie: 'SERVERID', answered: 8, same: 8, other: 0 });
    const { journey } = ridden.get('HAProxy cookie') ?? {};
    if (journey === undefined) throw new Error('no ride');
    expect(evidenceOf<BalancerEvidence>(journey, 'balancer').stickiness).toMatchObject({
      ...{ cookies: ['SERVERID'], bySource: 'no', byCookie: 'stays' },
    });
    expect(hostsOf('HAProxy roundrobin').stay).toBeNull();
  });
});
