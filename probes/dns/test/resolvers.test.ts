import { describe, expect, test } from 'vitest';
import type { DnsServer } from '../../../src/contract/net.ts';
import type { GatherContext } from '../../../src/contract/probe.ts';
import { parseTarget } from '../../../src/model/target.ts';
import { type DnsName, dnsName } from '../../../src/model/text.ts';
import { now } from '../../../src/net/clock.ts';
import { openDnsClient } from '../../../src/net/dns/client.ts';
import { answerHttps, NAME, roots, startHttps, startTls } from '../../../src/net/dns/test/secured-servers.ts';
import { type Asked, frame, type Respond, reply, soa, startServer, TC } from '../../../src/net/dns/test/servers.ts';
import { createMeter } from '../../../src/net/meter.ts';
import { askEachResolver } from '../ask-each-resolver.ts';
import type { DnsEvidence } from '../evidence.ts';
import { type DnsOptions, dnsOptionsSchema } from '../options.ts';
import { resolverTable } from '../resolver-table.ts';

const HOST = dnsName('kms.example') as DnsName;
const AD = 0x20;

const answer = (asked: Asked, data = '192.0.2.1', flags = 0) =>
  asked.type === 'A'
    ? reply(asked, { flags, answers: [{ type: 'A', name: HOST, ttl: 41, data }] })
    : reply(asked, { flags, authorities: [soa(HOST)] });

async function askAll(resolvers: readonly DnsServer[], timeoutMs = 2_000) {
  const meter = createMeter();
  const client = openDnsClient({ resolvers, timeoutMs, meter, families: [4, 6], caPem: roots });
  const { signal } = new AbortController();
  const lookup = await client.lookup(HOST, signal);
  const before = meter.read().dnsQueries;
  const context: GatherContext<DnsOptions> = {
    target: parseTarget('kms.example'),
    startedAtMs: 0,
    endpoints: [],
    lookup,
    ride: { traces: [], lookups: [], certificates: new Map() },
    options: dnsOptionsSchema.parse({}),
    earlier: {},
    net: { now, dns: client },
    signal,
  };
  const rows = await askEachResolver(context, HOST, lookup);
  await client.close();
  return { rows, lookup, queries: meter.read().dnsQueries - before };
}

