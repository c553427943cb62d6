import { createServer, type Server } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { type Hello, type HelloOffer, type HelloVersion, helloVersions } from '../../../contract/hello.ts';
import type { Endpoint, Starttls } from '../../../model/target.ts';
import type { DnsName, EndpointId, IpAddress } from '../../../model/text.ts';
import { createMeter } from '../../meter.ts';
import { listen, serverIdentity } from '../../sample/test/servers.ts';
import { encodeHello } from '../encode.ts';
import { openHello } from '../exchange.ts';
import { cipherNames12, cipherNames13, groupNamesKnown } from '../registry.ts';
import { alert, FLIGHT_12, record } from './corpus.ts';

function endpointAt(address: string, port: number): Endpoint {
  return {
    ...{ id: `${address}:${port}` as EndpointId, address: address as IpAddress, port, family: 4 },
    ...{ zone: null, zoneSource: null, ttlSeconds: null },
  };
}

async function against<T>(
  server: Server,
  look: (ask: (offer: HelloOffer) => ReturnType<Hello>, meter: ReturnType<typeof createMeter>) => Promise<T>,
  starttls: Starttls | null = null,
): Promise<T> {
  await using listening = await listen(server);
  const at = endpointAt(listening.address, listening.port);
  const meter = createMeter();
  const servername = 'sampled.example' as DnsName;
  const hello = openHello({ servername, starttls, host: servername, timeoutMs: 700, meter });
  return await look((offer) => hello(at, offer, new AbortController().signal), meter);
}

const offer = (highest: HelloVersion, more: Partial<HelloOffer> = {}): HelloOffer => ({
  ...{ highest, ciphers: highest === 'TLSv1.3' ? cipherNames13 : cipherNames12, groups: groupNamesKnown },
  ...more,
});

const tls = (options: TlsOptions): Server => {
  const server = createTlsServer({ ...serverIdentity, ...options });
  server.on('tlsClientError', () => undefined);
  return server;
};

describe('OpenSSL', () => {
  const versions = helloVersions.slice(1) as readonly Exclude<HelloVersion, 'SSLv3'>[];
  test.each(versions)('that speaks %s alone takes that and refuses the others', async (version) => {
    const server = tls({ minVersion: version, maxVersion: version, ciphers: 'DEFAULT:@SECLEVEL=0' });
    const taken = await against(server, (ask) =>
      Promise.all(
        helloVersions.map(async (highest) => {
          const attempt = await ask(offer(highest));
          return attempt.state === 'complete' && attempt.value.kind === 'chosen'
            ? [highest, attempt.value.choice.version]
            : null;
        }),
      ),
    );
    // Offered more, a server of TLS 1.2 or older takes the newest that it has; TLS 1.3 is offered by itself.
    const expected = helloVersions.map((highest) =>
      highest === version || (highest !== 'TLSv1.3' && helloVersions.indexOf(highest) > helloVersions.indexOf(version))
        ? [highest, version]
        : null,
    );
    expect(taken).toEqual(expected);
  });

  test.each(['x25519', 'X25519MLKEM768'])('takes a share of random bytes for %s', async (group) => {
    await against(tls({}), async (ask) => {
      expect(await ask(offer('TLSv1.3', { groups: [group], keyShares: [group] }))).toMatchObject({
        value: { choice: { group, retry: false } },
      });
      expect(await ask(offer('TLSv1.3', { groups: [group] }))).toMatchObject({
        value: { choice: { group, retry: true } },
      });
    });
  });

  test('sends its certificate and what it wants of ours in the clear, and answers ALPN', async () => {
    const server = tls({
      requestCert: true,
      rejectUnauthorized: false,
      ca: serverIdentity.cert,
      ALPNProtocols: ['http/1.1'],
    });
    await against(server, async (ask, meter) => {
      const attempt = await ask(offer('TLSv1.2', { alpn: ['h2', 'http/1.1'] }));
      expect(attempt).toMatchObject({
        state: 'complete',
        value: {
          kind: 'chosen',
          choice: { alpn: 'http/1.1', secureRenegotiation: true, compression: false, whole: true },
        },
      });
      if (attempt.state !== 'complete' || attempt.value.kind !== 'chosen') throw new Error('no choice');
      expect(attempt.value.choice.certificates).toHaveLength(2);
      expect(attempt.value.choice.clientAuthorities?.length).toBeGreaterThan(0);
      expect(meter.read()).toMatchObject({ connections: 1, requests: 0 });
      expect(meter.read().bytesReceived).toBeGreaterThan(500);
      expect(await ask(offer('TLSv1.2', { alpn: ['spdy/1'] }))).toMatchObject({
        value: { kind: 'refused', alert: 120 },
      });
    });
  });

  test('refuses a fallback from a protocol that both know', async () => {
    await against(tls({}), async (ask) => {
      expect(await ask(offer('TLSv1.2', { fallback: true }))).toMatchObject({ value: { kind: 'refused', alert: 86 } });
    });
  });
});

const hostile: readonly (readonly [string, (write: (bytes: Buffer) => void, end: () => void) => void, object])[] = [
  ['is silent', () => undefined, { problem: { code: 'tls-timeout' } }],
  ['hangs up', (_, end) => end(), { problem: { code: 'closed' } }],
  ['speaks HTTP', (write) => write(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')), { problem: { code: 'not-tls' } }],
  [
    'storms with alerts',
    (write) => write(Buffer.concat(Array.from({ length: 900 }, () => alert(1, 112)))),
    { problem: { code: 'tls-protocol' } },
  ],
  [
    'sends records without end',
    (write) => write(Buffer.concat(Array.from({ length: 9_000 }, () => record(22, Buffer.alloc(0))))),
    { problem: { code: 'tls-protocol' } },
  ],
  [
    'cuts its answer',
    (write, end) => {
      write(FLIGHT_12.subarray(0, 300));
      end();
    },
    { problem: { code: 'closed' } },
  ],
  [
    'sends an answer in records of one byte',
    (write) => {
      for (const byte of FLIGHT_12.subarray(5)) write(record(22, Buffer.of(byte)));
    },
    { value: { kind: 'chosen', choice: { version: 'TLSv1.2', whole: true } } },
  ],
];

test.each(hostile)('a server that %s is told as that', async (_, behave, expected) => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () =>
      behave(
        (bytes) => void socket.write(bytes),
        () => void socket.end(),
      ),
    );
  });
  await against(server, async (ask) => {
    expect(await ask(offer('TLSv1.2'))).toMatchObject(expected);
  });
});

test('STARTTLS comes first where the target wants it', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write('220 mail.example ESMTP\r\n');
    socket.on('data', (bytes) => {
      if (bytes[0] === 22) socket.write(FLIGHT_12);
      else if (bytes.toString().startsWith('EHLO')) socket.write('250-mail.example\r\n250 STARTTLS\r\n');
      else socket.write('220 go ahead\r\n');
    });
  });
  await against(
    server,
    async (ask) => expect(await ask(offer('TLSv1.2'))).toMatchObject({ value: { kind: 'chosen' } }),
    'smtp',
  );
});

test('no hello has a length that hangs old balancers', () => {
  for (const highest of helloVersions.slice(1)) {
    for (let count = 1; count < cipherNames12.length; count++) {
      const bytes = encodeHello(offer(highest, { ciphers: cipherNames12.slice(0, count) }), 'kms.example' as DnsName);
      const length = bytes.length - 5;
      expect(length < 256 || length >= 512, `${highest} ${count} ${length}`).toBe(true);
    }
  }
});
