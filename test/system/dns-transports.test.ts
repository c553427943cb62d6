// Questions over TLS, HTTPS, TCP and UDP with cookies, to BIND and unbound, against dig over the same transport in the same run.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DnsEvidence } from '../../probes/dns/evidence.ts';
import type { DnsAsked, DnsQuestion, DnsReply, DnsServer, PlainDnsServer } from '../../src/contract/net.ts';
import { type DnsName, type IpAddress, visible } from '../../src/model/text.ts';
import { type OpenedDnsClient, openDnsClient } from '../../src/net/dns/client.ts';
import { createMeter, type Meter } from '../../src/net/meter.ts';
import { startUnbound } from './rig/dns.ts';
import { dig, digReply } from './rig/peers.ts';
import { createPki, type Pki } from './rig/pki.ts';
import { freePort } from './rig/ports.ts';
import { ride } from './rig/probe.ts';
import { evidenceOf } from './rig/reading.ts';
import { HERE, openRig, type Rig } from './rig/rig.ts';
import { type Secured, startSecuredNamed } from './rig/secured-dns.ts';
import { requireTools } from './rig/tools.ts';

const ZONE = 'kms.test';
const RESOLVER = `dns.${ZONE}` as DnsName;
const LONG = Array.from({ length: 12 }, (_, index) => `long IN TXT "${`${index} `.padEnd(200, 'x')}"`).join('\n');
const HOSTS = Array.from({ length: 100 }, (_, index) => `host-${index} IN A 192.0.2.${index}`).join('\n');
const TEXT = `$ORIGIN ${ZONE}.
$TTL 60
@ IN SOA ns1 hostmaster 7 7200 900 1209600 300
@ IN NS ns1
ns1 IN A 127.0.0.1
dns IN A 127.0.0.1
www IN A 192.0.2.1
www IN A 192.0.2.2
${LONG}
${HOSTS}
`;
const forever = new AbortController().signal;

