import { expect, test } from 'vitest';
import type { DnsName } from '../../../model/text.ts';
import { createMeter } from '../../meter.ts';
import { openDnsClient } from '../client.ts';
import { optWith } from './corpus.ts';
import { reply, startServer } from './servers.ts';

const bogus = `0006${Buffer.from('RRSIG expired').toString('hex')}`;

test.each([
  ['SERVFAIL', [bogus], 'servfail', 'DNSSEC Bogus: RRSIG expired'],
  ['SERVFAIL', ['0017', bogus], 'servfail', 'Network Error'],
  ['SERVFAIL', [], 'servfail', null],
  ['REFUSED', ['0012'], 'dns-refused', 'Prohibited'],
  ['NOTIMP', [], 'dns-error', 'NOTIMP'],
  ['NOTIMP', ['0015'], 'dns-error', 'NOTIMP; Not Supported'],
  ['SERVFAIL', [`0000${'78'.repeat(400)}`], 'servfail', `Other Error: ${'x'.repeat(187)}…`],
] as const)('a failed lookup carries the server’s own reason: %s %j', async (rcode, errors, code, detail) => {
  const opt = optWith(...errors.map((hex) => [15, hex] as const));
  await using server = await startServer((asked) => reply(asked, { rcode, additionals: [opt] }));
  const client = openDnsClient({
    resolvers: [server.server],
    timeoutMs: 1_000,
    families: [4],
    meter: createMeter(),
  });
  const { problem } = await client.lookup('kms.example' as DnsName, new AbortController().signal);
  expect(problem).toMatchObject({ code, detail });
});
