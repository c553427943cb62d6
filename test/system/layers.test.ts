// Layers, retries, time-outs and breakers of real proxies: HAProxy (with the header fields of Envoy), nginx and Varnish before hosts of
// this process, some of which do not answer.
import { createServer, type RequestListener, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LayersEvidence } from '../../probes/layers/evidence.ts';
import { freePort, portOf } from './rig/ports.ts';
import { type Ridden, ride } from './rig/probe.ts';
import { evidenceOf, findingsOf } from './rig/reading.ts';
import { HERE, openRig, type Rig } from './rig/rig.ts';
import { requireTools } from './rig/tools.ts';
import { at, type Listen, startHaproxy, startNginx, startVarnish } from './rig/web.ts';

const FRONTS = [
  'chain',
  'varnish',
  'nginx retries',
  'haproxy retries',
  'gives up',
  'breaker',
  'plain',
  'work',
] as const;
type Front = (typeof FRONTS)[number];
/** How long a host that answers thinks. */
const THINK_MS = 30;
/** After which proxies give a host up. */
const TIME_OUT_MS = 1000;
/** The same before the breaker: shorter, so that several run out one after the other. */
const BREAKER_MS = 400;
/** How long the host behind it does not answer; then the server is still taken out. */
const DEAF_MS = 1800;
/** How long work takes that goes on after its answer. */
const WORK_MS = 2000;
/** A busy machine is late. */
const LATE_MS = 200;

