// Owns the tests of what one sample sends and learns in TLS: SNI, Host, resumption, client certificates, cancelling, secrets.
// Never asserts an absolute time.
import { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { describe, expect, test, vi } from 'vitest';
import { Secret } from '../../../model/secret.ts';
import type { DnsName } from '../../../model/text.ts';
import { createMeter } from '../../meter.ts';
import { fingerprintOf } from '../chain-walk.ts';
import { openSampler } from '../sampler.ts';
import { frame, STATUS_200, speaking, TYPE } from './http2-frames.ts';
import { allClosed, endpointFor, expectSoundTrace, optionsFor, outcomeOf, SHORT_MS, sampleOf } from './riding.ts';
import { answering, clientIdentity, onRequest, sentDer, startTcp, startTls, strangerIdentity } from './servers.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const never = new AbortController().signal;
const sentFingerprints = sentDer.map(fingerprintOf);

describe('names', () => {
  test.for([
    ['the name of the target', 'sampled.example', 'sampled.example'],
    ['another name', 'other.example', 'other.example'],
    ['no name', null, false],
  ] as const)('SNI is %s, while the address is pinned', async ([, servername, expected]) => {
    const seen: unknown[] = [];
    await using server = await startTls((socket) => {
      seen.push(socket.servername);
      onRequest(socket, (head) => {
        seen.push(/^host: (.*)\r$/im.exec(head)?.[1]);
        socket.write(OK);
      });
    });
    const { trace } = await sampleOf(server, { servername: servername as DnsName | null });
    expect(outcomeOf(trace)).toBe('200');
    expect(seen).toEqual([expected, `sampled.example:${server.port}`]);
    expect(trace.tls?.servername).toBe(servername);
    expect(trace.endpoint).toBe(`127.0.0.61:${server.port}`);
  });
});

describe('the chain', () => {
  test('is recorded as sent, with the certificates', async () => {
    await using server = await startTls(answering(OK));
    const { trace, certificates } = await sampleOf(server);
    expect(trace.tls).toMatchObject({
      chainSent: sentFingerprints,
      verifyError: null,
      protocol: 'TLSv1.3',
      alpn: 'http/1.1',
    });
    expect([...certificates.values()].map((der) => Buffer.from(der))).toEqual(sentDer);
  });

  const versions = ['TLSv1.2', 'TLSv1.3'] as const;

  test.for(versions)('is kept when %s fails because a client certificate is demanded', async (version) => {
    const demand = { requestCert: true, rejectUnauthorized: true, minVersion: version, maxVersion: version };
    await using server = await startTls(answering(OK), demand);
    const { trace, certificates } = await sampleOf(server);
    // In TLS 1.3 the server looks at our certificate after the handshake is over for us (RFC 8446 4.6.2 and appendix E.1.2).
    const step = version === 'TLSv1.2' ? ['tls'] : ['send', 'wait'];
    expect(step.map((one) => `tls-alert@${one}`)).toContain(outcomeOf(trace));
    expect(trace.tls).toMatchObject({ protocol: version, chainSent: sentFingerprints, verifyError: null });
    expect([...certificates.keys()]).toEqual(sentFingerprints);
    expectSoundTrace(trace);
    await allClosed(server);
  });

  test.for(versions)('is kept when %s fails, with the verdict that it is not trusted', async (version) => {
    const demand = { requestCert: true, rejectUnauthorized: true, minVersion: version, maxVersion: version };
    await using server = await startTls(answering(OK), demand);
    const { trace } = await sampleOf(server, { trust: { caPem: [strangerIdentity.ca], insecure: false } });
    expect(trace.tls).toMatchObject({ chainSent: sentFingerprints, verifyError: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY' });
  });

  test.for(versions)('%s: our certificate is sent when asked for, its key is not recorded', async (version) => {
    const seen: unknown[] = [];
    const { certificatePem, keyPem } = clientIdentity;
    const ask = { requestCert: true, rejectUnauthorized: false, minVersion: version, maxVersion: version };
    await using server = await startTls((socket) => {
      seen.push(socket.getPeerX509Certificate()?.fingerprint256);
      answering(OK)(socket);
    }, ask);
    const sample = await sampleOf(server, { identity: { certificatePem, key: new Secret('client key', keyPem) } });
    expect(outcomeOf(sample.trace)).toBe('200');
    expect(seen).toEqual([new X509Certificate(certificatePem).fingerprint256]);
    expect(JSON.stringify(sample)).not.toContain(keyPem.split('\n')[1]);
    await allClosed(server);
  });
});

test.for(['TLSv1.2', 'TLSv1.3'] as const)('no %s session is resumed over five samples', async (version) => {
  const reused: boolean[] = [];
  await using server = await startTls(
    (socket: TLSSocket) => {
      reused.push(socket.isSessionReused());
      answering(OK)(socket);
    },
    { minVersion: version, maxVersion: version },
  );
  const sampler = await openSampler(optionsFor(server));
  for (let sequence = 0; sequence < 5; sequence++) {
    const { trace } = await sampler.sample(endpointFor(server), sequence, never);
    expect([outcomeOf(trace), trace.sequence, trace.tls?.chainSent]).toEqual(['200', sequence, sentFingerprints]);
  }
  await sampler.close();
  expect(reused).toEqual([false, false, false, false, false]);
  expect(server.taken()).toBe(5);
  await allClosed(server);
});

interface Stop {
  readonly step: string;
  readonly serve: (reached: () => void) => Promise<Awaited<ReturnType<typeof startTcp>>>;
}

const stops: readonly Stop[] = [
  { step: 'tls', serve: (reached) => startTcp((socket) => void socket.once('data', reached)) },
  { step: 'wait', serve: (reached) => startTls((socket) => onRequest(socket, reached)) },
  {
    step: 'receive',
    serve: (reached) =>
      startTls((socket) =>
        onRequest(socket, () =>
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc', () => setTimeout(reached, 50)),
        ),
      ),
  },
];

describe('stopping', () => {
  test.for(stops)('by the signal within $step ends the sample and its connection', async ({ step, serve }) => {
    const controller = new AbortController();
    await using server = await serve(() => controller.abort());
    // The bound is far beyond the test's own: only the signal can end it.
    const { trace } = await sampleOf(server, { timeoutMs: 600_000 }, controller.signal);
    expect(outcomeOf(trace)).toBe(`cancelled@${step}`);
    expectSoundTrace(trace);
    await allClosed(server);
  });

  test('before it began connects to nobody', async () => {
    await using server = await startTcp(() => undefined);
    const { trace } = await sampleOf(server, {}, AbortSignal.abort());
    expect(outcomeOf(trace)).toBe('cancelled@connect');
    expect(trace.spans).toEqual({});
    expect(server.taken()).toBe(0);
  });

  test.for(stops)('by closing the sampler within $step ends the sample too', async ({ step, serve }) => {
    let close = (): void => undefined;
    await using server = await serve(() => close());
    const sampler = await openSampler(optionsFor(server, { timeoutMs: 600_000 }));
    close = () => void sampler.close();
    const { trace } = await sampler.sample(endpointFor(server), 0, never);
    expect(outcomeOf(trace)).toBe(`cancelled@${step}`);
    await allClosed(server);
  });

  test('of a sampler that was closed before: nobody is connected to', async () => {
    await using server = await startTcp(() => undefined);
    const sampler = await openSampler(optionsFor(server));
    await sampler.close();
    const { trace } = await sampler.sample(endpointFor(server), 0, never);
    expect(outcomeOf(trace)).toBe('cancelled@connect');
    expect(server.taken()).toBe(0);
  });

  test('leaves no listener on any signal, however the sample ended', async () => {
    const added = vi.spyOn(AbortSignal.prototype, 'addEventListener');
    const removed = vi.spyOn(AbortSignal.prototype, 'removeEventListener');
    await using good = await startTls(answering(OK));
    await using dumb = await startTcp((socket: Socket) => void socket.end());
    await using late = await startTls(() => undefined);
    for (const server of [good, dumb, late]) await sampleOf(server, { timeoutMs: SHORT_MS });
    const listeners = (calls: typeof added.mock.calls) => calls.map(([, listener]) => listener);
    expect(added.mock.calls.length).toBeGreaterThan(5);
    expect(listeners(removed.mock.calls)).toEqual(expect.arrayContaining(listeners(added.mock.calls)));
    vi.restoreAllMocks();
  });
});

test('many samples leave no timer, socket or client behind', async () => {
  const held = (): readonly string[] =>
    process
      .getActiveResourcesInfo()
      .filter((kind) => /^(Timeout|TCPSocketWrap|TLSWrap|TTYWrap|HTTP2SESSION)/.test(kind));
  await using good = await startTls(answering(OK));
  await using speaksHttp2 = await startTls(
    speaking((socket, id) => socket.write(frame(TYPE.headers, 5, id, STATUS_200))),
    {
      ALPNProtocols: ['h2'],
    },
  );
  await using dumb = await startTcp((socket: Socket) => void socket.end());
  await using silent = await startTls(() => undefined);
  const before = held().length;
  for (const server of [good, speaksHttp2, dumb, silent]) {
    const sampler = await openSampler(optionsFor(server, { http: 'negotiated', timeoutMs: SHORT_MS }));
    await Promise.all([0, 1, 2, 3].map((sequence) => sampler.sample(endpointFor(server), sequence, never)));
    await sampler.close();
  }
  await vi.waitFor(() => expect(held().length).toBeLessThanOrEqual(before), { timeout: 10_000, interval: 20 });
});

describe('secrets and bounds', () => {
  const CANARY = 'canary-5f1c0b2e';

  test.for(['200', 'echo', 'silent', 'garbage'])(
    'a secret header never shows in the trace of a server that is %s',
    async (kind) => {
      const heads: string[] = [];
      await using server = await startTls((socket) =>
        onRequest(socket, (head) => {
          heads.push(head);
          if (kind === '200') socket.write(OK);
          if (kind === 'garbage') socket.write('garbage\r\n\r\n');
          if (kind === 'echo') socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`);
        }),
      );
      const request = { headers: [['Authorization', new Secret('token', CANARY)]] as const };
      const sample = await sampleOf(server, { timeoutMs: SHORT_MS, request });
      expect(heads[0]).toContain(CANARY);
      expect(JSON.stringify(sample)).not.toContain(CANARY);
    },
  );

  const counted: readonly (readonly [string, string, number])[] = [
    ['nobody listens there', '127.0.0.62', 1],
    // RFC 9293 3.9.2.3, MUST-46: no TCP connects to a group.
    ['the kernel refuses it before a SYN', '224.0.0.1', 0],
  ];
  test.each(counted)(
    'a failed connection is counted when it left this machine: %s',
    async (_, address, connections) => {
      const meter = createMeter();
      await using server = await startTls(answering(OK));
      const { trace } = await sampleOf({ address, port: server.port }, { meter });
      expect(trace.problem?.step).toBe('connect');
      expect(meter.read()).toEqual({ dnsQueries: 0, connections, requests: 0, bytesSent: 0, bytesReceived: 0 });
    },
  );

  test('the meter counts the connection, the request and the bytes of both directions', async () => {
    const meter = createMeter();
    await using server = await startTls(answering(OK));
    await sampleOf(server, { meter });
    const { bytesSent, bytesReceived, ...counts } = meter.read();
    expect(counts).toEqual({ dnsQueries: 0, connections: 1, requests: 1 });
    expect(bytesSent).toBeGreaterThan(200);
    expect(bytesReceived).toBeGreaterThan(sentDer.reduce((sum, der) => sum + der.byteLength, 0));
  });
});
