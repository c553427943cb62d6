// What real servers give away, invent and leave lying about: open transfers and recursion, invented answers, aliases into domains that
// nobody has, TLSA records that fit or do not; each against dig or openssl.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DnsEvidence } from '../../probes/dns/evidence.ts';
import { gather } from '../../probes/dns/gather.ts';
import { judgement } from '../../probes/dns/judgement.ts';
import { type DnsOptions, dnsOptionsSchema, dnsPolicySchema } from '../../probes/dns/options.ts';
import { parseTarget } from '../../src/model/target.ts';
import type { DnsName, IpAddress } from '../../src/model/text.ts';
import { now } from '../../src/net/clock.ts';
import { openDnsClient } from '../../src/net/dns/client.ts';
import { createMeter } from '../../src/net/meter.ts';
import { INVENTED, startInventingNamed, startOpenNamed } from './rig/careless.ts';
import { type DnsAddress, startNsd, startUnbound } from './rig/dns.ts';
import { dig, digReply } from './rig/peers.ts';
import { createPki } from './rig/pki.ts';
import { freePort } from './rig/ports.ts';
import { ride } from './rig/probe.ts';
import { evidenceOf, findingsOf } from './rig/reading.ts';
import { HERE, openRig, outputOf, type Rig } from './rig/rig.ts';
import { signZone } from './rig/signed.ts';
import { requireTools } from './rig/tools.ts';
import { startNginx } from './rig/web.ts';

const AUTHORITY = '127.0.64.1';
const RESOLVER = '127.0.64.2';
const WEB = '127.0.64.3';
/** BIND listens there alone. */
const BIND = '127.0.0.1';
const TOOLS = ['named', 'nsd', 'unbound', 'dig', 'dnssec-keygen', 'dnssec-signzone', 'nginx', 'openssl'];

const zoneText = (zone: string, server: string, lines: string): string => `$ORIGIN ${zone === '.' ? '.' : `${zone}.`}
$TTL 60
@ IN SOA ns admin 1 3600 600 86400 60
@ IN NS ns
ns IN A ${server}
${lines}
`;

interface World {
  readonly port: number;
  readonly authority: DnsAddress;
  readonly resolver: DnsAddress;
  readonly open: DnsAddress;
  readonly inventing: DnsAddress;
  readonly webPort: number;
  readonly rootFile: string;
  readonly anchor: string;
  /** SHA-256 of the public key of the certificate that is served, as openssl says. */
  readonly spki: string;
}

async function startWorld(rig: Rig): Promise<World> {
  const port = await freePort([AUTHORITY, RESOLVER, BIND]);
  const webPort = await freePort([WEB]);
  const [authority, resolver, open] = [AUTHORITY, RESOLVER, BIND].map((address) => ({ address, port })) as [
    DnsAddress,
    DnsAddress,
    DnsAddress,
  ];
  const inventing = { address: BIND, port: await freePort([BIND]) };
  const pki = await createPki(rig);
  const leaf = await pki.leaf('leaf');
  await rig.write('web.chain', leaf.certificatePem + pki.lower.certificatePem + pki.upper.certificatePem);
  await rig.write('web.key', leaf.keyPem);
  const spki = await spkiOf(rig);
  const tlsa = (name: string, data: string): string =>
    `_${webPort}._tcp.${name} IN TLSA ${data}\n${name} IN A ${WEB}\n`;
  const kms = await signZone(
    rig,
    'kms.test',
    zoneText('kms.test', AUTHORITY, tlsa('fits', `3 1 1 ${spki}`) + tlsa('stale', `3 1 1 ${'ab'.repeat(32)}`)),
    { algorithm: 'ECDSAP256SHA256' },
  );
  const below = ['open', 'kept', 'wild'].map((name) => `${name} IN NS ns\n`).join('');
  const top = await signZone(rig, 'test', zoneText('test', AUTHORITY, `${below}kms IN NS ns\n${kms.ds}\n`), {
    algorithm: 'ECDSAP256SHA256',
  });
  const root = await signZone(
    rig,
    '.',
    zoneText('.', AUTHORITY, `test. IN NS ns.test.\nns.test. IN A ${AUTHORITY}\ncom. IN NS ns.test.\n${top.ds}\n`),
    { algorithm: 'ECDSAP256SHA256' },
  );
  const kept = { name: 'kept.test', text: zoneText('kept.test', AUTHORITY, keptLines()) };
  const wild = { name: 'wild.test', text: zoneText('wild.test', AUTHORITY, '@ IN A 192.0.2.1\n* IN A 192.0.2.2') };
  const com = { name: 'com', text: zoneText('com', AUTHORITY, 'there IN NS ns') };
  const zones = [root, top, com, kms, kept, wild];
  await startNsd(rig, HERE, authority, zones);
  await startOpenNamed(rig, open, authority, {
    name: 'open.test',
    text: zoneText('open.test', BIND, '@ IN A 192.0.2.1'),
  });
  await startInventingNamed(rig, inventing, authority);
  const stubs = zones.map(({ name }) => ({ name, servers: [authority] }));
  await startUnbound(rig, HERE, resolver, [...stubs, { name: 'open.test', servers: [open] }]);
  const tls = `ssl_certificate ${rig.folder}/web.chain; ssl_certificate_key ${rig.folder}/web.key;`;
  const listen = { address: WEB, port: webPort };
  await startNginx(
    rig,
    HERE,
    'web',
    listen,
    `  server { listen ${WEB}:${webPort} ssl; ${tls} location / { return 200; } }`,
  );
  const anchor = await rig.write('anchor', root.key);
  return { port, authority, resolver, open, inventing, webPort, rootFile: pki.rootFile, anchor, spki };
}

