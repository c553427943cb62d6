import dnsPacket, { type Packet } from 'dns-packet';
import { expect, test } from 'vitest';
import type { DnsName } from '../../../model/text.ts';
import { createMeter } from '../../meter.ts';
import { openDnsClient } from '../client.ts';
import { encodeQuery } from '../message.ts';
import { answerHttps, roots, startHttps, startTls } from './secured-servers.ts';
import { frame, reply, startServer } from './servers.ts';

const PADDING = 12;
const names = [1, 20, 60].map((length) => `${'a'.repeat(length)}.kms.example` as DnsName);
const extras = [{}, { nsid: true }, { dnssec: true, clientSubnet: '192.0.2.0/24' }] as const;
const long = [60, 61, 62, 63].map((length) => 'b'.repeat(length)).join('.');

function optionCodes({ additionals = [] }: Packet): readonly number[] {
  return additionals.flatMap((record) => (record.type === 'OPT' ? record.options.map(({ code }) => code) : []));
}

test.each(names.flatMap((name) => extras.map((extra) => [name, extra] as const)))(
  'a padded question of %s %j is a multiple of 128 octets, with the padding last',
  (name, extra) => {
    const question = { name, type: 'A', recursionDesired: true, ...extra } as const;
    const { bytes } = encodeQuery(question, { edns: true, padded: true });
    expect(bytes.length % 128).toBe(0);
    expect(optionCodes(dnsPacket.decode(bytes)).at(-1)).toBe(PADDING);
  },
);

test('every length is padded to the next multiple, and not to the one after it', () => {
  for (let length = 1; length <= long.length; length++) {
    const name = long.slice(0, length).replace(/\.$/, 'c') as DnsName;
    const question = { name, type: 'A', recursionDesired: true } as const;
    const [plain, padded] = [encodeQuery(question), encodeQuery(question, { edns: true, padded: true })];
    expect(padded.bytes.length % 128).toBe(0);
    expect(padded.bytes.length - plain.bytes.length).toBeLessThan(128 + 4);
  }
});

test('without EDNS there is none', () => {
  const question = { name: 'kms.example' as DnsName, type: 'A', recursionDesired: true } as const;
  expect(encodeQuery(question, { edns: false, padded: true }).bytes.length).toBe(29);
});

test.each([true, false])(
  'questions over TLS and HTTPS are padded when that is %s, those over UDP never',
  async (padding) => {
    await using udp = await startServer((asked) => reply(asked));
    await using tls = await startTls((asked, socket) => socket.write(frame(reply(asked))));
    await using https = await startHttps((asked, response) => answerHttps(response, reply(asked)));
    const resolvers = [udp.server, tls.server, https.server];
    const meter = createMeter();
    const dns = openDnsClient({ resolvers, timeoutMs: 5_000, meter, families: [4], caPem: roots, padding });
    const question = { name: 'kms.example' as DnsName, type: 'A', recursionDesired: true } as const;
    for (const resolver of resolvers) await dns.query(resolver, question, new AbortController().signal);
    await dns.close();
    expect(
      [udp, tls, https].map(({ asked }) => asked.some((one) => optionCodes(one.packet).includes(PADDING))),
    ).toEqual([false, padding, padding]);
  },
);
