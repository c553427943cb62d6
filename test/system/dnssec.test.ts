// Signatures from the root to the name, made by BIND's tools, and what the probe says of them, against delv at the same resolver.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DnsEvidence } from '../../probes/dns/evidence.ts';
import { type DnsAddress, startNsd, startUnbound, validatingFrom } from './rig/dns.ts';
import { freePort } from './rig/ports.ts';
import { ride } from './rig/probe.ts';
import { evidenceOf, findingsOf } from './rig/reading.ts';
import { HERE, openRig, type Rig } from './rig/rig.ts';
import { delvState, signZone, startValidatingNamed, trustAnchorsOf } from './rig/signed.ts';
import { requireTools } from './rig/tools.ts';

const AUTHORITY = '127.0.63.1';
const RESOLVER = '127.0.63.2';
const VALIDATING = '127.0.63.3';
const tools = ['nsd', 'unbound', 'named', 'delv', 'dnssec-keygen', 'dnssec-signzone', 'dnssec-dsfromkey', 'setpriv'];

const soa = (zone: string) => `$TTL 300
$ORIGIN ${zone}
@ IN SOA ns.test. admin.test. 1 3600 600 86400 60
@ IN NS ns.test.
`;
const leaf = (zone: string) => `${soa(`${zone}.`)}
@ IN A 127.0.63.9
www IN CNAME @
*.any IN A 127.0.63.9
`;

interface World {
  readonly resolver: DnsAddress;
  readonly bind: DnsAddress;
  readonly anchor: string;
  readonly delvAnchor: string;
}

async function startWorld(rig: Rig): Promise<World> {
  const port = await freePort([AUTHORITY, RESOLVER, VALIDATING, '127.0.0.1']);
  const [authority, resolver] = [
    { address: AUTHORITY, port },
    { address: RESOLVER, port },
  ];
  // unbound allows for clocks that are wrong by up to a day (unbound.conf(5), val-sig-skew-max).
  const expired = { algorithm: 'ECDSAP256SHA256', from: 'now-1728000', until: 'now-259200' } as const;
  const soon = { algorithm: 'ECDSAP256SHA256', from: 'now-2500000', until: 'now+90000' } as const;
  const signed = await Promise.all([
    signZone(rig, 'good.test', leaf('good.test'), { algorithm: 'ED25519' }),
    signZone(rig, 'hashed.test', leaf('hashed.test'), { algorithm: 'RSASHA256', nsec3: true }),
    signZone(rig, 'expired.test', leaf('expired.test'), expired),
    signZone(rig, 'soon.test', leaf('soon.test'), soon),
    signZone(rig, 'broken.test', leaf('broken.test'), { algorithm: 'ECDSAP256SHA256' }),
  ]);
  const plain = { name: 'plain.test', text: leaf('plain.test') };
  const delegations = [...signed, plain].map(({ name }) => `${name}. IN NS ns.test.\n`).join('');
  // One digit of the digest of broken.test is another.
  const ds = signed.map((zone) => (zone.name === 'broken.test' ? spoilt(zone.ds) : zone.ds)).join('\n');
  const top = await signZone(rig, 'test', `${soa('test.')}ns IN A ${AUTHORITY}\n${delegations}${ds}\n`, {
    algorithm: 'ECDSAP256SHA256',
    nsec3: true,
  });
  const root = await signZone(rig, '.', `${soa('.')}test. IN NS ns.test.\nns.test. IN A ${AUTHORITY}\n${top.ds}\n`, {
    algorithm: 'RSASHA256',
  });
  const zones = [root, top, ...signed, plain];
  await startNsd(rig, HERE, authority, zones);
  const stubs = zones.map(({ name }) => ({ name, servers: [authority] }));
  await startUnbound(rig, HERE, resolver, stubs);
  await startUnbound(rig, HERE, { address: VALIDATING, port }, stubs, validatingFrom(root.key));
  const bind = await startValidatingNamed(rig, port, authority, trustAnchorsOf(root));
  return {
    resolver,
    bind,
    anchor: await rig.write('anchor', root.key),
    delvAnchor: await rig.write('delv-anchor', trustAnchorsOf(root)),
  };
}

function spoilt(ds: string): string {
  return ds.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
}

