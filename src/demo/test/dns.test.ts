// Owns the tests of the authorities: data, denial, truncation, garbage.
// Never leaves loopback.
import packet, { type Answer, type OptAnswer } from 'dns-packet';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readQuery } from '../dns/message.ts';
import { healthyScript, type WorldScript } from '../script.ts';
import { startWorld, type World } from '../world.ts';
import { ask, exchange, resolverOf } from './clients.ts';

const NS1 = '127.0.53.1';
const ROOT_SERVER = '127.0.53.101';
const REGISTRY_SERVER = '127.0.53.111';
const opt: OptAnswer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: 1232,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
};

describe('an authority', () => {
  let world: World;
  const service = { name: 'kms.example', priority: 1, target: '.', alpn: ['h2'], port: 80, ipv4Hint: ['127.0.10.1'] };
  const script: WorldScript = {
    ...healthyScript,
    caa: [{ flags: 0, tag: 'issue', value: 'pki.kms.example' }],
    services: [service, { ...service, name: 'old.kms.example', priority: 0, target: 'kms.example' }],
  };
  beforeAll(async () => void (world = await startWorld(script)));
  afterAll(() => world.close());

  test.each([
    ['kms.example', 'A', ['127.0.10.1', '127.0.20.1', '127.0.30.1']],
    ['KMS.Example', 'A', ['127.0.10.1', '127.0.20.1', '127.0.30.1']],
    ['zone-b.kms.example', 'A', ['127.0.20.1']],
    ['kms.example', 'NS', ['ns1.kms.example', 'ns2.kms.example']],
    ['1.20.0.127.in-addr.arpa', 'PTR', ['zone-b.kms.example']],
    ['api.kms.example', 'A', ['lb.kms.example', '127.0.10.1', '127.0.20.1', '127.0.30.1']],
    ['api.kms.example', 'CNAME', ['lb.kms.example']],
    ['kms.example', 'CAA', [{ flags: 0, tag: 'issue', value: 'pki.kms.example', issuerCritical: false }]],
    ['kms.example', 'UNKNOWN_65', [Buffer.from('00010000010003026832000300020050000400047f000a01', 'hex')]],
    [
      'www.kms.example',
      'UNKNOWN_65',
      ['kms.example', Buffer.from('00010000010003026832000300020050000400047f000a01', 'hex')],
    ],
    ['old.kms.example', 'UNKNOWN_65', [Buffer.from('0000036b6d73076578616d706c6500', 'hex')]],
  ])('answers %s %s with authority', async (name, type, data) => {
    const reply = await ask(world, NS1, name, type);
    expect(reply.answers?.map((record) => 'data' in record && record.data)).toEqual(data);
    expect(reply).toMatchObject({ flag_aa: true, flag_ra: false, rcode: 'NOERROR' });
  });

  test.each([
    ['kms.example', 'AAAA', 'NOERROR'],
    ['zone-a.kms.example', 'UNKNOWN_65', 'NOERROR'],
    ['nowhere.kms.example', 'A', 'NXDOMAIN'],
    ['20.0.127.in-addr.arpa', 'PTR', 'NOERROR'],
  ])('says %s %s does not exist: %s with the SOA', async (name, type, rcode) => {
    const reply = await ask(world, NS1, name, type);
    expect(reply).toMatchObject({ flag_aa: true, rcode, answers: [] });
    expect(reply.authorities?.map((record) => record.type)).toEqual(['SOA']);
  });
});

