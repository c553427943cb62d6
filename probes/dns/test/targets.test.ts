import { describe, expect, test } from 'vitest';
import { reply } from '../../../src/net/dns/test/servers.ts';
import type { DnsEvidence } from '../evidence.ts';
import { flattening, leadsTo } from '../who.ts';
import { play, type Scene } from './scene.ts';
import { a, aaaa, authority, cname, ns, resolver } from './zones.ts';

const NLB = 'us-east-2b.edge-1234567890abcdef.elb.us-east-2.amazonaws.com';
const own = (...records: readonly ReturnType<typeof a>[]) => ({
  zone: 'kms.example',
  records: [ns('kms.example', 'ns1.kms.example'), a('ns1.kms.example', '127.0.0.21'), ...records],
});

/** A resolver that also knows the names of addresses, by reverse name. */
function scene(zone: ReturnType<typeof own>, names: Readonly<Record<string, string>>, asked: string[]): Scene {
  const answer = resolver(zone, { zone: 'us-east-2.amazonaws.com', records: [a(NLB, '192.31.196.9')] });
  return {
    name: 'kms.example',
    resolver: (question) => {
      if (question.type !== 'PTR') return answer(question);
      asked.push(question.name);
      const data = names[question.name];
      if (data === 'silence') return null;
      return data === undefined
        ? reply(question, { rcode: 'NXDOMAIN' })
        : reply(question, { answers: [{ type: 'PTR', name: question.name, ttl: 60, data }] });
    },
    authorities: { '127.0.0.21': authority(zone) },
  };
}

async function targets(zone: ReturnType<typeof own>, names: Readonly<Record<string, string>> = {}) {
  const asked: string[] = [];
  const { attempt } = await play(scene(zone, names, asked));
  const dns = (attempt as { readonly value: DnsEvidence }).value;
  return { dns, asked, told: dns.targets ?? expect.unreachable('no targets were written') };
}

describe('where the name leads', () => {
  test('a name of the chain tells; then no address is asked for its name', async () => {
    const { dns, asked, told } = await targets(own(cname('kms.example', NLB)));
    expect(told).toMatchObject([{ from: 'chain', name: NLB, region: 'us-east-2', zone: 'us-east-2b', address: null }]);
    expect(asked).toEqual([]);
    expect(leadsTo(dns)).toBe('; its name leads to AWS Network Load Balancer in zone us-east-2b');
  });

  test('else the addresses are asked, only public ones, at most eight', async () => {
    const public10 = Array.from({ length: 10 }, (_, index) => a('kms.example', `192.31.196.${index + 1}`));
    const { told, asked } = await targets(
      own(...public10, a('kms.example', '10.0.0.1'), a('kms.example', '127.0.0.9')),
    );
    expect(told).toEqual([]);
    expect(asked).toHaveLength(8);
    expect(asked.every((name) => name.endsWith('.196.31.192.in-addr.arpa'))).toBe(true);
  });

  test('an apex with the addresses of CloudFront and its TTL is told as copied from there', async () => {
    const { dns } = await targets(own(a('kms.example', '192.31.196.1'), aaaa('kms.example', '2620:4f:8000::1')), {
      '1.196.31.192.in-addr.arpa': 'server-192-31-196-1.ams1.r.cloudfront.net',
      '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.f.4.0.0.0.2.6.2.ip6.arpa': 'kms.example',
    });
    expect(dns.targets).toMatchObject([{ from: 'reverse', product: 'CloudFront', address: '192.31.196.1' }]);
    expect([leadsTo(dns), flattening(dns)?.to ?? null]).toEqual([
      '; its addresses carry names of AWS CloudFront',
      'AWS CloudFront',
    ]);
  });

  test.each([
    ['a machine’s name does not tell what stands on it', 'ec2-192-31-196-1.eu-west-1.compute.amazonaws.com', 60],
    ['another TTL is not an alias record’s', 'server-192-31-196-1.ams1.r.cloudfront.net', 300],
  ])('not copied: %s', async (_, data, ttl) => {
    const { dns } = await targets(own(a('kms.example', '192.31.196.1', ttl)), { '1.196.31.192.in-addr.arpa': data });
    expect([dns.targets?.length, flattening(dns)?.to ?? null]).toEqual([1, null]);
  });

  test.each(['ec2-1-2-3-4.eu-west-1.compute.amazonaws.com.evil.example', 'silence'])(
    'a name that tells nothing is left out: %s',
    async (data) => {
      const { told, dns } = await targets(own(a('kms.example', '192.31.196.1')), { '1.196.31.192.in-addr.arpa': data });
      expect(told).toEqual([]);
      expect([dns.lookup.problem, dns.delegation.at(-1)?.zone]).toEqual([null, 'kms.example']);
    },
  );
});
