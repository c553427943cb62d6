// Five hundred servers that never answer, among twenty that do: who answers is ridden in its turn, and the agent's own metrics say so.
import { createSocket } from 'node:dgram';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningAgent, startAgent, sumOf, until } from './rig/agent.ts';
import { portOf } from './rig/ports.ts';
import { openRig, type Rig } from './rig/rig.ts';
import { requireRoot, requireTools } from './rig/tools.ts';

const [AGENT, TARPITS, GOOD, NAMES] = ['127.0.60.241', '127.0.60.242', '127.0.60.243', '127.0.60.236'];
const [MANY, FEW] = [500, 20];
/** Places for journeys at work, far fewer than there are tarpits. */
const CONCURRENCY = 16;
const INTERVAL_SECONDS = 12;
const RIDDEN = { samples: 2, only: ['tls', 'balancer'] };

describe('five hundred tarpits', () => {
  let rig: Rig;
  let agent: RunningAgent;
  beforeAll(async () => {
    rig = await openRig();
    const ports = await Promise.all([silent(), dripping()].map((server) => opened(rig, server, TARPITS)));
    const good = await opened(
      rig,
      createHttpServer((_, response) => response.end('well')),
      GOOD,
    );
    const urls = [
      `https://${TARPITS}:${ports[0]}/`,
      `http://${TARPITS}:${ports[0]}/`,
      `http://${TARPITS}:${ports[1]}/`,
    ];
    // A quarter of the tarpits and half of the good ones are probed by a module, the others are ridden.
    const byModule = (is: boolean) => (is ? { module: 'http_2xx' } : RIDDEN);
    const targets = [
      ...Array.from({ length: MANY }, (_, at) => ({
        ...{ target: urls[at % urls.length], name: `tarpit-${at}` },
        ...byModule(at % 4 === 0),
      })),
      ...Array.from({ length: FEW }, (_, at) => ({
        ...{ target: `http://${GOOD}:${good}/`, name: `good-${at}` },
        ...byModule(at % 2 === 0),
      })),
    ];
    const config = {
      schedule: { interval: `${INTERVAL_SECONDS}s`, concurrency: CONCURRENCY, moduleConcurrency: CONCURRENCY },
      modules: { http_2xx: { prober: 'http', http: { preferred_ip_protocol: 'ip4' } } },
      targets,
    };
    const file = await rig.write('agent.yml', JSON.stringify(config));
    agent = await startAgent(rig, { args: ['--config', file], listen: AGENT });
  });
  afterAll(() => rig?.close());

  it('delay nobody else: no turn of a good target is missed', async () => {
    const series = await until(async () => {
      const told = await agent.metrics();
      const runs = Array.from({ length: FEW }, (_, at) =>
        sumOf(told, 'journey_runs_total', `target="good-${at}"`, 'verdict="ok"'),
      );
      return Math.min(...runs) >= 2 ? told : null;
    });
    const missed = [...series].filter(
      ([name, value]) => name.startsWith('journey_runs_missed_total{target="good-') && value > 0,
    );
    expect(missed).toEqual([]);
    // Each tarpit is silent for nine tenths of its interval: most of them are under way at any time, and hold no place.
    expect(sumOf(series, 'outrider_runs_stalled')).toBeGreaterThan(10 * CONCURRENCY);
    expect(sumOf(series, 'journey_runs_total', 'target="tarpit-', 'verdict="ok"')).toBe(0);
    expect(sumOf(series, 'journey_runs_total', 'target="tarpit-')).toBeGreaterThan(MANY);
    const began = sumOf(series, 'outrider_schedule_lag_seconds_count');
    // A turn that waits until the next one is missed: there is no bucket of twelve seconds.
    expect(began - sumOf(series, 'outrider_schedule_lag_seconds_bucket', 'le="30"')).toBe(0);
    const swift = sumOf(series, 'outrider_schedule_lag_seconds_bucket', 'le="1"') / began;
    const mebibytes = sumOf(series, 'process_resident_memory_bytes') / 2 ** 20;
    console.log(
      `${began} journeys, ${(swift * 100).toFixed(1)} % within 1 s of their turn; ${mebibytes.toFixed(0)} MiB`,
    );
    expect(swift).toBeGreaterThan(0.5);
    expect(agent.said()).not.toContain('fault');
  });

  it('are let go within the bound when the agent ends', async () => {
    agent.signal('SIGTERM');
    expect(await agent.ended).toEqual([0, null]);
  });
});

describe.skipIf(!requireRoot() || !requireTools(['unshare', 'mount']))(
  'thirty names that no name server answers for',
  () => {
    it('delay no probe of another name, and no scrape', async () => {
      const rig = await openRig();
      try {
        const asked: string[] = [];
        const silence = createSocket('udp4').on('message', (message) => asked.push(message.toString('latin1')));
        await new Promise<void>((resolve) => silence.bind(53, NAMES, resolve));
        rig.defer(() => new Promise<void>((resolve) => silence.close(() => resolve())));
        const port = await opened(
          rig,
          createHttpServer((_, response) => response.end('well')),
          '127.0.0.1',
        );
        const resolver = await rig.write('resolv.conf', `nameserver ${NAMES}\noptions timeout:30 attempts:1\n`);
        const modules = await rig.write(
          'blackbox.yml',
          'modules: { http_2xx: { prober: http, timeout: 100s, http: { preferred_ip_protocol: ip4 } } }\n',
        );
        // A file system of its own, in which the system's resolver is another.
        const before = ['unshare', '--mount', 'sh', '-c', 'mount --bind "$0" /etc/resolv.conf && exec "$@"', resolver];
        const agent = await startAgent(rig, { args: ['--blackbox-config', modules], listen: AGENT, before });
        const gone = new AbortController();
        const lost = Array.from({ length: 30 }, (_, at) =>
          agent.get(`/probe?target=http://lost-${at}.example/`, { signal: gone.signal }).catch(() => null),
        );
        await until(async () => new Set(asked.map((query) => /lost-\d+/.exec(query)?.[0])).size === 30 || null);
        const beganMs = performance.now();
        const well = await agent.get(`/probe?target=http://localhost:${port}/`);
        const scraped = await agent.get('/metrics');
        // The thirty wait for thirty seconds: whoever waited for one of them would have waited as long.
        expect(performance.now() - beganMs).toBeLessThan(20_000);
        expect(well.text).toContain('\nprobe_success 1\n');
        expect(scraped.status).toBe(200);
        gone.abort();
        await Promise.all(lost);
      } finally {
        await rig.close();
      }
    });
  },
);

/** Accepts, reads, and says nothing. */
function silent(): Server {
  return createServer((socket) => void socket.on('error', () => undefined).resume());
}

/** Says a line of a head that never ends, again and again. */
function dripping(): Server {
  return createServer((socket) => {
    socket.on('error', () => undefined).resume();
    socket.write('HTTP/1.1 200 OK\r\n');
    const line = setInterval(() => socket.write('X-Slow: yes\r\n'), 500);
    socket.once('close', () => clearInterval(line));
  });
}

/** @returns its port */
async function opened(rig: Rig, server: Server, address: string): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen({ host: address, port: 0, backlog: 4096 }, resolve));
  rig.defer(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return portOf(server);
}
