// Owns the tests of reading back who keeps a record: real TXT answers, and what is none of them.
import type { StringAnswer, TxtAnswer } from 'dns-packet';
import { expect, test } from 'vitest';
import { section } from '../section.ts';
import { play } from './scene.ts';
import { a, authority, ns, resolver, type Zone } from './zones.ts';

const HOST = 'www.kms.example';

async function asked(name: string, texts: Readonly<Record<string, string>>, mailRecords = true) {
  const txt = Object.entries(texts).map(
    ([owner, data]): TxtAnswer => ({ type: 'TXT', name: owner, ttl: 60, data: [data] }),
  );
  const zone: Zone = {
    zone: 'kms.example',
    records: [
      ns('kms.example', 'ns1.kms.example'),
      a('ns1.kms.example', '127.0.77.1'),
      a('kms.example', '192.0.2.1'),
      a(HOST, '192.0.2.1'),
      ...(txt as unknown as StringAnswer[]),
    ],
  };
  const { attempt } = await play({
    name,
    resolver: resolver(zone),
    authorities: { '127.0.77.1': authority(zone) },
    options: { mailRecords, policyQueries: 0 },
  });
  if (attempt.state !== 'complete') throw new Error(attempt.state);
  return attempt.value;
}

const mark = (owner: string) =>
  `"heritage=external-dns,external-dns/owner=${owner},external-dns/resource=ingress/shop/web"`;

test.each([
  ['beside an address', `a-${HOST}`],
  ['beside an alias', `cname-${HOST}`],
  ['at the name itself', HOST],
])('the owner and the resource are read %s', async (_, at) => {
  const dns = await asked(HOST, { [at]: mark('prod-eu') });
  expect(dns.externalDns).toEqual([{ name: at, owner: 'prod-eu', resource: 'ingress/shop/web' }]);
  expect(JSON.stringify(section(dns))).toContain('prod-eu');
});

test.each([
  ['v=spf1 -all', []],
  ['xheritage=external-dns,external-dns/owner=prod', []],
  ['heritage=external-dns-like', []],
  ['heritage=external-dns', [{ name: HOST, owner: null, resource: null }]],
])('of %s', async (text, found) => {
  expect((await asked(HOST, { [HOST]: text })).externalDns).toEqual(found);
});

test('at the apex no name of another domain is asked, and without the option nobody is', async () => {
  expect((await asked('kms.example', { 'a-kms.example': mark('x'), 'kms.example': mark('prod') })).externalDns).toEqual(
    [{ name: 'kms.example', owner: 'prod', resource: 'ingress/shop/web' }],
  );
  expect(await asked(HOST, { [HOST]: mark('prod') }, false)).not.toHaveProperty('externalDns');
});
