// Owns the tests of balancers, hosts and listener faults, seen by node:https, node:http2 and bare TCP.
// Never asserts a speed.
import { connect } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { demoScript, type HostScript, healthyScript, withZone, type ZoneFault } from '../script.ts';
import { startWorld, type World } from '../world.ts';
import { fetchHttp2, fetchOne, handshake, listenOn, tlsText } from './clients.ts';

const [ZONE_A, ZONE_B, ZONE_C] = ['127.0.10.1', '127.0.20.1', '127.0.30.1'] as const;

describe('the demo', () => {
  let world: World;
  beforeAll(async () => void (world = await startWorld()));
  afterAll(() => world.close());

  test('az1 keeps a sick host in rotation: every second answer is 503', async () => {
    const seen = [];
    for (let at = 0; at < 4; at++) seen.push(await fetchOne(world, ZONE_A));
    expect(seen.map(({ status, headers }) => [status, headers['x-served-by']])).toEqual([
      [200, 'kms-host-1'],
      [503, 'kms-host-2'],
      [200, 'kms-host-1'],
      [503, 'kms-host-2'],
    ]);
  });

  test('az2 has six days left, the others more than sixty', async () => {
    const days = [];
    for (const address of [ZONE_A, ZONE_B, ZONE_C]) {
      const { peer } = await handshake(world, address);
      days.push(Math.floor((Date.parse(peer.valid_to) - Date.now()) / 86_400_000));
    }
    expect(days).toEqual([78, 6, 63]);
  });

  test('az3 waits for its database, and says so', async () => {
    const { headers } = await fetchOne(world, ZONE_C);
    const database = /db;dur=([\d.]+)/.exec(String(headers['server-timing']))?.[1];
    expect(Number(database)).toBeGreaterThan(40);
    expect(headers).toMatchObject({ via: '1.1 lb-kms-az3', server: 'kms-lb' });
  });

  test('HTTP/2 shows the same layers', async () => {
    expect(await fetchHttp2(world, ZONE_B)).toMatchObject({ ':status': 200, via: '1.1 lb-kms-az2', server: 'kms-lb' });
  });
});

describe('callers of the demo', () => {
  let world: World;
  beforeAll(async () => void (world = await startWorld()));
  afterAll(() => world.close());

  test('callers without a key get 401 with a challenge, and the rate limit counts down', async () => {
    const first = await fetchOne(world, ZONE_B, '/keys');
    const second = await fetchOne(world, ZONE_B, '/healthz');
    expect(first).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer realm="kms"' } });
    expect(second).toMatchObject({ status: 200, headers: { 'ratelimit-limit': '1000' } });
    expect(Number(first.headers['ratelimit-remaining']) - Number(second.headers['ratelimit-remaining'])).toBe(1);
    expect((await fetchOne(world, ZONE_B, '/nowhere')).status).toBe(404);
  });

  test('clients that leave in the middle of a request or of a wait hurt nobody', async () => {
    for (const say of [
      'GET / HTTP/1.1\r\nhost: kms.example\r\n\r\n',
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nhalf',
    ]) {
      const socket = connect({ host: ZONE_C, port: world.port, servername: 'kms.example', ca: world.caPem });
      socket.write(say);
      await new Promise((resolve) => setTimeout(resolve, 20));
      socket.destroy();
    }
    expect((await fetchOne(world, ZONE_C)).status).toBe(200);
  });

  test('five hosts serve three zones', () => {
    expect(demoScript.zones.map((zone) => zone.hosts.length)).toEqual([2, 2, 1]);
  });
});

describe('faults before the handshake', () => {
  let world: World;
  beforeAll(async () => void (world = await startWorld(healthyScript)));
  afterAll(() => world.close());
  afterEach(() => world.fault('kms-az2', 'none'));

  test.each<readonly [ZoneFault, string, RegExp]>([
    ['refuse', 'ECONNREFUSED', /^$/],
    ['reset', 'ECONNRESET', /^$/],
    ['blackhole', 'silence', /^$/],
    ['garbage', 'end', /^.[^]{512}$/],
    ['plain-http', 'silence', /^HTTP\/1\.1 200 OK/],
    ['tls-tarpit', 'silence', /^[^]{3}@[^]{6,9}$/],
  ])('%s ends a bare connection in %s', async (fault, how, bytes) => {
    await world.fault('kms-az2', fault);
    const seen = await listenOn(world, ZONE_B, 'GET / HTTP/1.1\r\nhost: x\r\n\r\n', 250);
    expect(seen.how).toBe(how);
    expect(seen.bytes.toString('latin1')).toMatch(bytes);
    await world.fault('kms-az2', 'none');
    expect((await fetchOne(world, ZONE_B)).status).toBe(200);
  });
});

