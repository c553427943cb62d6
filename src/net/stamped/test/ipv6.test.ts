// A sample over IPv6 on a socket of our own: to a real server on ::1, and to where nothing listens. Never leaves the loopback network.
import { networkInterfaces } from 'node:os';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openLibc } from '../../libc/open.ts';
import { openSampler } from '../../sample/sampler.ts';
import { endpointFor, expectSoundTrace, optionsFor } from '../../sample/test/riding.ts';
import { answering, serverIdentity } from '../../sample/test/servers.ts';

const { libc } = await openLibc();
const hasIpv6 = Object.values(networkInterfaces()).some(
  (all) => all?.some(({ address }) => address === '::1') === true,
);
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

async function sampled(port: number) {
  const where = { address: '::1', port };
  const sampler = await openSampler(optionsFor(where, { clock: 'kernel' }));
  onTestFinished(() => sampler.close());
  return (await sampler.sample({ ...endpointFor(where), family: 6 }, 0, new AbortController().signal)).trace;
}

describe.skipIf(libc === null || !hasIpv6)('over IPv6', () => {
  test('all of a sample is told by the stamps; a port that nobody listens on refuses', async () => {
    const server = createTlsServer(serverIdentity, answering(OK));
    await new Promise<void>((resolve) => server.listen({ host: '::1', port: 0, ipv6Only: true }, resolve));
    const { port } = server.address() as { readonly port: number };
    const trace = await sampled(port);
    expectSoundTrace(trace);
    expect(trace).toMatchObject({ endpoint: `[::1]:${port}`, problem: null, http: { status: 200 } });
    for (const id of ['connect', 'tls', 'wait', 'receive'] as const) expect(trace.spans[id]?.clock, id).toBe('kernel');
    await new Promise((resolve) => server.close(resolve));
    expect((await sampled(port)).problem).toMatchObject({ code: 'refused', step: 'connect' });
  });
});
