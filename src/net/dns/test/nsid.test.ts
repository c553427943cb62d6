import type { Answer } from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DnsQuestion } from '../../../contract/net.ts';
import type { DnsName } from '../../../model/text.ts';
import { createMeter } from '../../meter.ts';
import { openDnsClient } from '../client.ts';
import { nsidIn } from '../nsid.ts';
import { OPT, type Respond, reply, startServer } from './servers.ts';

const question: DnsQuestion = { name: 'kms.example' as DnsName, type: 'SOA', recursionDesired: false };

async function ask(respond: Respond, ...questions: readonly DnsQuestion[]) {
  await using server = await startServer(respond);
  const client = openDnsClient({ resolvers: [server.server], timeoutMs: 500, families: [4], meter: createMeter() });
  const attempts = [];
  for (const each of questions) attempts.push(await client.query(server.server, each, new AbortController().signal));
  const options = server.asked.map(({ packet }) =>
    packet.additionals?.flatMap((record) => (record.type === 'OPT' ? record.options.map(({ code }) => code) : [])),
  );
  return { attempts, options, via: server.asked.map((asked) => asked.via) };
}

describe('which node answers, and over which transport', () => {
  test.each([
    ['gpdns-fra', 'gpdns-fra'],
    ['a\u0000b', '0x610062'],
    ['', null],
  ])('%j is told as %j, and asked for only where wanted', async (data, nsid) => {
    const opt = { ...OPT, options: [{ code: 3, data: Buffer.from(data) } as never] } as Answer;
    const respond: Respond = (asked) => reply(asked, { additionals: [opt] });
    const { attempts, options, via } = await ask(respond, { ...question, nsid: true, transport: 'tcp' }, question);
    expect(attempts[0]).toMatchObject({ state: 'complete', value: { nsid, transport: 'tcp' } });
    expect([options, via]).toEqual([
      // A cookie goes along.
      [[3, 10], [10]],
      ['tcp', 'udp'],
    ]);
  });

  test('a server that chokes on the option is asked again without it', async () => {
    const respond: Respond = (asked) => reply(asked, asked.count === 1 ? { rcode: 'FORMERR' } : {});
    const { attempts, options } = await ask(respond, { ...question, nsid: true });
    expect(attempts).toMatchObject([{ state: 'complete', value: { rcode: 'NOERROR', nsid: null } }]);
    expect(options).toEqual([[3, 10], []]);
  });
});

test('options of any bytes are read or passed over, never thrown on', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => void nsidIn(Buffer.from(bytes))));
  expect(nsidIn(Buffer.from([0, 10, 0, 1, 7, 0, 3, 0, 2, 0x61, 0x62]))).toEqual('ab');
  expect(nsidIn(Buffer.from([0, 3, 0, 9, 0x61]))).toBeNull();
});