describe('faults after the handshake', () => {
  let world: World;
  beforeAll(async () => void (world = await startWorld(healthyScript)));
  afterAll(() => world.close());
  afterEach(() => world.fault('kms-az2', 'none'));

  test('close-after-request hangs up without an answer', async () => {
    await world.fault('kms-az2', 'close-after-request');
    await expect(fetchOne(world, ZONE_B)).rejects.toMatchObject({ code: 'ECONNRESET' });
    await expect(fetchHttp2(world, ZONE_B)).rejects.toThrow();
  });

  test('huge-headers are refused by a client with usual limits', async () => {
    await world.fault('kms-az2', 'huge-headers');
    await expect(fetchOne(world, ZONE_B)).rejects.toMatchObject({ code: 'HPE_HEADER_OVERFLOW' });
    await expect(fetchHttp2(world, ZONE_B)).rejects.toThrow();
  });

  test('endless-body never ends', async () => {
    await world.fault('kms-az2', 'endless-body');
    const seen = await fetchOne(world, ZONE_B, '/', { bytes: 3_000_000 });
    expect(seen.whole).toBe(false);
    expect(seen.body.length).toBeGreaterThan(3_000_000);
  });

  test('tarpit promises a megabyte and drips', async () => {
    await world.fault('kms-az2', 'tarpit');
    const seen = await fetchOne(world, ZONE_B, '/', { timeoutMs: 450 });
    expect(seen).toMatchObject({ whole: false, headers: { 'content-length': '1048576' } });
    expect(seen.body.length).toBeGreaterThan(0);
    expect(seen.body.length).toBeLessThan(10);
  });

  test('gzip-bomb is small on the wire and large in memory', async () => {
    await world.fault('kms-az2', 'gzip-bomb');
    const seen = await fetchOne(world, ZONE_B);
    expect(seen).toMatchObject({ whole: true, headers: { 'content-encoding': 'gzip' } });
    expect(seen.body.length).toBeLessThan(1_000_000);
    const member = seen.body.subarray(0, seen.body.length / 512);
    expect(gunzipSync(member)).toHaveLength(1_048_576);
  });

  test('other zones are not touched, and a name that is no zone is said', async () => {
    await world.fault('kms-az2', 'refuse');
    expect((await fetchOne(world, ZONE_A)).status).toBe(200);
    await expect(world.fault('kms-az9', 'none')).rejects.toThrow('kms-az9');
  });
});

describe('hostile hosts', () => {
  const evil: HostScript = {
    name: 'kms-host-1',
    status: 200,
    delayMs: 0,
    headers: [
      ['x-html', '<script>alert(1)</script>'],
      ['x-bidi', 'user\u202egpj.exe'],
      ['x-escape', '\u001b[31mred'],
    ],
    body: '\u001b]0;owned\u0007<img src=x onerror=alert(1)>',
  };

  test('what they send arrives unchanged over HTTP/1.1', async () => {
    const world = await startWorld(withZone(healthyScript, 'kms-az1', { hosts: [evil], alpn: ['http/1.1'] }));
    try {
      const text = await tlsText(world, ZONE_A, 'GET / HTTP/1.1\r\nhost: kms.example\r\n\r\n');
      expect(text).toContain('x-html: <script>alert(1)</script>\r\n');
      expect(text).toContain('x-bidi: user\u202egpj.exe\r\n');
      expect(text).toContain('x-escape: \u001b[31mred\r\n');
      expect(text.endsWith(`\r\n\r\n${evil.body}`)).toBe(true);
    } finally {
      await world.close();
    }
  });

  test('without control characters they pass node itself, as bytes', async () => {
    const tame = { ...evil, headers: evil.headers.slice(0, 2) };
    const world = await startWorld(withZone(healthyScript, 'kms-az1', { hosts: [tame] }));
    try {
      const { headers } = await fetchOne(world, ZONE_A);
      expect(Buffer.from(String(headers['x-bidi']), 'latin1').toString('utf8')).toBe('user\u202egpj.exe');
    } finally {
      await world.close();
    }
  });
});
