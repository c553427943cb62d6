import type { Answer } from 'dns-packet';
import { describe, expect, test } from 'vitest';
import type { DnsTry } from '../../../contract/net.ts';
import type { DnsName } from '../../../model/text.ts';
import { createMeter } from '../../meter.ts';
import { openDnsClient } from '../client.ts';
import { OPT, type Respond, reply, startServer, TC, type Where } from './servers.ts';

const QUESTION = { name: 'kms.example' as DnsName, type: 'A', recursionDesired: true } as const;
const cut: Where['tcp'] = (socket) => socket.destroy();
type Told = Partial<DnsTry>;
const udp = (told: Told): Told => ({ transport: 'udp', sent: 1, edns: true, cookie: true, ...told });

/** RFC 6891 6.1.3: 16, whose upper bits are in the OPT record. */
const BADVERS = { ...OPT, extendedRcode: 1 } as Answer;

const cases: readonly [string, Respond, Where, readonly Told[]][] = [
  ['an answer', (asked) => reply(asked), {}, [udp({ outcome: 'NOERROR', truncated: false })]],
  [
    'an answer that is cut, then whole',
    (asked) => reply(asked, asked.via === 'udp' ? { flags: TC } : {}),
    {},
    [udp({ outcome: 'NOERROR', truncated: true }), { transport: 'tcp', outcome: 'NOERROR', truncated: false }],
  ],
  [
    'an answer that is cut, and no TCP',
    (asked) => reply(asked, { flags: TC }),
    { tcp: cut },
    [udp({ truncated: true }), { transport: 'tcp', outcome: 'dns-unreachable' }],
  ],
  [
    'a server without EDNS',
    (asked) => reply(asked, asked.packet.additionals?.length ? { rcode: 'FORMERR', additionals: [] } : {}),
    {},
    [udp({ outcome: 'FORMERR' }), udp({ outcome: 'NOERROR', edns: false, cookie: false })],
  ],
  [
    'a server that knows no version of EDNS',
    (asked) => reply(asked, asked.packet.additionals?.length ? { additionals: [BADVERS] } : {}),
    {},
    [udp({ outcome: 'BADVERS' }), udp({ outcome: 'NOERROR', edns: false, cookie: false })],
  ],
  [
    'a server that chokes on the cookie',
    (asked) => reply(asked, asked.count === 1 ? { rcode: 'FORMERR' } : {}),
    {},
    [udp({ outcome: 'FORMERR' }), udp({ outcome: 'NOERROR', cookie: false })],
  ],
  ['silence', () => null, {}, [udp({ outcome: 'dns-timeout', sent: 3 })]],
  [
    'one lost datagram',
    (asked) => (asked.count === 1 ? null : reply(asked)),
    {},
    [udp({ outcome: 'NOERROR', sent: 2 })],
  ],
];

describe.concurrent('every go at a server is written down', () => {
  test.each(cases)('%s', async (_, respond, where, tries) => {
    await using server = await startServer(respond, where);
    const meter = createMeter();
    const dns = openDnsClient({ resolvers: [server.server], timeoutMs: 600, meter, families: [4] });
    const asked = await dns.query(server.server, QUESTION, new AbortController().signal);
    expect(asked.tries).toMatchObject(tries);
    expect(asked.tries).toHaveLength(tries.length);
    const sent = (asked.tries ?? []).reduce((sum, one) => sum + one.sent, 0);
    expect(meter.read().dnsQueries).toBe(sent);
  });
});
