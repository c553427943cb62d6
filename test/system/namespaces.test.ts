// The same service in a network of its own: real ports 53 and 443, a black hole, and nothing of this machine's network.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DnsEvidence } from '../../probes/dns/evidence.ts';
import { type Namespaces, openNamespaces } from './rig/namespaces.ts';
import { dig, digSerial } from './rig/peers.ts';
import { ride } from './rig/probe.ts';
import { evidenceOf, findingsOf, hopOf } from './rig/reading.ts';
import { openRig, type Rig } from './rig/rig.ts';
import { type Site, siteAddresses, startSite, TTL } from './rig/site.ts';
import { requireNamespaces, requireTools } from './rig/tools.ts';
import { at } from './rig/web.ts';

const NETWORK = '10.77.0';
const TOOLS = ['ip', 'nsd', 'unbound', 'nginx', 'haproxy', 'dig', 'openssl', 'setpriv', 'bash'];

describe.skipIf(!requireTools(TOOLS) || !requireNamespaces())('a network of its own', () => {
  let rig: Rig;
  let site: Site;
  let net: Namespaces;
  beforeAll(async () => {
    rig = await openRig();
    net = await openNamespaces(rig, siteAddresses(NETWORK));
    site = await startSite(rig, { place: net.server, network: NETWORK, dnsPort: 53, webPort: 443 });
    await net.blackHole(site.listen('hole').address);
  });
  afterAll(() => rig.close());

  it('asks each name server of the zone, and reads the serials that dig reads', async () => {
    const { journey, code } = await ride(['kms.test', '-n', '3', ...site.options], net.client);
    const dns = evidenceOf<DnsEvidence>(journey, 'dns');
    const zone = dns.delegation.at(-1);
    const serials = await Promise.all(site.nameServers.map((server) => digSerial(server, 'kms.test', net.client)));

    expect(serials).toEqual(site.serials);
    expect(zone?.zone).toBe('kms.test');
    expect(
      zone?.nameservers.map(({ name, addresses, serial, authoritative }) => ({
        name,
        addresses,
        serial,
        authoritative,
      })),
    ).toEqual([
      { name: 'ns1.kms.test', addresses: [site.nameServers[0].address], serial: serials[0], authoritative: true },
      { name: 'ns2.kms.test', addresses: [site.nameServers[1].address], serial: serials[1], authoritative: true },
    ]);
    expect(findingsOf(journey, 'serials-disagree').map(({ severity }) => severity)).toEqual(['notice']);
    expect(code).toBe(0);
  });

  it('knows the whole life of a record from the authorities, as the zone file says', async () => {
    const { journey } = await ride(['www.kms.test', '-n', '1', ...site.options], net.client);
    const told = await dig(site.nameServers[0], 'kms.test', 'A', net.client);
    const dns = evidenceOf<DnsEvidence>(journey, 'dns');
    const lives = dns.records.map(({ name, type, authoritativeTtlSeconds }) => [name, type, authoritativeTtlSeconds]);
    expect(told.map(({ ttlSeconds }) => ttlSeconds)).toEqual([TTL.apex, TTL.apex]);
    expect(lives).toEqual([
      ['www.kms.test', 'CNAME', TTL.www],
      ['edge.kms.test', 'CNAME', TTL.edge],
      ['kms.test', 'A', TTL.apex],
      ['kms.test', 'A', TTL.apex],
    ]);
    expect(dns.shift).toMatchObject({ worstSeconds: TTL.www, basis: 'authority' });
  });

  it('is not slowed on one address by a black hole on the other', async () => {
    const rounds = 10;
    // Ten timeouts of a second each: one after another they would run into the deadline.
    const args = ['-n', `${rounds}`, '--rate', '20', '--timeout', '1s', '--deadline', '6s', ...site.options];
    const { journey } = await ride(['hole.kms.test', ...args], net.client);
    const [hole, open] = [site.listen('hole'), site.listen('passA')];
    expect(hopOf(journey, hole, 'connect')).toMatchObject({
      attempts: rounds,
      failures: rounds,
      errors: { 'connect-timeout': rounds },
    });
    expect(hopOf(journey, open, 'total')).toMatchObject({ attempts: rounds, failures: 0 });
    expect(findingsOf(journey, 'endpoint-down').map(({ endpoint }) => endpoint)).toEqual([at(hole)]);
    expect(journey.complete).toBe(true);
  });

  it('does not call a service down, nor well, that this machine has no way to', async () => {
    // The namespace has no default route.
    const { journey, code } = await ride(['192.0.2.1', '-n', '2', ...site.options], net.client);
    expect(journey.hops[0]).toMatchObject({ id: 'connect', attempts: 2, failures: 2, errors: { 'no-route': 2 } });
    expect(journey.findings.filter(({ severity }) => severity !== 'notice')).toEqual([]);
    expect({ code, verdict: journey.verdict }).toEqual({ code: 3, verdict: 'unknown' });
  });

  it('says which sockets it used: none but the ones of the plan', async () => {
    // The path is asked with connections that are never finished; what it may send is held to the plan beside mtr.
    const args = ['app.kms.test', '-n', '4', '--skip', 'dns,path', ...site.options];
    const bare = ['--no-tls-survey', '--no-reuse', '--no-preflight'];
    const { journey } = await ride([...args, ...bare], net.client);
    expect(journey.endpoints.map(({ id, ttlSeconds }) => [id, (ttlSeconds ?? 0) <= TTL.app])).toEqual([
      [`${NETWORK}.31:443`, true],
    ]);
    expect(journey.budget).toMatchObject({ connections: 4, requests: 4 });
    // Hellos and handshakes to one endpoint: `--plan` says at most 40 and 8; then one OPTIONS, and 2 to 12 requests on one connection.
    const { budget } = (await ride(args, net.client)).journey;
    expect(budget.requests).toBeGreaterThan(4);
    expect(budget.requests).toBeLessThanOrEqual(4 + 1 + 12);
    expect(budget.connections).toBeGreaterThan(4);
    expect(budget.connections).toBeLessThanOrEqual(4 + 40 + 8 + 1 + 1);
  });
});