const keptLines = (): string => `@ IN A 192.0.2.1
lost IN CNAME kms.gone.com.
stray IN CNAME nothing.kept.test.
old IN DNAME kept.test.
www IN A 192.0.2.3
`;

/** As people make TLSA records: `openssl x509 -pubkey | openssl pkey -outform DER | sha256sum`. */
async function spkiOf({ folder }: Rig): Promise<string> {
  const pipe = `openssl x509 -in ${folder}/leaf.pem -noout -pubkey | openssl pkey -pubin -outform DER | openssl dgst -sha256 -r`;
  return (await outputOf(['sh', '-c', pipe])).slice(0, 64);
}

describe.skipIf(!requireTools(TOOLS))('the safety of a name', () => {
  let rig: Rig;
  let world: World;
  beforeAll(async () => {
    rig = await openRig();
    world = await startWorld(rig);
  });
  afterAll(() => rig.close());

  it('a server that recurses and gives its zone away is found, and one that does neither is not', async () => {
    const open = await seen('open.test', { axfr: true });
    expect(found(open)).toMatchObject({ 'open-recursion': 'notice', 'zone-transfer-open': 'warning' });
    const records = (await dig(world.open, 'open.test', 'AXFR')).length;
    expect(open.safety?.transfers).toMatchObject([{ address: BIND, state: 'open', recordsSeen: records }]);
    const told = await digReply(world.open, ['test', 'SOA'], ['+recurse'], HERE);
    expect([told?.flags.includes('ra'), told?.flags.includes('aa'), told?.answer.length]).toEqual([true, false, 1]);

    const kept = await seen('kept.test', { axfr: true });
    const refused = await digReply(world.authority, ['kept.test', 'AXFR'], [], HERE);
    expect(refused).toBeNull();
    expect(kept.safety?.transfers).toMatchObject([{ address: AUTHORITY, state: 'refused', recordsSeen: 0 }]);
    expect(kept.safety?.recursion).toEqual([]);
    expect(found(kept)).toEqual({});
  });

  it('a zone is asked for only where the user wants it', async () => {
    const { safety } = await seen('open.test');
    expect(safety?.transfers).toBeUndefined();
  });

  it('a resolver that invents addresses is found; a wildcard is a fact', async () => {
    const dns = await seen('kept.test', {}, world.inventing);
    const name = dns.safety?.madeUp?.name ?? '';
    expect((await dig(world.inventing, name, 'A')).map(({ data }) => data)).toEqual([INVENTED]);
    expect((await digReply(world.authority, [name, 'A'], ['+norecurse'], HERE))?.status).toBe('NXDOMAIN');
    expect(dns.safety?.madeUp?.resolvers).toMatchObject([{ addresses: [INVENTED] }]);
    expect(found(dns)).toEqual({ 'resolver-rewrites-nxdomain': 'warning' });

    const wild = await seen('wild.test', {}, world.inventing);
    expect(wild.safety?.madeUp).toMatchObject({ authority: { addresses: ['192.0.2.2'] }, resolvers: [] });
    expect(found(wild)).toEqual({});
  });

  it('an alias into a domain that nobody has is told from one into a name that is merely gone', async () => {
    const lost = await seen('lost.kept.test');
    expect((await digReply(world.resolver, ['gone.com', 'NS'], [], HERE))?.status).toBe('NXDOMAIN');
    expect(lost.safety?.missing).toMatchObject({ name: 'kms.gone.com', domain: 'gone.com', registration: 'absent' });
    expect(found(lost)).toEqual({ 'alias-target-unregistered': 'critical' });
    const stray = await seen('stray.kept.test');
    expect(found(stray)).toEqual({ 'dangling-alias': 'critical' });
  });

  it('an alias that a server made of a DNAME is told with it, as dig shows it', async () => {
    const dns = await seen('www.old.kept.test');
    const [dname, alias] = await dig(world.authority, 'www.old.kept.test', 'A');
    expect([dname?.type, alias?.type]).toEqual(['DNAME', 'CNAME']);
    const row = dns.records.find(({ type }) => type === 'DNAME');
    expect([row?.name, row?.authoritativeTtlSeconds]).toEqual([dname?.name, dname?.ttlSeconds]);
    expect(dns.shift?.levers?.find(({ lever }) => lever === 'alias')?.record).toEqual({
      name: 'old.kept.test',
      type: 'DNAME',
    });
    expect(found(dns)).toEqual({});
  });

  it.each([
    ['fits', []],
    ['stale', ['tlsa-mismatch']],
  ])('TLSA records of %s.kms.test, in a signed zone, against the certificate that nginx serves', async (label, ids) => {
    const { address, port } = world.resolver;
    const { journey } = await ride([
      `${label}.kms.test:${world.webPort}`,
      ...['--only', 'dns,tls', '-n', '1', '--timeout', '2s', '--ca-file', world.rootFile],
      ...['--resolver', `${address}#${port}`, '--trust-anchor', world.anchor],
    ]);
    const dns = evidenceOf<DnsEvidence>(journey, 'dns');
    expect(dns.dnssec).toBe('secure');
    const [told] = await dig(world.resolver, `_${world.webPort}._tcp.${label}.kms.test`, 'TLSA');
    const [record] = dns.safety?.tlsa?.[0]?.records ?? [];
    expect(`${record?.usage} ${record?.selector} ${record?.matching} ${record?.data}`).toBe(
      told?.data.replace(/^(\d \d \d) (\S+) ?(\S*)$/, (_, head, a, b) => `${head} ${a}${b}`).toLowerCase(),
    );
    expect(findingsOf(journey, 'tlsa-mismatch').map(({ id }) => id)).toEqual(ids);
    if (ids.length === 0) {
      expect(journey.checks.find(({ id }) => id === 'tlsa-mismatch')?.outcome).toBe('pass');
      expect(record?.data).toBe(world.spki);
    }
  });

  async function seen(name: string, options: Partial<DnsOptions> = {}, at = world.resolver): Promise<DnsEvidence> {
    const server = { address: at.address as IpAddress, port: at.port };
    const client = openDnsClient({ resolvers: [server], timeoutMs: 2_000, families: [4], meter: createMeter() });
    const { signal } = new AbortController();
    const attempt = await gather({
      target: parseTarget(name),
      startedAtMs: 0,
      endpoints: [],
      lookup: await client.lookup(name as DnsName, signal),
      ride: { traces: [], lookups: [], certificates: new Map() },
      options: dnsOptionsSchema.parse({ authorityPort: world.port, policyQueries: 0, ...options }),
      earlier: {},
      net: { now, dns: client },
      signal,
    });
    await client.close();
    if (attempt.state !== 'complete') throw new Error(`gathering ended ${attempt.state}`);
    return attempt.value;
  }
});

/** The checks of this file's subject that found something, with the severity of the first sight. */
function found(dns: DnsEvidence): Readonly<Record<string, string>> {
  const given = {
    policy: dnsPolicySchema.parse({}),
    asOfMs: 0,
    target: parseTarget(dns.name),
    endpoints: [],
    hops: [],
  };
  const ours = /^(alias-|dangling-|name-does-not|open-rec|zone-tr|resolver-re|acme-|mail-)/;
  return Object.fromEntries(
    judgement.checks
      .filter(({ id }) => ours.test(id))
      .flatMap((check) => {
        const judged = check.judge({ dns }, given);
        return judged.outcome === 'found' ? [[check.id, judged.seen[0].severity ?? check.severity]] : [];
      }),
  );
}