describe('the zones above', () => {
  let world: World;
  beforeAll(async () => void (world = await startWorld(healthyScript)));
  afterAll(() => world.close());

  const told = (records: readonly Answer[] | undefined) =>
    (records ?? []).flatMap((one) =>
      one.type === 'OPT'
        ? []
        : [`${one.name} ${one.type} ${'data' in one && typeof one.data === 'string' ? one.data : ''}`],
    );

  test.each([
    [ROOT_SERVER, 'www.kms.example', 'example', 'a.nic.example', '127.0.53.111'],
    [ROOT_SERVER, '1.20.0.127.in-addr.arpa', '127.in-addr.arpa', 'ns1.kms.example', '127.0.53.1'],
    [REGISTRY_SERVER, 'www.kms.example', 'kms.example', 'ns1.kms.example', '127.0.53.1'],
  ])('%s refers for %s to %s with glue', async (address, name, zone, server, glue) => {
    const reply = await ask(world, address, name, 'A');
    expect(reply).toMatchObject({ flag_aa: false, rcode: 'NOERROR', answers: [] });
    expect(told(reply.authorities)[0]).toBe(`${zone} NS ${server}`);
    expect(told(reply.additionals)[0]).toBe(`${server} A ${glue}`);
  });

  test.each([
    [ROOT_SERVER, '.', 'NS', 'NOERROR', ['. NS a.root.example', '. NS b.root.example']],
    [ROOT_SERVER, 'com', 'A', 'NXDOMAIN', []],
    [REGISTRY_SERVER, 'example', 'NS', 'NOERROR', ['example NS a.nic.example', 'example NS b.nic.example']],
    [REGISTRY_SERVER, 'kms.example', 'DS', 'NOERROR', []],
    [REGISTRY_SERVER, 'nobody.example', 'A', 'NXDOMAIN', []],
  ])('%s answers %s %s with authority: %s', async (address, name, type, rcode, answers) => {
    const reply = await ask(world, address, name, type);
    expect(reply).toMatchObject({ flag_aa: true, rcode });
    expect(told(reply.answers)).toEqual(answers);
  });

  test('refuse names that are not below them', async () => {
    expect(await ask(world, REGISTRY_SERVER, 'kms.test', 'A')).toMatchObject({ rcode: 'REFUSED', flag_aa: false });
  });

  test('are known to the resolver', async () => {
    const { address } = world.resolver;
    expect(told((await ask(world, address, '.', 'NS')).answers)).toHaveLength(2);
    expect(told((await ask(world, address, 'a.root.example', 'A')).answers)).toEqual(['a.root.example A 127.0.53.101']);
  });
});

describe('an authority on the wire', () => {
  let world: World;
  beforeAll(async () => void (world = await startWorld(healthyScript)));
  afterAll(() => world.close());

  test('carries text records of a script as they are', async () => {
    const text = '\u001b[2J<b>\u202e';
    const hostile = await startWorld({ ...healthyScript, texts: [text, 'plain'] });
    try {
      // c-ares hands out one character a byte.
      const texts = (await resolverOf(hostile).resolveTxt('kms.example')).map(([bytes = '']) =>
        Buffer.from(bytes, 'latin1').toString('utf8'),
      );
      expect(texts).toEqual([text, 'plain']);
    } finally {
      await hostile.close();
    }
  });

  test('refuses other zones and zone transfers', async () => {
    expect(await ask(world, NS1, 'kms.example', 'AXFR')).toMatchObject({ rcode: 'REFUSED', answers: [] });
    expect(await ask(world, NS1, 'example.com', 'A')).toMatchObject({ flag_aa: false, rcode: 'REFUSED', answers: [] });
  });

  test('truncates what does not fit and gives all of it over TCP', async () => {
    const small = await ask(world, NS1, 'policy.kms.example', 'TXT');
    const large = await ask(world, NS1, 'policy.kms.example', 'TXT', { additionals: [opt] });
    expect([small.flag_tc, small.answers?.length, small.additionals?.length]).toEqual([true, 0, 0]);
    expect([large.flag_tc, large.answers?.length, large.additionals?.[0]?.type]).toEqual([true, 0, 'OPT']);
    expect((await resolverOf(world).resolveTxt('policy.kms.example'))[0]).toHaveLength(12);
  });

  test('goes on after garbage: FORMERR for a broken question, silence for what is none', async () => {
    const broken = packet.encode({ id: 9, questions: [{ type: 'A', name: 'kms.example' }] }).subarray(0, 20);
    const reply = await exchange(NS1, world.authorityPort, broken);
    expect(Buffer.isBuffer(reply) && (reply[3] ?? 0) & 0xf).toBe(1);
    expect(await exchange(NS1, world.authorityPort, Buffer.from('hello'), 50)).toBeNull();
    expect(await ask(world, NS1, 'kms.example', 'SOA')).toMatchObject({ rcode: 'NOERROR' });
  });
});

test('any mutation of a question is read, refused or ignored, never thrown on', () => {
  const whole = packet.encode({ id: 5, questions: [{ type: 'A', name: 'www.kms.example' }], additionals: [opt] });
  const changes = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
  let read = 0;
  fc.assert(
    fc.property(changes, fc.nat(whole.length), (edits, length) => {
      const message = Buffer.from(whole);
      for (const [at, value] of edits) message[at] = value;
      const query = readQuery(length % 3 === 0 ? message.subarray(0, length) : message);
      if (query !== null && 'question' in query) read += 1;
    }),
    { numRuns: 3_000 },
  );
  expect(read).toBeGreaterThan(100);
});
