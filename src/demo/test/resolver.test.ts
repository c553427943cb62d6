// Owns the tests of the recursive resolver: recursion, cache, aliases, and what it makes of each fault of the authorities.
// Never leaves loopback.
import packet from 'dns-packet';
import { afterEach, expect, test } from 'vitest';
import { type DnsFault, healthyScript, type NameServerScript, type WorldScript } from '../script.ts';
import { startWorld, type World } from '../world.ts';
import { ask, exchange, resolverOf } from './clients.ts';

const NS1 = '127.0.53.1';
const NS2 = '127.0.53.2';

let world: World | null = null;
afterEach(async () => {
  await world?.close();
  world = null;
});
const open = async (change: Partial<WorldScript>): Promise<World> => {
  world = await startWorld({ ...healthyScript, ...change });
  return world;
};
const servers = (
  first: Partial<NameServerScript>,
  second: Partial<NameServerScript> = first,
): Partial<WorldScript> => ({
  nameServers: healthyScript.nameServers.map((server, at) => ({ ...server, ...(at === 0 ? first : second) })),
});
const codeOf = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'OK',
    (error: Error & { code?: string }) => error.code ?? error.message,
  );

test('the resolver recurses: flags, aliases, reverse names, what does not exist', async () => {
  const { resolver } = await open({});
  const question = packet.encode({
    id: 1,
    flags: packet.RECURSION_DESIRED,
    questions: [{ type: 'A', name: 'www.kms.example' }],
  });
  const bytes = await exchange(resolver.address, resolver.port, question);
  const reply = packet.decode(bytes as Buffer);
  expect(reply).toMatchObject({ flag_aa: false, flag_ra: true, flag_rd: true, rcode: 'NOERROR' });
  expect(reply.answers?.map((record) => record.type)).toEqual(['CNAME', 'A', 'A', 'A']);
  const client = resolverOf(world!);
  expect(await client.reverse('127.0.30.1')).toEqual(['zone-c.kms.example']);
  expect(await codeOf(client.resolve6('kms.example'))).toBe('ENODATA');
  expect(await codeOf(client.resolve4('nowhere.kms.example'))).toBe('ENOTFOUND');
  expect(await codeOf(client.resolve4('example.com'))).toBe('ESERVFAIL');
});

test('the resolver caches by TTL, counting down, and asks the authorities again afterwards', async () => {
  const opened = await open({ ttlSeconds: 2 });
  const ttlOf = async () => (await resolverOf(opened).resolve4('kms.example', { ttl: true }))[0]?.ttl;
  expect(await ttlOf()).toBe(2);
  await opened.dnsFault('ns1', 'refuse');
  await opened.dnsFault('ns2', 'refuse');
  await new Promise((resolve) => setTimeout(resolve, 1_050));
  expect(await ttlOf()).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 1_050));
  expect(await codeOf(resolverOf(opened).resolve4('kms.example'))).toBe('ESERVFAIL');
  await opened.dnsFault('ns2', 'none');
  expect(await ttlOf()).toBe(2);
});

test.each<DnsFault>(['silent', 'refuse', 'refused', 'servfail', 'lame', 'garbage'])(
  'the resolver survives one authority that is %s, not two',
  async (fault) => {
    const opened = await open(servers({ fault }, { fault: 'none' }));
    const client = resolverOf(opened);
    for (const name of ['kms.example', 'zone-a.kms.example', 'zone-b.kms.example']) {
      expect(await codeOf(client.resolve4(name))).toBe('OK');
    }
    await opened.dnsFault('ns2', fault);
    expect(await codeOf(client.resolve4('zone-c.kms.example'))).toBe('ESERVFAIL');
  },
);

test('the resolver uses TCP when authorities truncate always', async () => {
  const opened = await open(servers({ fault: 'truncate' }));
  expect((await ask(opened, NS1, 'kms.example', 'A')).flag_tc).toBe(true);
  expect(await resolverOf(opened).resolve4('kms.example')).toHaveLength(3);
});

test('authorities may disagree: serial and addresses', async () => {
  const opened = await open(servers({}, { serial: 7, lacks: ['zone-c'] }));
  const old = await ask(opened, NS2, 'kms.example', 'SOA');
  expect(old.answers?.[0]).toMatchObject({ data: { serial: 7 } });
  expect((await ask(opened, NS1, 'kms.example', 'A')).answers).toHaveLength(3);
  expect((await ask(opened, NS2, 'kms.example', 'A')).answers).toHaveLength(2);
});

test.each([
  [{ loop: 'loop.kms.example' }, 'loop.kms.example', 'ESERVFAIL'],
  [{ gone: 'nowhere.kms.example' }, 'gone.kms.example', 'ENOTFOUND'],
  [{ out: 'example.com' }, 'out.kms.example', 'ESERVFAIL'],
  [{ a: 'b.kms.example', b: 'c.kms.example', c: 'kms.example' }, 'a.kms.example', 'OK'],
])('the resolver follows the aliases %j to %s: %s', async (aliases, name, code) => {
  const opened = await open({ aliases });
  expect(await codeOf(resolverOf(opened).resolve4(name))).toBe(code);
});

test.each([
  ['silent', 'ETIMEOUT'],
  ['refuse', 'ECONNREFUSED'],
  ['refused', 'EREFUSED'],
  ['servfail', 'ESERVFAIL'],
  ['nxdomain', 'ENOTFOUND'],
  ['lame', 'ENODATA'],
  ['garbage', 'EBADRESP'],
  ['truncate', 'OK'],
] as const)('a resolver that is %s itself is seen as %s', async (fault, code) => {
  const opened = await open({ resolver: { ...healthyScript.resolver, fault } });
  expect(await codeOf(resolverOf(opened).resolve4('kms.example'))).toBe(code);
});
