// The beginning of a zone transfer against a real server: how much of it is read, and what proves nothing.
import type { Answer } from 'dns-packet';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DnsName } from '../../../model/text.ts';
import { createMeter } from '../../meter.ts';
import { beginTransfer } from '../transfer.ts';
import { AA, type Asked, type Respond, reply, soa, startServer } from './servers.ts';

const zone = 'kms.example' as DnsName;
const hosts = (from: number, count: number): Answer[] =>
  Array.from({ length: count }, (_, n) => ({ type: 'A', name: `h${from + n}.${zone}`, ttl: 60, data: '192.0.2.1' }));

async function begin(respond: Respond, timeoutMs = 500) {
  await using server = await startServer(respond);
  const meter = createMeter();
  const signal = new AbortController().signal;
  const attempt = await beginTransfer({ server: server.server, zone, timeoutMs, meter, signal });
  return { attempt, asked: server.asked, budget: meter.read() };
}

const part = (asked: Asked, answers: Answer[]) => reply(asked, { flags: AA, answers, additionals: [] });

test('a zone that comes whole is counted, its SOA at both ends', async () => {
  const { attempt, asked, budget } = await begin((one) => part(one, [soa(zone), ...hosts(0, 5), soa(zone)]));
  expect(attempt).toMatchObject({ state: 'complete', value: { rcode: 'NOERROR', records: 7 } });
  expect(asked.map(({ name, type, via }) => [name, type, via])).toEqual([[zone, 'AXFR', 'tcp']]);
  expect(budget).toMatchObject({ dnsQueries: 1, connections: 1 });
});

test('of a zone without end no more than the bound is read, a record a message', async () => {
  const endless = (one: Asked) => [
    part(one, [soa(zone)]),
    ...Array.from({ length: 5_000 }, (_, n) => part(one, hosts(n, 1))),
  ];
  const { attempt } = await begin(endless);
  expect(attempt).toMatchObject({ state: 'complete', value: { records: 100 } });
});

test('a server that stops in the middle has given enough', async () => {
  const { attempt } = await begin((one) => part(one, [soa(zone), ...hosts(0, 3)]), 100);
  expect(attempt).toMatchObject({ state: 'complete', value: { records: 4 } });
});

test.each<[string, Respond, object]>([
  [
    'REFUSED',
    (one) => reply(one, { rcode: 'REFUSED' }),
    { state: 'complete', value: { rcode: 'REFUSED', records: 0 } },
  ],
  ['an empty answer', (one) => part(one, []), { state: 'complete', value: { records: 0 } }],
  ['something else than the zone', (one) => part(one, hosts(0, 3)), { state: 'complete', value: { records: 0 } }],
  ['the SOA of another zone', (one) => part(one, [soa('other.example')]), { state: 'complete', value: { records: 0 } }],
  ['silence', () => null, { state: 'failed', problem: { code: 'dns-timeout' } }],
  ['garbage', () => Buffer.from('0102030405', 'hex'), { state: 'failed', problem: { code: 'dns-malformed' } }],
])('%s is no transfer', async (_, respond, expected) => {
  expect((await begin(respond, 200)).attempt).toMatchObject(expected);
});

test('whatever bytes a server sends, it is a result', async () => {
  const noise = fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(noise, async (messages) => {
      const { attempt } = await begin((one) => {
        const id = Buffer.alloc(2);
        id.writeUInt16BE(one.packet.id ?? 0);
        return messages.map((bytes) => Buffer.concat([id, bytes]));
      }, 50);
      expect(['complete', 'failed']).toContain(attempt.state);
    }),
    { numRuns: 60 },
  );
});

test('a signal ends it', async () => {
  await using server = await startServer(() => null);
  const signal = AbortSignal.timeout(30);
  const attempt = await beginTransfer({ server: server.server, zone, timeoutMs: 5_000, meter: createMeter(), signal });
  expect(attempt.state).toBe('unfinished');
});
