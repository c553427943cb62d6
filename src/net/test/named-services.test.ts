// Holds the asking of DNS for targets to real servers: what their records come to, and which answers are no answer.
import type { Answer } from 'dns-packet';
import { describe, expect, test } from 'vitest';
import type { DnsName } from '../../model/text.ts';
import { UsageError } from '../../model/usage-error.ts';
import { type Respond, reply, startServer, TC } from '../dns/test/servers.ts';
import { lookUpTargets, type NamedService } from '../named-services.ts';

const NAME = '_https._tcp.kms.example' as DnsName;
const SERVICE = { name: NAME, type: 'SRV', port: null, scheme: null, path: '', caPem: null } as const;
const srv = (target: string, port: number): Answer => ({
  ...{ type: 'SRV', name: NAME, ttl: 5 },
  data: { priority: 0, weight: 1, port, target },
});

async function asked(respond: Respond, given: Partial<NamedService> = {}): Promise<unknown> {
  await using server = await startServer(respond);
  const signal = AbortSignal.timeout(15_000);
  return JSON.parse(await lookUpTargets({ ...SERVICE, resolvers: [server.server], ...given }, signal));
}
const meta = (host: string, port: number) => ({
  __meta_dns_name: NAME,
  __meta_dns_srv_record_target: host,
  __meta_dns_srv_record_port: String(port),
});

test('each record is a target, in an order that does not change, and once', async () => {
  const records = [srv('b.kms.example', 8443), srv('A.kms.example', 443), srv('b.kms.example', 8443)];
  const groups = [
    { targets: ['a.kms.example:443'], labels: meta('a.kms.example', 443) },
    { targets: ['b.kms.example:8443'], labels: meta('b.kms.example', 8443) },
  ];
  for (const answers of [records, records.toReversed()])
    expect(await asked((one) => reply(one, { answers }))).toEqual(groups);
});

test('a scheme and a path make a URL of it', async () => {
  const respond: Respond = (one) => reply(one, { answers: [srv('a.kms.example', 443)] });
  expect(await asked(respond, { scheme: 'https', path: '/health' })).toMatchObject([
    { targets: ['https://a.kms.example:443/health'] },
  ]);
});

test.each([
  ['A', '192.0.2.1', '192.0.2.1:8443'],
  ['AAAA', '2001:db8::1', '[2001:db8::1]:8443'],
] as const)('addresses get the port: %s', async (type, data, target) => {
  const respond: Respond = (one) => reply(one, { answers: [{ type, name: NAME, ttl: 5, data }, srv('x.example', 1)] });
  expect(await asked(respond, { type, port: 8443 })).toEqual([
    { targets: [target], labels: { __meta_dns_name: NAME } },
  ]);
});

test.each<[what: string, respond: Respond]>([
  ['no such name', (one) => reply(one, { rcode: 'NXDOMAIN' })],
  ['nothing of this type', (one) => reply(one)],
  ['no such service', (one) => reply(one, { answers: [srv('.', 0)] })],
  ['a host that is none', (one) => reply(one, { answers: [srv('a b.example', 443), srv('a.example', 0)] })],
])('is an empty list: %s', async (_, respond) => expect(await asked(respond)).toEqual([]));

test('a host that is written as a pointer into the question is read', async () => {
  const pointed: Respond = (one) => {
    const bytes = reply(one, { answers: [] });
    const head = Buffer.from(bytes.subarray(0, 12));
    head.writeUInt16BE(1, 6);
    const question = bytes.subarray(12, 12 + NAME.length + 2 + 4);
    // Owner: the question's name. Data: priority, weight, port, and the name's third label on.
    const labels = NAME.split('.');
    const at = 12 + (labels[0]?.length ?? 0) + 1 + (labels[1]?.length ?? 0) + 1;
    const rdata = Buffer.from([0, 0, 0, 1, 0x01, 0xbb, 1, 0x61, 0xc0, at]);
    const record = Buffer.concat([Buffer.from([0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 5, 0, rdata.length]), rdata]);
    head.writeUInt16BE(0, 10);
    return Buffer.concat([head, question, record]);
  };
  expect(await asked(pointed)).toMatchObject([{ targets: ['a.kms.example:443'] }]);
});

describe('what is no answer', () => {
  test.each<[what: string, respond: Respond, says: string]>([
    ['a failure', (one) => reply(one, { rcode: 'SERVFAIL' }), 'SERVFAIL'],
    ['a refusal', (one) => reply(one, { rcode: 'REFUSED' }), 'refused'],
    ['half of one', (one) => (one.via === 'tcp' ? [] : reply(one, { flags: TC, answers: [srv('a.example', 1)] })), ''],
  ])('%s', async (_, respond, says) => {
    const error: unknown = await asked(respond).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).message).toContain(`${NAME} SRV: `);
    expect((error as UsageError).message).toContain(says);
  });

  test('another resolver may know', async () => {
    await using broken = await startServer((one) => reply(one, { rcode: 'SERVFAIL' }));
    await using works = await startServer((one) => reply(one, { answers: [srv('a.example', 1)] }));
    const resolvers = [broken.server, works.server];
    const text = await lookUpTargets({ ...SERVICE, resolvers }, AbortSignal.timeout(15_000));
    expect(JSON.parse(text)).toMatchObject([{ targets: ['a.example:1'] }]);
  });
});
