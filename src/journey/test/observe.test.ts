import { getEventListeners } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AnyProbe, GatherContext } from '../../contract/probe.ts';
import { parseTarget } from '../../model/target.ts';
import type { DnsName } from '../../model/text.ts';
import { formatServer } from '../../net/dns/server-text.ts';
import { systemResolvers } from '../../net/dns/system.ts';
import { answerHttps, NAME, roots, startHttps, startTls } from '../../net/dns/test/secured-servers.ts';
import { type Asked, frame, reply } from '../../net/dns/test/servers.ts';
import { type ObserveContext, observe } from '../observe.ts';
import type { RideSettings } from '../settings.ts';

const server = createServer((_request, response) => response.end());
let settings: RideSettings;
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  settings = {
    target: parseTarget(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`),
    ...{ samples: 2, rate: 100, timeoutMs: 5000, deadlineMs: 60_000 },
    ...{ resolvers: null, families: [4, 6], connect: [], zones: [], servername: null },
    trust: { caPem: null, source: 'roots of Node.js', insecure: false },
    ...{ identity: null, http: 'negotiated', probes: ['watcher', 'rider'], probeOptions: {} },
    request: { method: 'GET', headers: [], body: null, userAgent: 'observer' },
  };
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

const context: ObserveContext = {
  ...{ id: 'one', startedAtMs: 0, vantage: { name: 'here', zone: null, addresses: [] } },
  signal: new AbortController().signal,
  onProgress: () => undefined,
};

/** A probe that runs beside the ride as `gather` does. */
function watcher(gather: (context: GatherContext<unknown>) => Promise<unknown>): AnyProbe {
  return {
    ...{ id: 'watcher', question: null, title: '', reads: 'lookup', after: [], sends: null },
    defaults: async () => ({ options: {}, policy: {} }),
    gather: async () => gather,
  } as unknown as AnyProbe;
}

/** A probe that reads the samples. */
const rider: AnyProbe = { ...watcher(async () => nothing()), id: 'rider', reads: 'ride' };

const nothing = async () => ({ state: 'complete', value: {}, elapsedMs: 0 });

test('the resolvers of the system are written down by address when they are those used', async () => {
  const { riddenWith } = await observe(settings, [watcher(nothing)], context);
  const used = (await systemResolvers()).map(formatServer);
  expect(riddenWith['resolvers']).toEqual(used);
  expect(used.length).toBeGreaterThan(0);
});

test('endpoints are sampled only for a probe that reads the samples', async () => {
  const alone = await observe(settings, [watcher(nothing)], context);
  expect(alone).toMatchObject({ budget: { connections: 0, requests: 0 }, complete: true });
  expect(alone.endpoints).toHaveLength(1);
  expect(alone.hops).toEqual([]);
  const read = await observe(settings, [watcher(nothing), rider], context);
  expect(read.budget).toMatchObject({ connections: 2, requests: 2 });
});

test('a fault during the ride stops and awaits what runs beside it, and leaves no listener behind', async () => {
  const events: string[] = [];
  const beside = watcher(({ signal }) => {
    events.push('began');
    return new Promise((done) => {
      signal.addEventListener('abort', () => {
        setImmediate(() => {
          events.push('ended');
          done({ state: 'unfinished', value: null, elapsedMs: 0 });
        });
      });
    });
  });
  const onProgress = (): void => {
    throw new Error('a fault');
  };
  await expect(observe(settings, [beside, rider], { ...context, onProgress })).rejects.toThrow('a fault');
  expect(events).toEqual(['began', 'ended']);
  expect(getEventListeners(context.signal, 'abort')).toEqual([]);
});

test('settings that cannot be used are refused before anything begins', async () => {
  const events: string[] = [];
  const beside = watcher(async () => {
    events.push('began');
    return nothing();
  });
  const broken = { ...settings, trust: { ...settings.trust, caPem: ['hello'] } };
  await expect(observe(broken, [beside], context)).rejects.toThrow('certificate');
  expect(events).toEqual([]);
});

test.each<[string, () => unknown, string | null]>([
  ['gives it', () => [{ address: '127.0.0.1', zone: 'az1' }], 'az1'],
  [
    'fails to',
    () => {
      throw new Error('a fault');
    },
    null,
  ],
])(
  'a zone that what runs beside the ride %s is that of endpoints, hops and what is gathered',
  async (_, zones, zone) => {
    const seen: (string | null)[] = [];
    const telling = {
      ...rider,
      beside: async () => nothing,
      zones: async () => zones,
      gather: async () => (given: GatherContext<unknown>) => {
        seen.push(...given.endpoints.map((endpoint) => endpoint.zone));
        return nothing();
      },
    } as unknown as AnyProbe;
    const observed = await observe(settings, [telling], context);
    const source = zone === null ? null : 'reverse-name';
    expect(observed.endpoints.map((one) => [one.zone, one.zoneSource])).toEqual([[zone, source]]);
    expect(new Set(observed.hops.map((hop) => hop.zone))).toEqual(new Set([zone]));
    expect(seen).toEqual([zone]);
  },
);

describe('resolvers over TLS and HTTPS', () => {
  const answers = (asked: Asked) =>
    reply(asked, asked.type === 'A' ? { answers: [{ type: 'A', name: asked.name, data: '127.0.0.1' }] } : {});

  test('keep one connection for the whole journey, and none after it', async () => {
    await using tls = await startTls((asked, socket) => socket.write(frame(answers(asked))));
    await using https = await startHttps((asked, response) => answerHttps(response, answers(asked)));
    const { port } = server.address() as AddressInfo;
    const asking = watcher(async ({ net, target, signal }) => {
      const name = target.host as DnsName;
      for (const one of net.dns.resolvers)
        await net.dns.query(one, { name, type: 'A', recursionDesired: true }, signal);
      return nothing();
    });
    const given = {
      ...{ target: parseTarget(`http://kms.example:${port}/`), samples: 3 },
      ...{ resolvers: [tls.server, https.server], resolverCaPem: roots },
    };
    const observed = await observe({ ...settings, ...given }, [asking, rider], context);
    expect(observed).toMatchObject({
      complete: true,
      riddenWith: { resolvers: [`tls://127.0.0.1#${NAME}:${tls.server.port}`, https.server.url] },
    });
    expect(observed.hops.length).toBeGreaterThan(0);
    // Lookups of three rounds, A and AAAA, and one question of the probe; the second resolver answers the probe alone.
    expect([tls.asked.length, https.asked.length]).toEqual([7, 1]);
    expect([tls.connections.total, https.connections.total]).toEqual([1, 1]);
    await Promise.all([tls.allClosed(), https.allClosed()]);
  });
});