describe.skipIf(!requireTools(['named', 'unbound', 'dig', 'openssl', 'setpriv']))('transports', () => {
  let rig: Rig;
  let pki: Pki;
  let bind: Secured;
  let plain: PlainDnsServer;
  let unboundTls: number;
  beforeAll(async () => {
    rig = await openRig();
    pki = await createPki(rig);
    const leaf = await pki.leaf('resolver');
    const chain = leaf.certificatePem + pki.lower.certificatePem + pki.upper.certificatePem;
    const identity = {
      chainFile: await rig.write('resolver-chain.pem', chain),
      keyFile: join(rig.folder, 'resolver.key'),
    };
    bind = await startSecuredNamed(rig, { name: ZONE, text: TEXT }, identity);
    plain = { address: bind.address as IpAddress, port: bind.port };
    const unbound = { address: '127.0.60.95', port: await freePort(['127.0.60.95']) };
    unboundTls = await freePort(['127.0.60.95']);
    await startUnbound(
      rig,
      HERE,
      unbound,
      [{ name: ZONE, servers: [bind] }],
      [
        `interface: 127.0.60.95@${unboundTls}`,
        `tls-port: ${unboundTls}`,
        `tls-service-key: "${identity.keyFile}"`,
        `tls-service-pem: "${identity.chainFile}"`,
      ],
    );
  });
  afterAll(() => rig.close());

  /** A client of its own, closed when the work is done. */
  async function withClient<T>(work: (dns: OpenedDnsClient, meter: Meter) => Promise<T>): Promise<T> {
    const meter = createMeter();
    const shared = { timeoutMs: 5_000, meter, families: [4] as const };
    const dns = openDnsClient({ ...shared, resolvers: [plain], caPem: [pki.root.certificatePem], locators: [plain] });
    try {
      return await work(dns, meter);
    } finally {
      await dns.close();
    }
  }

  const question = (name: string, type: DnsQuestion['type'] = 'A'): DnsQuestion => ({
    ...{ name: name as DnsName, type, recursionDesired: true },
  });
  const verifying = () => [`+tls-ca=${pki.rootFile}`, `+tls-hostname=${RESOLVER}`];
  const secured: readonly [
    string,
    () => DnsServer,
    () => readonly string[],
    () => { address: string; port: number },
  ][] = [
    [
      'TLS to BIND',
      () => ({ transport: 'tls', address: plain.address, port: bind.tlsPort, name: RESOLVER }),
      () => ['+tls', ...verifying()],
      () => ({ address: bind.address, port: bind.tlsPort }),
    ],
    [
      'HTTPS to BIND',
      () => ({ transport: 'https', url: `https://${RESOLVER}:${bind.httpsPort}/dns-query` }),
      () => ['+https=/dns-query', ...verifying()],
      () => ({ address: bind.address, port: bind.httpsPort }),
    ],
    [
      'TLS to unbound',
      () => ({ transport: 'tls', address: '127.0.60.95' as IpAddress, port: unboundTls, name: RESOLVER }),
      () => ['+tls', ...verifying()],
      () => ({ address: '127.0.60.95', port: unboundTls }),
    ],
  ];

  it.each(secured)(
    'over %s: what dig is told, the certificate verified, and its end known',
    async (_, server, flags, at) => {
      const [asked, told] = await Promise.all([
        withClient((dns) => dns.query(server(), question(`www.${ZONE}`), forever)),
        digReply(at(), [`www.${ZONE}`, 'A'], flags()),
      ]);
      expect(told?.answer).toHaveLength(2);
      const reply = replyOf(asked);
      expect(addressesOf(reply)).toEqual(told?.answer.map(({ data }) => data).toSorted());
      expect(reply).toMatchObject({ rcode: told?.status, verified: 'name', truncated: false });
      const daysLeft = ((reply.certificate?.endsAtMs ?? 0) - Date.now()) / 86_400_000;
      expect(daysLeft).toBeGreaterThan(88);
      expect(daysLeft).toBeLessThan(91);
    },
  );

  it.each(secured)(
    'over %s: a hundred questions at once on one connection, each with its own answer',
    async (_, server) => {
      await withClient(async (dns, meter) => {
        // The name in a URL is looked up first, which is no part of the count.
        await dns.query(server(), question(ZONE, 'SOA'), forever);
        const { connections } = meter.read();
        const all = Array.from({ length: 100 }, (_each, index) => question(`host-${index}.${ZONE}`));
        const asked = await Promise.all(all.map((one) => dns.query(server(), one, forever)));
        expect(asked.map((one) => addressesOf(replyOf(one)))).toEqual(all.map((_one, index) => [`192.0.2.${index}`]));
        expect([connections, meter.read().connections]).toEqual([1, 1]);
      });
    },
  );

  it('nothing is asked where the certificate is for another name', async () => {
    const stranger: DnsServer = {
      ...{ transport: 'tls', address: plain.address, port: bind.tlsPort, name: 'dns.example' as DnsName },
    };
    await withClient(async (dns, meter) => {
      const asked = await dns.query(stranger, question(`www.${ZONE}`), forever);
      expect(asked).toMatchObject({ state: 'failed', problem: { code: 'dns-unreachable' } });
      expect(meter.read().dnsQueries).toBe(0);
    });
  });

  it('a server that wants its cookie is shown it, and the letters come back as they went', async () => {
    await withClient(async (dns) => {
      const [first, second] = [
        await dns.query(plain, question(`www.${ZONE}`), forever),
        await dns.query(plain, question(`www.${ZONE}`), forever),
      ];
      const told = await dig(bind, `www.${ZONE}`, 'A');
      expect(addressesOf(replyOf(first))).toEqual(told.map(({ data }) => data).toSorted());
      expect(first.tries).toMatchObject([
        { transport: 'udp', cookie: true, outcome: 'BADCOOKIE' },
        { transport: 'udp', cookie: true, outcome: 'NOERROR' },
      ]);
      expect(second.tries).toMatchObject([{ transport: 'udp', cookie: true, outcome: 'NOERROR' }]);
      expect([first, second].map((one) => replyOf(one).caseKept)).toEqual([true, true]);
    });
  });

  it('the cookie of an answer over TCP is good for UDP', async () => {
    await withClient(async (dns) => {
      const byTcp = await dns.query(plain, { ...question(`www.${ZONE}`), transport: 'tcp' }, forever);
      const byUdp = await dns.query(plain, question(`www.${ZONE}`), forever);
      expect(byTcp.tries).toMatchObject([{ transport: 'tcp', cookie: true, outcome: 'NOERROR' }]);
      expect(byUdp.tries).toMatchObject([{ transport: 'udp', cookie: true, outcome: 'NOERROR' }]);
    });
  });

  it('an answer that is cut over UDP is fetched over TCP, as dig does', async () => {
    const [asked, told] = await Promise.all([
      withClient((dns) => dns.query(plain, question(`long.${ZONE}`, 'TXT'), forever)),
      digReply(bind, [`long.${ZONE}`, 'TXT'], []),
    ]);
    expect(told?.transport).toBe('TCP');
    const reply = replyOf(asked);
    expect(reply).toMatchObject({ transport: 'tcp', truncated: true });
    const texts = reply.answers.flatMap((one) =>
      one.type === 'TXT' ? one.text.map((text) => `"${visible(text)}"`) : [],
    );
    expect(texts.toSorted()).toEqual(told?.answer.map(({ data }) => data).toSorted());
    expect(asked.tries?.slice(-2)).toMatchObject([
      { transport: 'udp', outcome: 'NOERROR', truncated: true },
      { transport: 'tcp', outcome: 'NOERROR', truncated: false },
    ]);
  });

  it('the command asks such a resolver, and writes down how', async () => {
    const resolver = `tls://127.0.60.95#${RESOLVER}:${unboundTls}`;
    const { journey } = await ride([
      ...[`www.${ZONE}`, '--only', 'dns', '-4', '--timeout', '2s', '--ca-file', pki.rootFile, '--resolver', resolver],
    ]);
    const { resolvers } = evidenceOf<DnsEvidence>(journey, 'dns');
    expect(resolvers).toMatchObject([
      { resolver, transport: 'tls', verified: 'name', rcode: 'NOERROR', addresses: ['192.0.2.1', '192.0.2.2'] },
    ]);
  });
});

function replyOf(asked: DnsAsked): DnsReply {
  if (asked.state !== 'complete') throw new Error(`no reply: ${JSON.stringify(asked)}`);
  return asked.value;
}

function addressesOf({ answers }: DnsReply): readonly string[] {
  return answers.flatMap((one) => (one.type === 'A' ? one.address : [])).toSorted();
}