describe.skipIf(!requireTools(tools))('signatures', () => {
  let rig: Rig;
  let world: World;
  beforeAll(async () => {
    rig = await openRig();
    world = await startWorld(rig);
  });
  afterAll(() => rig.close());

  async function look(name: string, address = RESOLVER, anchor: readonly string[] = ['--trust-anchor', world.anchor]) {
    const { port } = world.resolver;
    const { journey } = await ride([
      name,
      '--only',
      'dns',
      '--timeout',
      '2s',
      '--resolver',
      `${address}#${port}`,
      ...anchor,
    ]);
    return { journey, dns: evidenceOf<DnsEvidence>(journey, 'dns') };
  }

  it.each([
    ['good.test', 'secure', null],
    ['www.good.test', 'secure', null],
    ['x.any.good.test', 'secure', null],
    ['hashed.test', 'secure', null],
    ['x.any.hashed.test', 'secure', null],
    ['soon.test', 'secure', null],
    ['plain.test', 'insecure', 'unsigned-delegation'],
    ['expired.test', 'bogus', 'signature-expired'],
    ['broken.test', 'bogus', 'no-matching-key'],
  ])('%s is %s, as delv says', async (name, state, reason) => {
    const [{ journey, dns }, said] = await Promise.all([look(name), delvState(world.resolver, world.delvAnchor, name)]);
    expect([dns.dnssec, dns.dnssecDetail?.reason]).toEqual([state, reason]);
    expect(said).toBe(state);
    expect(findingsOf(journey, 'dnssec-bogus')).toHaveLength(state === 'bogus' ? 1 : 0);
    expect(findingsOf(journey, 'signature-expiry')).toHaveLength(name === 'soon.test' ? 1 : 0);
    expect(dns.dnssecDetail?.questions).toBeLessThanOrEqual(24);
  });

  it('names that do not exist are proven not to', async () => {
    for (const name of ['gone.good.test', 'gone.hashed.test']) {
      const { dns } = await look(name);
      expect([name, dns.dnssec, dns.lookup.problem?.code]).toEqual([name, 'secure', 'nxdomain']);
    }
  });

  it('tells the keys and until when they hold', async () => {
    const { dns } = await look('hashed.test');
    const zones = dns.dnssecDetail?.zones ?? [];
    expect(zones.map(({ zone, keys }) => [zone, keys.map(({ algorithm }) => algorithm)])).toEqual([
      ['.', [8]],
      ['test', [13]],
      ['hashed.test', [8]],
    ]);
    expect(zones.map(({ dsCount }) => dsCount)).toEqual([0, 1, 1]);
  });

  it('says why a resolver that validates gives no answer', async () => {
    for (const [name, words] of [
      ['expired.test', 'the signature has expired'],
      ['broken.test', 'none of its keys is the one'],
    ] as const) {
      const { journey, dns } = await look(name, VALIDATING);
      expect([dns.lookup.problem?.code, dns.dnssec]).toEqual(['servfail', 'bogus']);
      expect(JSON.stringify(findingsOf(journey, 'dnssec-bogus'))).toContain(words);
      expect(JSON.stringify(findingsOf(journey, 'resolver-failure'))).toContain('(CD=1) it answers');
    }
    const { dns } = await look('hashed.test', VALIDATING);
    expect([dns.lookup.problem, dns.dnssec]).toEqual([null, 'secure']);
  });

  it('says the same through a BIND that validates', async () => {
    for (const [name, state] of [
      ['www.good.test', 'secure'],
      ['y.any.good.test', 'secure'],
      ['y.any.hashed.test', 'secure'],
      ['gone.hashed.test', 'secure'],
      ['plain.test', 'insecure'],
      ['expired.test', 'bogus'],
      ['broken.test', 'bogus'],
    ] as const) {
      const { dns } = await look(name, world.bind.address);
      expect([name, dns.dnssec, dns.dnssecDetail?.link]).toEqual([
        name,
        state,
        state === 'secure' ? null : expect.anything(),
      ]);
    }
  });

  it('without the anchor of this root nothing is said against it', async () => {
    const { journey, dns } = await look('good.test', RESOLVER, []);
    expect([dns.dnssec, dns.dnssecDetail?.reason]).toEqual(['not-checked', 'another-root']);
    expect(findingsOf(journey, 'dnssec-bogus')).toEqual([]);
  });
});
