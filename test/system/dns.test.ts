// Addresses, TTLs, aliases and failures of names, against dig at the same servers.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DnsEvidence } from '../../probes/dns/evidence.ts';
import { countDatagrams } from './rig/counters.ts';
import { dig } from './rig/peers.ts';
import { ride } from './rig/probe.ts';
import { evidenceOf } from './rig/reading.ts';
import { openRig, type Rig } from './rig/rig.ts';
import { loopbackPlan, type Site, startSite } from './rig/site.ts';
import { requireTools } from './rig/tools.ts';

const QUICK = ['-n', '1', '--timeout', '2s'];

describe.skipIf(!requireTools(['nsd', 'unbound', 'nginx', 'haproxy', 'dig', 'openssl', 'setpriv']))('names', () => {
  let rig: Rig;
  let site: Site;
  beforeAll(async () => {
    rig = await openRig();
    site = await startSite(rig, await loopbackPlan());
  });
  afterAll(() => rig.close());

  it('finds the addresses that dig finds, and what is left of their TTL', async () => {
    const before = await dig(site.resolver, 'kms.test', 'A');
    const { journey } = await ride([site.target(''), ...QUICK, ...site.options]);
    const after = await dig(site.resolver, 'kms.test', 'A');

    expect(journey.endpoints.map(({ address }) => address)).toEqual(before.map(({ data }) => data).toSorted());
    expect(journey.endpoints).toHaveLength(2);
    for (const { address, ttlSeconds } of journey.endpoints) {
      // The TTL of a cached record only falls: what we were told lies between what dig was told before and after.
      expect(ttlSeconds).toBeLessThanOrEqual(ttlOf(before, address));
      expect(ttlSeconds).toBeGreaterThanOrEqual(ttlOf(after, address));
    }
  });

  it('keeps the alias chain as dig shows it', async () => {
    const { journey } = await ride([site.target('www'), ...QUICK, ...site.options]);
    const told = await dig(site.resolver, 'www.kms.test', 'A');
    const chain = told.filter(({ type }) => type === 'CNAME').map(({ name, data }) => [name, data.replace(/\.$/, '')]);

    const dns = evidenceOf<DnsEvidence>(journey, 'dns');
    expect(chain).toHaveLength(2);
    expect(dns.aliases.map(({ name, target }) => [name, target])).toEqual(chain);
    expect(dns.canonicalName).toBe('kms.test');
    expect(dns.records.map(({ type, data }) => [type, data])).toEqual(
      expect.arrayContaining(told.map(({ type, data }) => [type, data.replace(/\.$/, '')])),
    );
    expect(journey.endpoints).toHaveLength(2);
  });

  it('tells apart a name that does not exist, one without an address, and a resolver that is silent', async () => {
    const silent = await countDatagrams(rig, '127.0.60.200');
    const deaf = ['--resolver', `${silent.address}#${silent.port}`];
    const [nxdomain, nodata, timeout] = await Promise.all([
      ride([site.target('gone'), ...QUICK, ...site.options]),
      ride([site.target('empty'), ...QUICK, ...site.options]),
      ride([site.target('www'), '-n', '1', '--timeout', '500ms', ...deaf]),
    ]);
    const codes = [nxdomain, nodata, timeout].map(({ journey }) => journey.hops[0]?.errors);
    expect(codes).toEqual([{ nxdomain: 1 }, { nodata: 1 }, { 'dns-timeout': 1 }]);
    expect(silent.count()).toBeGreaterThan(0);
    expect(timeout.journey.endpoints).toEqual([]);
  });
});

function ttlOf(records: readonly { readonly data: string; readonly ttlSeconds: number }[], address: string): number {
  return records.find(({ data }) => data === address)?.ttlSeconds ?? Number.NaN;
}
