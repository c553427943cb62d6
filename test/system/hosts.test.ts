// Hosts behind HAProxy, and what is said when some of them are sick, gone, or were never there.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BalancerEvidence } from '../../probes/balancer/evidence.ts';
import type { HostsEvidence } from '../../probes/hosts/evidence.ts';
import { ride } from './rig/probe.ts';
import { evidenceOf, findingsOf, hopOf } from './rig/reading.ts';
import { openRig, type Rig } from './rig/rig.ts';
import { loopbackPlan, type Site, startSite } from './rig/site.ts';
import { requireTools } from './rig/tools.ts';
import { at } from './rig/web.ts';

const PACE = ['--rate', '50'];

describe.skipIf(!requireTools(['nsd', 'unbound', 'nginx', 'haproxy', 'openssl', 'setpriv']))('hosts', () => {
  let rig: Rig;
  let site: Site;
  beforeAll(async () => {
    rig = await openRig();
    site = await startSite(rig, await loopbackPlan());
  });
  afterAll(() => rig.close());

  it('counts both hosts of a round robin, with what they served', async () => {
    const { journey } = await ride([site.target('app'), '-n', '20', ...PACE, ...site.options]);
    const [seen] = evidenceOf<HostsEvidence>(journey, 'hosts').byEndpoint;
    expect(seen).toMatchObject({ seen: 2, answered: 20, serverErrors: 0, unhealthy: [] });
    expect(seen?.identifiedBy).toContain('x-served-by');
    // HAProxy goes round by connection order, so that each host takes exactly half.
    expect(seen?.hosts.map(({ identity, requests }) => [identity, requests]).toSorted()).toEqual([
      ['app1', 10],
      ['app2', 10],
    ]);
  });

  it('names the sick host that stays in rotation', async () => {
    const { journey } = await ride([site.target('sick'), '-n', '20', ...PACE, ...site.options]);
    const [seen] = evidenceOf<HostsEvidence>(journey, 'hosts').byEndpoint;
    expect(seen).toMatchObject({ seen: 2, serverErrors: 10, unhealthy: ['app3'] });
    const [finding] = findingsOf(journey, 'host-unhealthy-in-rotation');
    expect(finding).toMatchObject({ endpoint: at(site.listen('sick')) });
    expect(finding?.what).toContain('app3');
  });

  it('counts the failures of an address where nothing listens, and only those', async () => {
    const { journey, code } = await ride([site.target('half'), '-n', '8', ...PACE, ...site.options]);
    const down = site.listen('down');
    expect(hopOf(journey, down, 'connect')).toMatchObject({ attempts: 8, failures: 8, errors: { refused: 8 } });
    expect(hopOf(journey, site.listen('passA'), 'total')).toMatchObject({ attempts: 8, failures: 0 });
    expect(findingsOf(journey, 'endpoint-down').map(({ endpoint }) => endpoint)).toEqual([at(down)]);
    expect([journey.complete, code]).toEqual([true, 2]);
  });

  // Last: the origin does not come back.
  it('says that a balancer without its host hangs up, and whose fault that is', async () => {
    const healthy = await ride([site.target(''), '-n', '2', ...site.options]);
    expect(findingsOf(healthy.journey, 'endpoint-down')).toEqual([]);
    await site.origin.stop();
    const { journey, code } = await ride([site.target(''), '-n', '4', ...PACE, ...site.options]);
    for (const host of ['passA', 'passB'] as const) {
      // HAProxy accepts for the host that is gone, so the connection stands and the handshake does not.
      expect(hopOf(journey, site.listen(host), 'connect')).toMatchObject({ attempts: 4, failures: 0 });
      const handshake = hopOf(journey, site.listen(host), 'tls');
      expect(handshake.failures).toBe(4);
      expect(Object.keys(handshake.errors).filter((name) => name !== 'closed' && name !== 'reset')).toEqual([]);
    }
    const problems = evidenceOf<BalancerEvidence>(journey, 'balancer').byEndpoint.flatMap((one) => one.problems);
    expect(new Set(problems.map(({ fault, step }) => `${fault} in ${step}`))).toEqual(new Set(['target in tls']));
    const down = findingsOf(journey, 'endpoint-down');
    expect(down.map(({ endpoint }) => endpoint)).toEqual([at(site.listen('passA')), at(site.listen('passB'))]);
    expect(code).toBe(2);
  });
});
