import { connect, createServer, type Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { createAuthority } from '../../../src/demo/pki/authority.ts';
import { issue } from '../../../src/demo/pki/certificate.ts';
import { rsaKeys } from '../../../src/demo/pki/keys.ts';
import { type Endpoint, parseTarget } from '../../../src/model/target.ts';
import type { DnsName, EndpointId, IpAddress } from '../../../src/model/text.ts';
import { openHello } from '../../../src/net/hello/exchange.ts';
import { alert, record } from '../../../src/net/hello/test/corpus.ts';
import { createMeter } from '../../../src/net/meter.ts';
import { listen, serverIdentity, startTcp, startTls, type TestServer } from '../../../src/net/sample/test/servers.ts';
import { casesIn, outcomesOf } from '../../../test/support/checks.ts';
import { contextOf } from '../../../test/support/traces.ts';
import { type PostureEndpoint, postureSchema, type Thorough } from '../evidence-posture.ts';
import { type Surveyed, survey } from '../posture/survey.ts';
import { tls } from '../probe.ts';
import { postureBlocks } from '../section-posture.ts';

async function rsaIdentity() {
  const { intermediate } = createAuthority('Posture Test', Date.now());
  const subject = { commonName: 'sampled.example', ...(await rsaKeys()) };
  const dates = { notBefore: Date.now() - 1000, notAfter: Date.now() + 86_400_000 };
  const { pem } = issue({ subject, issuer: intermediate, ...dates, names: ['sampled.example'] });
  return { cert: pem, key: subject.privateKey.export({ type: 'pkcs8', format: 'pem' }) };
}

function relay(socket: Socket, port: number, address: string, first: Buffer): void {
  const below = connect({ host: address, port });
  below.on('error', () => socket.destroy());
  below.write(first);
  socket.pipe(below).pipe(socket);
}

function endpointOf({ address, port }: Pick<TestServer, 'address' | 'port'>): Endpoint {
  return {
    ...{ id: `${address}:${port}` as EndpointId, address: address as IpAddress, port, family: 4 },
    ...{ zone: null, zoneSource: null, ttlSeconds: null },
  };
}

/** Surveys real servers; `hellos` is what each took. */
async function surveyOf(
  servers: readonly Pick<TestServer, 'address' | 'port'>[],
  signal = new AbortController().signal,
) {
  const meter = createMeter();
  const servername = 'sampled.example' as DnsName;
  const hello = openHello({ servername, starttls: null, host: servername, timeoutMs: 400, meter });
  const net = { now: () => performance.now(), dns: undefined as never, hello };
  const attempt = await survey(
    contextOf({ survey: true, handshakes: true, revocation: false }, servers.map(endpointOf), [], { net, signal }),
  );
  if (attempt.state !== 'complete') throw new Error(attempt.state);
  const { posture } = attempt.value as unknown as Surveyed;
  return { posture: postureSchema.parse(posture), connections: meter.read().connections };
}

async function surveyOfOne(options: TlsOptions): Promise<PostureEndpoint> {
  await using server = await startTls(() => undefined, options);
  const { posture } = await surveyOf([server]);
  const [one] = posture.byEndpoint;
  if (one === undefined) throw new Error('nothing was asked');
  return one;
}

const offeredIn = ({ protocols }: PostureEndpoint): readonly string[] =>
  protocols.flatMap(({ protocol, offered }) => (offered === true ? [protocol] : []));

describe('an OpenSSL server', () => {
  const level0 = 'DEFAULT:@SECLEVEL=0';
  const ranges: readonly (readonly [string, TlsOptions, readonly string[]])[] = [
    ['of all protocols', { minVersion: 'TLSv1', ciphers: level0 }, ['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1']],
    ['of TLS 1.0 alone', { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: level0 }, ['TLSv1']],
    ['of TLS 1.1 alone', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: level0 }, ['TLSv1.1']],
    ['of TLS 1.1 and 1.2', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.2', ciphers: level0 }, ['TLSv1.2', 'TLSv1.1']],
    ['of TLS 1.2 alone', { maxVersion: 'TLSv1.2' }, ['TLSv1.2']],
    ['of TLS 1.3 alone', { minVersion: 'TLSv1.3' }, ['TLSv1.3']],
  ];
  test.each(ranges)('%s', async (_, options, expected) => {
    const one = await surveyOfOne(options);
    expect(offeredIn(one)).toEqual(expected);
    expect(one.protocols.map(({ offered }) => offered)).not.toContain(null);
    expect(one.cutShort).toBeNull();
  });

  const lists: readonly (readonly [string, TlsOptions, Partial<Thorough['ciphers'][number]>])[] = [
    [
      'in its own order',
      {
        ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256',
        honorCipherOrder: true,
      },
      {
        names: [
          'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
          'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
          'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
        ],
        order: 'server',
      },
    ],
    [
      'in the order of the client',
      { ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256', honorCipherOrder: false },
      {
        names: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'],
        order: 'client',
      },
    ],
    [
      'of which it has one',
      { ciphers: 'ECDHE-ECDSA-AES128-SHA' },
      { names: ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA'], order: null },
    ],
  ];
  test.each(lists)('names its ciphers %s', async (_, options, expected) => {
    const { thorough } = await surveyOfOne({ ...options, maxVersion: 'TLSv1.2' });
    expect(thorough?.ciphers).toEqual([{ protocol: 'TLSv1.2', complete: true, ...expected }]);
  });

  test.each([
    ['X25519MLKEM768:X25519:P-256', ['X25519MLKEM768', 'x25519', 'secp256r1'], true],
    ['P-384:P-256', ['secp384r1', 'secp256r1'], false],
    ['X25519', ['x25519'], false],
  ])('names its groups %s', async (ecdhCurve, names, postQuantum) => {
    const { thorough } = await surveyOfOne({ ecdhCurve, minVersion: 'TLSv1.3' });
    expect(thorough).toMatchObject({ groups: { names, complete: true }, postQuantum });
  });

  test('takes ciphers that nobody should take', async () => {
    const one = await surveyOfOne({ ciphers: 'NULL:ALL:@SECLEVEL=0', maxVersion: 'TLSv1.2' });
    expect(one.weakCipher).toMatchObject({ offered: true, cipher: expect.stringMatching(/NULL|anon/) as string });
  });

  test.each([
    ['DHE-RSA-AES128-SHA', 2048],
    // Above it comes a list that is too long to be asked to its end.
    ['ALL:!aNULL:@SECLEVEL=0', 2048],
    // Without a key to measure by, OpenSSL takes 1024 bits for a cipher of 128.
    ['ADH-AES128-SHA:AES128-SHA:@SECLEVEL=0', 1024],
    ['ECDHE-RSA-AES128-SHA:AES128-SHA', null],
  ])('of the ciphers %s shows the size of its prime', async (ciphers, dhBits) => {
    const options = { ...(await rsaIdentity()), ciphers, maxVersion: 'TLSv1.2', dhparam: 'auto' } as const;
    const one = await surveyOfOne(options);
    expect(one.thorough?.dhBits).toBe(dhBits);
    expect(one.thorough?.keyTypes[0]).toMatchObject({ keyType: 'rsa', served: true });
  });

  test('says in the clear what it wants and knows, and refuses a fallback', async () => {
    const one = await surveyOfOne({ requestCert: true, rejectUnauthorized: false, ca: serverIdentity.cert });
    expect(one.traits).toMatchObject({
      ...{ protocol: 'TLSv1.2', secureRenegotiation: true, extendedMasterSecret: true, clientCertificateWanted: true },
    });
    expect(one.traits?.clientAuthorities.length).toBeGreaterThan(0);
    expect(one.thorough).toMatchObject({
      ...{ compression: false, fallbackRefused: true },
      alpn: [
        { name: 'h2', accepted: false },
        { name: 'http/1.1', accepted: true },
      ],
      keyTypes: [
        { keyType: 'rsa', served: false },
        { keyType: 'ecdsa', served: true },
      ],
    });
  });

  test('of TLS 1.3 alone shows its key type by what it can sign with', async () => {
    const { thorough, traits } = await surveyOfOne({ minVersion: 'TLSv1.3' });
    expect(traits).toBeNull();
    expect(thorough?.keyTypes).toMatchObject([
      { keyType: 'rsa', served: false },
      { keyType: 'ecdsa', served: true },
    ]);
  });

  test('that knows other names of ALPN alone is asked without', async () => {
    const one = await surveyOfOne({ ALPNProtocols: ['imap'] });
    expect(offeredIn(one)).toEqual(['TLSv1.3', 'TLSv1.2']);
    expect(one.thorough?.alpn).toMatchObject([{ accepted: false }, { accepted: false }]);
  });
});

describe('the number of hellos', () => {
  test('is at most 40 to one endpoint, and each is a connection that is counted', async () => {
    await using server = await startTls(() => undefined, {
      ciphers: 'ALL:@SECLEVEL=0',
      minVersion: 'TLSv1',
      dhparam: 'auto',
    });
    const { posture, connections } = await surveyOf([server]);
    const [one] = posture.byEndpoint;
    expect(one?.hellos).toBeGreaterThan(30);
    expect(one?.hellos).toBeLessThanOrEqual(40);
    expect([connections, server.taken()]).toEqual([one?.hellos, one?.hellos]);
  });

  test.each([
    [4, 5, 0],
    [10, 2, 0],
    [30, 1, 10],
  ])('of %i endpoints is bounded together: %i to each other one, %i left out', async (count, few, leftOut) => {
    await using server = await startTls(() => undefined, {});
    const servers = Array.from({ length: count + (leftOut > 0 ? 1 : 0) }, () => server);
    const { posture, connections } = await surveyOf(servers);
    expect(posture.endpointsLeftOut).toBe(leftOut);
    expect(connections).toBeLessThanOrEqual(60);
    expect(posture.byEndpoint.slice(1).map(({ hellos }) => hellos)).toEqual(posture.byEndpoint.slice(1).map(() => few));
  });

  test('ends with the time', async () => {
    await using server = await startTls(() => undefined, {});
    const { posture } = await surveyOf([server], AbortSignal.timeout(40));
    expect(posture.byEndpoint[0]).toMatchObject({ cutShort: 'the time was over' });
  });
});

describe('a server that', () => {
  test('resets every hello is left alone after three, and nothing is said of it', async () => {
    await using server = await startTcp((socket) => socket.once('data', () => socket.resetAndDestroy()));
    const { posture } = await surveyOf([server]);
    expect(server.taken()).toBe(3);
    expect(posture.byEndpoint[0]).toMatchObject({
      hellos: 3,
      cutShort: '3 hellos in a row were cut off',
      thorough: null,
    });
    expect(posture.byEndpoint[0]?.protocols.every(({ offered }) => offered === null)).toBe(true);
  });

  test('is silent is left alone after three', async () => {
    await using server = await startTcp(() => undefined);
    const { posture } = await surveyOf([server]);
    expect(posture.byEndpoint[0]).toMatchObject({ hellos: 3, thorough: null });
  });

  test('speaks something else is asked once', async () => {
    await using server = await startTcp((socket) => socket.write('SSH-2.0-x\r\n'));
    const { posture } = await surveyOf([server]);
    expect(posture.byEndpoint[0]).toMatchObject({ hellos: 1, cutShort: 'the endpoint does not speak TLS' });
  });

  test('does not listen is asked once, and the next is asked everything', async () => {
    await using server = await startTls(() => undefined, {});
    const closed = await listen(createServer());
    await closed[Symbol.asyncDispose]();
    const { posture } = await surveyOf([closed, server]);
    expect(posture.byEndpoint[0]).toMatchObject({ hellos: 1, cutShort: 'the endpoint was not reached' });
    expect(posture.byEndpoint[1]?.thorough).not.toBeNull();
  });

  test('drops what is old without a word refuses it', async () => {
    await using inner = await startTls(() => undefined, {});
    await using server = await startTcp((socket) => {
      socket.once('data', (hello: Buffer) => {
        // The version within the hello, behind the heads of record and message.
        if (hello.readUInt16BE(9) < 0x0303) socket.resetAndDestroy();
        else relay(socket, inner.port, inner.address, hello);
      });
    });
    const { posture } = await surveyOf([server]);
    expect(posture.byEndpoint[0]?.protocols.map(({ offered }) => offered)).toEqual([true, true, false, false, false]);
  });

  test('knows SSL 3.0 alone is told as that', async () => {
    const hello = Buffer.from(`020000260300${'07'.repeat(32)}00000a00`, 'hex');
    await using server = await startTcp((socket) => {
      socket.once('data', (bytes: Buffer) => {
        const isOld = bytes.readUInt16BE(9) === 0x0300;
        socket.end(isOld ? record(22, Buffer.concat([hello, Buffer.from([14, 0, 0, 0])]), 0x0300) : alert(2, 70));
      });
    });
    const { posture } = await surveyOf([server]);
    expect(posture.byEndpoint.map(offeredIn)).toEqual([['SSLv3']]);
    const healthy = casesIn(new URL('./cases/', import.meta.url)).find(({ name }) => name === 'no-handshake.json');
    if (healthy === undefined) throw new Error('no such case');
    const evidence = { ...(healthy.evidence as object), posture };
    const { outcomes, sentences } = await outcomesOf(tls, { ...healthy, evidence });
    expect(outcomes['old-protocol']).toEqual([`critical ${posture.byEndpoint[0]?.endpoint ?? ''}`]);
    expect(sentences).toContain('The server takes nothing newer than SSL 3.0.');
  });

  test('chooses what was not offered does not keep us', async () => {
    const hello = Buffer.from(`020000260303${'07'.repeat(32)}00c02b00`, 'hex');
    await using server = await startTcp((socket) => {
      socket.once('data', () => socket.end(Buffer.concat([record(22, hello), alert(2, 80)])));
    });
    const { posture } = await surveyOf([server]);
    expect(posture.byEndpoint[0]?.hellos).toBeLessThanOrEqual(40);
    expect(posture.byEndpoint[0]?.thorough?.ciphers).toMatchObject([{ complete: false }]);
  });
});

test('each sentence says what was seen', async () => {
  const cases = casesIn(new URL('./cases/', import.meta.url)).filter(({ name }) => name.startsWith('posture-'));
  const sentences = (await Promise.all(cases.map((each) => outcomesOf(tls, each)))).flatMap((one) => one.sentences);
  expect([...new Set(sentences)].toSorted()).toMatchInlineSnapshot(`
    [
      "192.0.2.1:443 takes no hybrid group with ML-KEM (X25519MLKEM768).",
      "All of the 2 cipher suites that the server takes exchange keys by static RSA.",
      "In TLS 1.2 the server does not answer renegotiation_info.",
      "None of 3 endpoints offers TLS 1.3.",
      "The server asks for a client certificate issued by CN=Corp\\x1b CA, CN=B, CN=C and 1 more.",
      "The server asks for a client certificate, and names no authority.",
      "The server exchanges keys (DHE) with a prime of 1024 bits.",
      "The server exchanges keys (DHE) with a prime of 512 bits.",
      "The server still takes SSL 3.0, TLS 1.0 and TLS 1.1, beside TLS 1.2 and TLS 1.3.",
      "The server still takes TLS 1.0 and TLS 1.1, beside TLS 1.2 and TLS 1.3.",
      "The server takes TLS_RSA_EXPORT_WITH_RC4_40_MD5.",
      "The server takes TLS_RSA_WITH_3DES_EDE_CBC_SHA and TLS_RSA_WITH_RC4_128_SHA.",
      "The server takes TLS_RSA_WITH_RC4_128_SHA.",
      "The server takes nothing newer than SSL 3.0.",
      "The server takes up compression (DEFLATE) when it is offered.",
      "Unlike 192.0.2.1:443, it chooses TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 (not TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256) in TLS 1.2.",
      "Unlike 192.0.2.1:443, it chooses x25519 (not X25519MLKEM768) in TLS 1.3.",
      "Unlike most endpoints, it refuses TLS 1.3, refuses TLS 1.2, takes SSL 3.0 and does not know secure renegotiation.",
      "Unlike most endpoints, it takes TLS 1.1 and takes TLS 1.0.",
      "Unlike most endpoints, it takes TLS 1.3.",
      "Unlike most endpoints, it takes weak ciphers (TLS_RSA_EXPORT_WITH_RC4_40_MD5).",
    ]
  `);
});

test('the tables fit 80 columns', () => {
  const healthy = casesIn(new URL('./cases/', import.meta.url)).find(({ name }) => name === 'healthy.json');
  const { posture } = (healthy?.evidence ?? {}) as { readonly posture?: unknown };
  const [protocols, ciphers, facts] = postureBlocks(postureSchema.parse(posture));
  expect([protocols?.kind, ciphers?.kind, facts?.kind]).toEqual(['table', 'table', 'facts']);
  for (const block of [protocols, ciphers]) {
    if (block?.kind !== 'table') throw new Error('no table');
    const widths = block.columns.map((column, at) =>
      Math.max(column.length, ...block.rows.map((row) => JSON.stringify(row[at] ?? '-').length)),
    );
    expect(widths.reduce((sum, width) => sum + width + 2, 0)).toBeLessThanOrEqual(80);
  }
});

test.each([
  ['https://kms.example', undefined, true],
  ['https://kms.example', { survey: true }, true],
  ['https://kms.example', { survey: false }, false],
  ['http://kms.example', undefined, false],
])('the plan for %s with %j tells the survey when there is one', (url, options, told) => {
  const { sends } = tls;
  const said = typeof sends === 'function' ? (sends({ target: parseTarget(url), options }) ?? '') : (sends ?? '');
  expect(said.includes('hellos that finish no handshake')).toBe(told);
});