describe.concurrent('each resolver on its own', () => {
  test('how each was asked is written down, and shown where it took more than one go', async () => {
    await using cut = await startServer((asked) => (asked.via === 'udp' ? reply(asked, { flags: TC }) : answer(asked)));
    await using lower = await startServer((asked) =>
      asked.type === 'A'
        ? reply(asked, {
            questions: [{ type: 'A', name: HOST }],
            answers: [{ type: 'A', name: HOST, data: '192.0.2.1' }],
          })
        : answer(asked),
    );
    await using tls = await startTls((asked, socket) => socket.write(frame(answer(asked))));
    const { rows } = await askAll([cut.server, lower.server, tls.server]);
    const udp = { transport: 'udp', sent: 1, edns: true, cookie: true, outcome: 'NOERROR' } as const;
    expect(rows).toMatchObject([
      {
        caseKept: true,
        tries: [
          { type: 'A', ...udp, truncated: true },
          { type: 'A', ...udp, transport: 'tcp', truncated: false },
          { type: 'AAAA', ...udp, truncated: true },
          { type: 'AAAA', ...udp, transport: 'tcp' },
        ],
      },
      { caseKept: false },
      { tries: [{ type: 'A', transport: 'tls', cookie: false }, { type: 'AAAA' }] },
    ]);
    expect(rows.map(({ certificate }) => certificate !== undefined)).toEqual([false, false, true]);
    const [table, tried] = resolverTable({ resolvers: rows } as unknown as DnsEvidence);
    expect(table).toMatchObject({ rows: { length: 3 } });
    const shown = tried?.kind === 'table' ? tried.rows.map((row) => row.map(String).join(' ')) : [];
    expect(shown.slice(0, 2)).toEqual([
      expect.stringMatching(/ A udp 1 EDNS, cookie NOERROR, cut [\d.]+$/),
      expect.stringMatching(/ A tcp 1 EDNS, cookie NOERROR [\d.]+$/),
    ]);
    expect(shown.some((row) => row.includes(`#${tls.server.port}`))).toBe(false);
  });

  test('three transports side by side, and what each of them told', async () => {
    await using udp = await startServer((asked) => answer(asked, '192.0.2.1', AD));
    await using tls = await startTls((asked, socket) => socket.write(frame(answer(asked))));
    await using https = await startHttps((asked, response) => answerHttps(response, answer(asked, '192.0.2.2')));
    const { rows, queries } = await askAll([udp.server, tls.server, https.server]);
    expect(rows).toMatchObject([
      { transport: 'udp', verified: null, addresses: ['192.0.2.1'], authenticated: true, ttlSeconds: 41, error: null },
      { transport: 'tls', verified: 'name', addresses: ['192.0.2.1'], authenticated: false, error: null },
      { transport: 'https', verified: 'address', addresses: ['192.0.2.2'], rcode: 'NOERROR', error: null },
    ]);
    expect(rows.map(({ resolver }) => resolver)).toEqual([
      `127.0.0.1#${udp.server.port}`,
      `tls://127.0.0.1#${NAME}:${tls.server.port}`,
      https.server.url,
    ]);
    expect(queries).toBe(12);
    // RFC 6840 5.7: the bit in the question asks for the bit in the answer.
    const addresses = tls.asked.filter(({ type }) => type === 'A' || type === 'AAAA');
    expect(addresses.map(({ packet }) => packet.flag_ad)).toEqual([true, true]);
    expect([tls.connections.total, https.connections.total]).toEqual([1, 1]);
    await Promise.all([tls.allClosed(), https.allClosed()]);
  });

  const troubled: readonly [string, Respond, object][] = [
    ['refuses', (asked) => reply(asked, { rcode: 'REFUSED' }), { rcode: 'REFUSED', error: 'dns-refused' }],
    ['knows no such name', (asked) => reply(asked, { rcode: 'NXDOMAIN' }), { rcode: 'NXDOMAIN', error: null }],
    ['is silent', () => null, { rcode: null, transport: null, rttMs: null, authenticated: null, error: 'dns-timeout' }],
    [
      'is silent for one family',
      (asked) => (asked.type === 'A' ? answer(asked) : null),
      { rcode: 'NOERROR', addresses: ['192.0.2.1'], error: 'dns-timeout' },
    ],
    [
      'gives an alias without its end',
      (asked) => reply(asked, { answers: [{ type: 'CNAME', name: HOST, data: 'x.example' }] }),
      { rcode: 'NOERROR', addresses: [], aliased: true, ttlSeconds: null, error: null },
    ],
  ];
  test.each(troubled)('one that %s', async (_, respond, expected) => {
    await using good = await startServer((asked) => answer(asked));
    await using bad = await startServer(respond);
    const { rows, lookup } = await askAll([good.server, bad.server], 400);
    expect(rows).toMatchObject([{ error: null, addresses: ['192.0.2.1'] }, expected]);
    expect(lookup).toMatchObject({ resolver: `127.0.0.1#${good.server.port}`, problem: null });
  });

  test('the ride uses the first that answers', async () => {
    await using bad = await startServer((asked) => reply(asked, { rcode: 'SERVFAIL' }));
    await using good = await startServer((asked) => answer(asked));
    const { rows, lookup } = await askAll([bad.server, good.server]);
    expect(lookup).toMatchObject({ resolver: `127.0.0.1#${good.server.port}`, problem: null });
    expect(rows).toMatchObject([{ error: 'servfail' }, { error: null }]);
  });

  test('the only one is not waited for twice', async () => {
    await using silent = await startServer(() => null);
    const { rows, queries } = await askAll([silent.server], 300);
    expect(rows).toMatchObject([{ resolver: `127.0.0.1#${silent.server.port}`, error: 'dns-timeout', rcode: null }]);
    expect(queries).toBe(0);
  });
});
