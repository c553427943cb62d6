// What a ride keeps when it is stopped while samples and lookups are under way: real servers, a real sampler, no schedule to wait for.
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Hop } from '../../model/latency.ts';
import { type Endpoint, endpointId, parseTarget } from '../../model/target.ts';
import type { DnsName, IpAddress } from '../../model/text.ts';
import type { HopId, RequestTrace } from '../../model/trace.ts';
import { now } from '../../net/clock.ts';
import { openDnsClient } from '../../net/dns/client.ts';
import { reply, startServer as startDns } from '../../net/dns/test/servers.ts';
import { createMeter } from '../../net/meter.ts';
import { openSampler } from '../../net/sample/sampler.ts';
import { hopsOf } from '../hops.ts';
import { LEAST_APART_MS } from '../pace.ts';
import { lookUpOf, type Progress, type RideInput, ride } from '../ride.ts';
import { MAX_ENDPOINTS, MAX_IN_FLIGHT } from '../settings.ts';

const ADDRESS = '127.0.0.71' as IpAddress;
const NAME = 'kms.example' as DnsName;
const PATIENT_MS = 60_000;

interface Held {
  readonly endpoint: Endpoint;
  /** Requests that came. */
  requests(): number;
}

/** Answers the requests that `answers` names by their number, and says nothing to the others. */
async function startHalfHung(answers: (count: number, answer: () => void) => boolean | void): Promise<Held> {
  let requests = 0;
  const server = createServer((_request, response: ServerResponse) => {
    const answer = (): void => void response.end('ok');
    if (answers(requests++, answer) === true) answer();
  });
  onTestFinished(() => stop(server));
  await new Promise<void>((resolve) => server.listen(0, ADDRESS, resolve));
  const { port } = server.address() as AddressInfo;
  const id = endpointId(ADDRESS, port);
  return {
    endpoint: { id, address: ADDRESS, port, family: 4, zone: null, zoneSource: null, ttlSeconds: null },
    requests: () => requests,
  };
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

interface Riding {
  readonly progress: readonly Progress[];
  /** Stops the ride and gives the hops of what it kept. */
  readonly stopped: () => Promise<(id: HopId) => Hop | undefined>;
  /** When it has ended by itself. */
  readonly hops: Promise<readonly Hop[]>;
  readonly traces: Promise<readonly RequestTrace[]>;
}

async function startRide(
  { endpoint, copies = 1 }: Pick<Held, 'endpoint'> & { readonly copies?: number },
  schedule: { readonly samples: number; readonly rate: number },
  lookups: Pick<RideInput, 'first' | 'lookUp'> = { first: null, lookUp: null },
): Promise<Riding> {
  const target = parseTarget(`http://${endpoint.id}/`);
  const originMs = now();
  const sampler = await openSampler({
    ...{ target, servername: null, trust: { caPem: null, insecure: false }, identity: null, http: '1.1', originMs },
    request: { method: 'GET', headers: [], body: null, userAgent: 'ride-test' },
    ...{ timeoutMs: PATIENT_MS, limits: { bodyBytes: 1024, headerBytes: 16_384 }, meter: createMeter() },
  });
  onTestFinished(() => sampler.close());
  const abort = new AbortController();
  const progress: Progress[] = [];
  const running = ride({
    ...{
      endpoints: Array.from({ length: copies }, () => endpoint),
      sampler,
      schedule: { ...schedule, originMs },
      ...lookups,
      signal: abort.signal,
    },
    onProgress: (step) => void progress.push(step),
  });
  return {
    progress,
    hops: running.then((ridden) => hopsOf([endpoint], ridden)),
    traces: running.then(({ traces }) => traces),
    stopped: async () => {
      abort.abort();
      const hops = hopsOf([endpoint], await running);
      for (const { attempts, failures, latencyMs } of hops) {
        expect(attempts).toBe(failures + (latencyMs?.samples.length ?? 0));
      }
      return (id) => hops.find((hop) => hop.id === id);
    },
  };
}

describe('samples under way when the ride is stopped', () => {
  test('are attempts that were cancelled in their step; what they had finished and what the others took is kept', async () => {
    const server = await startHalfHung((count) => count % 2 === 0);
    const { progress, stopped } = await startRide(server, { samples: 6, rate: 200 });
    await vi.waitFor(() => expect([server.requests(), progress.length]).toEqual([6, 3]));
    const hop = await stopped();
    for (const id of ['wait', 'total'] as const) {
      expect(hop(id)).toMatchObject({ attempts: 6, failures: 3, errors: { cancelled: 3 } });
      expect(hop(id)?.cutAfterMs).toBeGreaterThan(0);
    }
    for (const id of ['connect', 'send'] as const) {
      expect(hop(id)).toMatchObject({ attempts: 6, failures: 0, errors: {} });
      expect(hop(id)).not.toHaveProperty('cutAfterMs');
    }
    expect(hop('receive')).toMatchObject({ attempts: 3, failures: 0 });
    expect(progress.at(-1)).toMatchObject({ done: 3, failed: 0 });
  });

  test('are told also where no sample of the endpoint finished', async () => {
    const server = await startHalfHung(() => false);
    const { stopped } = await startRide(server, { samples: 4, rate: 200 });
    await vi.waitFor(() => expect(server.requests()).toBe(4));
    const hop = await stopped();
    expect(hop('connect')).toMatchObject({ attempts: 4, failures: 0 });
    expect(hop('total')).toMatchObject({ attempts: 4, errors: { cancelled: 4 }, latencyMs: null });
  });
});

describe('starts', () => {
  const gapsOf = (traces: readonly RequestTrace[]): readonly number[] =>
    traces.slice(1).map(({ startMs }, at) => startMs - (traces[at]?.startMs ?? 0));

  test('at the bound are left out and counted; no burst makes up for them', async () => {
    const held: (() => void)[] = [];
    const free = Promise.withResolvers<void>();
    const server = await startHalfHung((_count, answer) => {
      held.push(answer);
      void free.promise.then(answer);
    });
    const samples = MAX_IN_FLIGHT * 3;
    const { hops, traces } = await startRide(server, { samples, rate: 5_000 });
    await vi.waitFor(() => expect(held).toHaveLength(MAX_IN_FLIGHT), { timeout: PATIENT_MS });
    // Some are due meanwhile, however busy the machine is: those behind the bound come at 2.5 ms, or at the floor.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(held).toHaveLength(MAX_IN_FLIGHT);
    free.resolve();
    const total = (await hops).find(({ id }) => id === 'total');
    expect(total?.skipped).toBeGreaterThan(0);
    expect(total).toMatchObject({ attempts: samples - (total?.skipped ?? 0), failures: 0 });
    expect(Math.min(...gapsOf(await traces))).toBeGreaterThanOrEqual(LEAST_APART_MS);
  });

  test('are 2 ms apart over all endpoints, and none is left out for it', async () => {
    const server = await startHalfHung(() => true);
    const { hops, traces } = await startRide({ ...server, copies: MAX_ENDPOINTS }, { samples: 2, rate: 10 });
    const begun = await traces;
    const gaps = gapsOf(begun);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(LEAST_APART_MS);
    const skipped = (await hops).reduce((sum, { id, skipped: left = 0 }) => sum + (id === 'total' ? left : 0), 0);
    expect(begun.length + skipped).toBe(2 * MAX_ENDPOINTS);
    // A machine that took this process its second leaves samples out for that, and shows it in the starts.
    if ((begun.at(-1)?.startMs ?? 0) - (begun[0]?.startMs ?? 0) < 1000) expect(skipped).toBe(0);
  });

  test('that a busy loop held up come later, one by one, and say so', async () => {
    const server = await startHalfHung(() => true);
    const { hops, traces } = await startRide(server, { samples: 20, rate: 100 });
    const untilMs = now() + 100;
    while (now() < untilMs);
    expect(Math.min(...gapsOf(await traces))).toBeGreaterThanOrEqual(5);
    const total = (await hops).find(({ id }) => id === 'total');
    expect(total).toMatchObject({ attempts: 20 });
    expect(total?.startedLateMs).toBeGreaterThan(10);
  });
});

test('lookups under way when the ride is stopped are attempts that were cancelled, also with one family answered', async () => {
  // The first lookup is answered in full; from then on AAAA queries are dropped.
  await using dns = await startDns((asked) => {
    if (asked.type === 'AAAA' && asked.count > 2) return null;
    return reply(asked, asked.type === 'A' ? { answers: [{ type: 'A', name: NAME, ttl: 60, data: ADDRESS }] } : {});
  });
  const client = openDnsClient({
    ...{ resolvers: [dns.server], timeoutMs: PATIENT_MS, families: [4, 6], meter: createMeter() },
  });
  const lookUp = lookUpOf(NAME, client);
  const first = await client.lookup(NAME, new AbortController().signal);
  const server = await startHalfHung(() => true);
  const { progress, stopped } = await startRide(server, { samples: 3, rate: 50 }, { first, lookUp });
  await vi.waitFor(() => expect([dns.asked.length, progress.length]).toEqual([6, 3]));
  const hop = await stopped();
  expect(hop('resolve')).toMatchObject({
    ...{ attempts: 3, failures: 2, errors: { cancelled: 2 } },
    latencyMs: { samples: [Math.round(first.durationMs * 1000) / 1000] },
  });
  expect(hop('resolve')?.cutAfterMs).toBeGreaterThan(0);
  expect(hop('total')).toMatchObject({ attempts: 3, failures: 0 });
});