describe.skipIf(!requireTools(['haproxy', 'nginx', 'varnishd', 'bash', 'setpriv']))('layers', () => {
  let rig: Rig;
  let port = 0;
  let servers: readonly Server[] = [];
  const listen = (front: Front): Listen => ({ address: `127.0.71.${10 + FRONTS.indexOf(front)}`, port });

  beforeAll(async () => {
    rig = await openRig();
    port = await freePort(FRONTS.map((front) => listen(front).address));
    let firstMs: number | null = null;
    const recovering: RequestListener = (request, response) => {
      firstMs ??= performance.now();
      if (performance.now() - firstMs > DEAF_MS) answer(request, response);
    };
    const deaf: RequestListener = () => undefined;
    servers = await Promise.all([answer, answer, answer, deaf, recovering, worker()].map(startHost));
    const hosts = servers.map((server) => `127.0.0.1:${portOf(server)}`);
    await Promise.all([
      startHaproxy(rig, HERE, 'haproxy', listen('chain'), haproxy(listen, hosts)),
      startNginx(rig, HERE, 'nginx', listen('nginx retries'), nginx(listen('nginx retries'), hosts)),
      startVarnish(
        rig,
        HERE,
        'varnish',
        [listen('varnish')],
        `backend b { .host = "127.0.0.1"; .port = "${hosts[0]?.split(':')[1] ?? ''}"; } sub vcl_recv { return (pass); }`,
      ),
    ]);
  }, 60_000);
  afterAll(async () => {
    await rig.close();
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
  });

  const rideTo = (front: Front, samples: number, rate: number, only = 'layers'): Promise<Ridden> =>
    ride([`http://${at(listen(front))}`, '-n', `${samples}`, '--rate', `${rate}`, '--only', only]);
  const seenIn = ({ journey }: Ridden) => {
    const { byEndpoint, ...rest } = evidenceOf<LayersEvidence>(journey, 'layers');
    const [own] = byEndpoint;
    if (own === undefined) throw new Error('no endpoint');
    return { ...rest, ...own };
  };
  const found = ({ journey }: Ridden): readonly string[] =>
    journey.findings.filter(({ probe }) => probe === 'layers').map(({ id }) => id);

  it('divides the wait behind HAProxy, Varnish and the application, and finds nothing wrong', async () => {
    const ridden = await rideTo('chain', 12, 20);
    const { chain, stack = [], cache, marks } = seenIn(ridden);
    expect(chain.map(({ name, kind, confidence }) => [name, kind, confidence])).toEqual([
      [expect.stringMatching(/./), 'proxy', 'high'],
      ['Envoy', 'proxy', 'high'],
      ['app', 'service', 'medium'],
    ]);
    expect(stack.map(({ kind }) => kind)).toEqual(['network', 'rest', 'upstream', 'service']);
    const [, , upstream, service] = stack;
    expect(service?.p50Ms).toBe(THINK_MS);
    // HAProxy waits for Varnish, which waits for the application: what is between them is not the application's.
    expect(upstream?.p50Ms).toBeGreaterThanOrEqual(0);
    expect(cache).toMatchObject({ hits: 0, misses: 12 });
    expect(marks?.ids).toContainEqual({ header: 'x-request-id', n: 12, distinct: 12 });
    expect(marks?.traces).toEqual([{ header: 'traceparent', n: 12, ours: 12 }]);
    expect(found(ridden)).toEqual([]);
  });

  it('tells a healthy balancer nothing', async () => {
    const ridden = await rideTo('plain', 24, 40, 'layers,hosts');
    expect(seenIn(ridden)).toMatchObject({ timeOuts: [], breaker: null, failures: 0 });
    expect(found(ridden)).toEqual([]);
  });

  it.each(['nginx retries', 'haproxy retries'] as const)('sees the time-out that %s hide, in ms', async (front) => {
    const ridden = await rideTo(front, 24, 20);
    const { timeOuts = [] } = seenIn(ridden);
    expect(timeOuts).toMatchObject([{ after: 'late', of: 24, steps: 1 }]);
    // One host of three does not answer.
    expect(timeOuts[0]?.answers).toBeGreaterThanOrEqual(6);
    expect(Math.abs((timeOuts[0]?.extraMs ?? 0) - TIME_OUT_MS)).toBeLessThan(LATE_MS);
    expect(found(ridden)).toContain('time-out-hidden-by-retry');
  });

  it('reads the attempts that HAProxy counts, and what they cost', async () => {
    const { journey } = await rideTo('haproxy retries', 24, 20, 'layers,hosts');
    const { retryHints } = evidenceOf<LayersEvidence>(journey, 'layers');
    expect(retryHints).toMatchObject({ counted: 24, attemptsMax: 2 });
    expect((retryHints.retriedP50Ms ?? 0) - (retryHints.onceP50Ms ?? 0)).toBeGreaterThan(TIME_OUT_MS - LATE_MS);
    expect(findingsOf(journey, 'retries-visible')).toHaveLength(1);
    // Said once.
    const hidden = [
      ...findingsOf(journey, 'time-out-hidden-by-retry'),
      ...findingsOf(journey, 'failure-hidden-by-retry'),
    ];
    expect(hidden).toHaveLength(1);
  });

  it('sees that failures come after the time-out of HAProxy', async () => {
    const ridden = await rideTo('gives up', 12, 20);
    const { timeOuts = [] } = seenIn(ridden);
    expect(timeOuts).toMatchObject([{ after: 'failed', answers: 12, of: 12 }]);
    expect(Math.abs((timeOuts[0]?.waitMs ?? 0) - TIME_OUT_MS)).toBeLessThan(LATE_MS);
    expect(found(ridden)).toContain('gateway-time-out');
  });

  it('follows the work of the first sample to its end, and nobody else’s, unless told not to', async () => {
    const journey = await rideTo('work', 3, 20);
    const { workflow } = evidenceOf<LayersEvidence>(journey.journey, 'layers');
    expect(workflow).toMatchObject({ outcome: 'succeeded', by: 'operation-location', path: '/operations/1' });
    expect(workflow?.stages.map(({ state }) => state)).toEqual(['Running', 'Succeeded']);
    const [low, high] = workflow?.endedAfterMs ?? [0, 0];
    expect(low).toBeLessThanOrEqual(WORK_MS);
    expect(high).toBeGreaterThanOrEqual(WORK_MS);
    expect(journey.journey.budget.requests).toBe(3 + (workflow?.polls.length ?? 0));
    const off = await ride([
      `http://${at(listen('work'))}`,
      '-n',
      '3',
      '--rate',
      '20',
      '--only',
      'layers',
      '--no-poll',
    ]);
    expect(evidenceOf<LayersEvidence>(off.journey, 'layers').workflow).toMatchObject({ outcome: null, polls: [] });
    expect(off.journey.budget.requests).toBe(3);
  });

  // Last: the host behind it answers ever after.
  it('sees a server taken out after slow failures, and back', async () => {
    const ridden = await rideTo('breaker', 50, 10);
    const { breaker, failures = 0 } = seenIn(ridden);
    expect(breaker).toMatchObject({ recovered: true });
    expect(Math.abs((breaker?.slowP50Ms ?? 0) - BREAKER_MS)).toBeLessThan(LATE_MS);
    expect((breaker?.slow ?? 0) + (breaker?.fast ?? 0)).toBe(failures);
    expect(found(ridden)).toContain('breaker-open');
  });
});

