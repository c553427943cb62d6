// The walk where no resolver leads: the zone is found by its referrals, and what is broken on the way is named.
import { describe, expect, test } from 'vitest';
import { type Respond, reply } from '../../../src/net/dns/test/servers.ts';
import { above, exampleCut, found, kms, kmsCut, resolving, silent, walked } from './delegations.ts';
import { authority, resolver } from './zones.ts';

const refusing: Respond = (asked) => reply(asked, { rcode: 'REFUSED' });
const failing: Respond = (asked) => reply(asked, { rcode: 'SERVFAIL' });

/** A resolver that knows the root, and nothing of `example`. */
const lost =
  (rest: Respond): Respond =>
  (asked) =>
    (asked.name === '.' || asked.name.endsWith('root.test') ? resolving(2) : rest)(asked);
const hints = '. NS a.root.test\na.root.test A 127.0.0.21\nb.root.test A 127.0.0.22\n';

describe('a zone that the resolver cannot name', () => {
  test.each<[string, Respond, Respond, string]>([
    ['that refuse', failing, refusing, 'the server refused the query'],
    ['that are silent, as the resolver is about the name', silent, silent, 'no DNS answer in time'],
    ['that fail', failing, failing, 'it fails to serve the zone (SERVFAIL)'],
  ])('the servers of the zone are named %s', async (_, resolve, serve, words) => {
    const { dns, leaf } = await walked({ resolver: lost(resolve) }, { '127.0.0.11': serve, '127.0.0.12': serve });
    expect(dns.walk).toMatchObject({ state: 'unfinished', at: 'kms.example', because: 'no-answer', found: 'by-walk' });
    expect(found(dns)['name-server-lame']?.join()).toContain(words);
    expect(dns.delegation.map(({ zone }) => zone)).toEqual(['.', 'example', 'kms.example']);
    expect(leaf).toMatchObject({ parent: { zone: 'example', nameservers: kmsCut.names }, problem: null });
    const { 'resolver-failure': resolvers, 'name-server-lame': lame } = found(dns);
    expect(resolvers).toHaveLength(1);
    expect(lame).toEqual([
      expect.stringMatching(
        /^critical: None of the 2 name servers of kms\.example answers for it: ns1\.kms\.example \(127\.0\.0\.11\): .*; ns2\.kms\.example \(127\.0\.0\.12\): /,
      ),
    ]);
  });

  test('one server that still serves it is told from one that does not', async () => {
    const { dns } = await walked({ resolver: lost(failing) }, { '127.0.0.11': refusing });
    expect(dns.walk).toMatchObject({ state: 'complete', at: 'kms.example', because: null, found: 'by-walk' });
    expect(found(dns)['name-server-lame']).toEqual([
      'warning: Name server ns1.kms.example (127.0.0.11) of kms.example does not serve it: the server refused the query.',
    ]);
  });

  test('a resolver that is down altogether, with root hints: the zone is found, asked, and what cannot be compared is not judged', async () => {
    const { dns, leaf } = await walked({ resolver: silent, options: { rootHints: hints } });
    expect(dns.walk).toMatchObject({ state: 'complete', at: 'kms.example', found: 'by-walk' });
    expect(
      leaf?.nameservers.map(({ authoritative, serial, byAddress }) => [
        authoritative,
        serial,
        byAddress[0]?.tcp?.error,
      ]),
    ).toEqual([
      [true, 7, null],
      [true, 7, null],
    ]);
    expect(dns.zoneProblem).toBeNull();
    const worse = Object.entries(found(dns)).filter(([, says]) => !says.every((one) => one.startsWith('notice')));
    expect(worse.map(([id]) => id)).toEqual(['resolver-failure']);
  });

  test('the zone above is the broken one: it is that zone whose servers are named', async () => {
    const { dns } = await walked({ resolver: lost(failing) }, { '127.0.0.31': silent, '127.0.0.32': refusing });
    expect(dns.walk).toMatchObject({ state: 'unfinished', at: 'example', because: 'no-answer' });
    expect(dns.delegation.map(({ zone }) => zone)).toEqual(['.', 'example']);
    expect(found(dns)['name-server-lame']?.[0]).toMatch(/^critical: None of the 2 name servers of example answers/);
  });

  test('servers of the zone above that serve the zone, too: found, and no parent is made up', async () => {
    const both = authority({ zone: 'example', records: [] }, kms);
    const { dns, leaf } = await walked({ resolver: lost(failing) }, { '127.0.0.31': both, '127.0.0.32': both });
    expect(dns.walk).toMatchObject({ state: 'complete', at: 'kms.example' });
    expect(leaf).not.toHaveProperty('parent');
    expect(leaf).toMatchObject({ zone: 'kms.example', servedAbove: { zone: 'example' } });
  });

  test('name servers without any address: nobody is asked, and each is named', async () => {
    const parent = above('example', { child: 'kms.example', names: ['ns1.other.test', 'ns2.other.test'] });
    const nowhere: Respond = (asked) =>
      (asked.name.endsWith('test') ? resolver({ zone: 'test', records: [] }) : failing)(asked);
    const { dns } = await walked({ resolver: lost(nowhere) }, { '127.0.0.31': parent, '127.0.0.32': parent });
    expect(dns.walk).toMatchObject({ because: 'no-addresses', at: 'kms.example', problem: { code: 'nxdomain' } });
    expect(found(dns)['name-server-lame']?.[0]).toMatch(/ns1\.other\.test: .*; ns2\.other\.test: /);
    expect(found(dns)['name-server-domain-gone']).toHaveLength(2);
    expect(found(dns)).not.toHaveProperty('name-server-cycle');
  });

  test('two zones whose name servers are in each other: the ring is told', async () => {
    const root = above('.', exampleCut, { ...exampleCut, child: 'test' });
    const registry: Respond = (asked) =>
      (asked.name.endsWith('test')
        ? above('test', { child: 'other.test', names: ['ns1.kms.example', 'ns2.kms.example'] })
        : above('example', { child: 'kms.example', names: ['ns1.other.test', 'ns2.other.test'] }))(asked);
    const { dns } = await walked(
      { resolver: lost(failing) },
      { '127.0.0.21': root, '127.0.0.22': root, '127.0.0.31': registry, '127.0.0.32': registry },
    );
    expect(dns.walk).toMatchObject({ because: 'no-addresses', at: 'kms.example' });
    expect(dns.walk?.dependencies).toMatchObject([
      { zone: 'kms.example', nameservers: ['ns1.other.test', 'ns2.other.test'], addresses: 0 },
      { zone: 'other.test', nameservers: ['ns1.kms.example', 'ns2.kms.example'], addresses: 0 },
    ]);
    expect(found(dns)['name-server-cycle']).toEqual([
      'critical: No name server of kms.example can be found without asking it first: kms.example is at ns1.other.test and ns2.other.test; other.test is at ns1.kms.example and ns2.kms.example, and no address comes along.',
    ]);
    expect(dns.walk?.queries).toBeLessThanOrEqual(64);
  });
});