const answer: RequestListener = ({ headers }, response) => {
  setTimeout(() => {
    response.setHeader('Server-Timing', `app;dur=${THINK_MS}`);
    const { traceparent } = headers;
    if (typeof traceparent === 'string') response.setHeader('traceparent', traceparent);
    response.end('fine\n');
  }, THINK_MS);
};

/** Accepts work that takes `WORK_MS`, and says how far it is. */
function worker(): RequestListener {
  const begun: number[] = [];
  return ({ url = '' }, response) => {
    const number = Number(/^\/operations\/(\d+)$/.exec(url)?.[1] ?? Number.NaN);
    const startedMs = begun[number - 1];
    if (startedMs === undefined) {
      response.writeHead(202, { 'Operation-Location': `/operations/${begun.push(performance.now())}` }).end();
      return;
    }
    const status = performance.now() - startedMs < WORK_MS ? 'Running' : 'Succeeded';
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ status }));
  };
}

function startHost(listener: RequestListener): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(listener).once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

/** `x-envoy-upstream-service-time` is what HAProxy waited for the head; attempts are its retries and the first one. */
const ENVOY_FIELDS = `  http-response set-header x-envoy-upstream-service-time %Tr
  http-response set-header x-retries %rc
  http-response set-header x-envoy-attempt-count %[res.hdr(x-retries),regsub([+],),add(1)]`;

function haproxy(listen: (front: Front) => Listen, hosts: readonly string[]): string {
  const [first, second, third, deaf, recovering, worker] = hosts;
  return `
listen chain
  mode http
  bind ${at(listen('chain'))}
  unique-id-format %{+X}o%ci%cp%rt
  http-response set-header x-request-id %[unique-id]
${ENVOY_FIELDS}
  server varnish ${at(listen('varnish'))}
listen plain
  mode http
  bind ${at(listen('plain'))}
  server one ${first}
  server two ${second}
listen work
  mode http
  bind ${at(listen('work'))}
  server one ${worker}
listen retries
  mode http
  bind ${at(listen('haproxy retries'))}
  balance roundrobin
  retries 3
  option redispatch 1
  retry-on conn-failure response-timeout
  timeout server ${TIME_OUT_MS}ms
${ENVOY_FIELDS}
  server one ${first}
  server two ${third}
  server three ${deaf}
listen up
  mode http
  bind ${at(listen('gives up'))}
  timeout server ${TIME_OUT_MS}ms
  server one ${deaf}
listen breaker
  mode http
  bind ${at(listen('breaker'))}
  timeout server ${BREAKER_MS}ms
  server one ${recovering} check inter 1s rise 3 observe layer7 error-limit 4 on-error mark-down
`;
}

function nginx(listen: Listen, [first, second, , deaf]: readonly string[]): string {
  return `
  upstream hosts {
    server ${first} max_fails=0;
    server ${second} max_fails=0;
    server ${deaf} max_fails=0;
  }
  server {
    listen ${at(listen)};
    location / {
      proxy_pass http://hosts;
      proxy_read_timeout ${TIME_OUT_MS}ms;
      proxy_next_upstream error timeout;
    }
  }`;
}
