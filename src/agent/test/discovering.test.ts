// Holds the running agent to the places of its file, all real: files by a pattern, a URL that wants a token, SRV records, and lists that mean harm.
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWorld, type World } from '../../demo/world.ts';
import { reply, startServer } from '../../net/dns/test/servers.ts';
import { type Running, startAgent } from './running.ts';

const CANARY = 'canary-90b1';

let world: World;
let folder: string;
const path = (name: string): string => join(folder, name);
beforeAll(async () => {
  world = await startWorld();
  folder = await mkdtemp(join(tmpdir(), 'places-'));
});
afterAll(async () => {
  await world.close();
  await rm(folder, { recursive: true });
});

interface Looking extends Running {
  metrics(): Promise<string>;
  value(series: string): Promise<number>;
  names(): Promise<readonly string[]>;
}

/** Nobody is ridden within the test. */
async function start(discover: string): Promise<Looking> {
  await writeFile(path('agent.yml'), `schedule: { interval: 30d }\nlabels: { service: kms }\ndiscover:\n${discover}`);
  const running = await startAgent(world, ['--config', path('agent.yml')], { env: { PW: CANARY } });
  const { url } = running;
  const metrics = async (): Promise<string> => (await fetch(`${url}/metrics`)).text();
  return {
    ...running,
    metrics,
    async value(series) {
      const line = (await metrics()).split('\n').find((one) => one.startsWith(`${series} `));
      return line === undefined ? Number.NaN : Number(line.slice(series.length));
    },
    async names() {
      const page = await (await fetch(url)).text();
      return [...page.matchAll(/<h2>([^<]*)<\/h2><p class="muted">([^<]*)/g)].map(
        ([, name, about]) => `${name} ${about}`,
      );
    },
  };
}

test('a file that a pattern finds is read at once when it comes, changes and goes', async () => {
  await writeFile(path('one.yml'), '- { targets: [kms.example/one], labels: { team: a } }\n');
  await writeFile(path('one.yml.swp'), 'nothing that could be read: [');
  const running = await start(
    `  files: ['${folder}/o*.yml', '${folder}/o*.json']\n  keep: { list: __meta_filepath }\n  refresh: 30d\n`,
  );
  await expect.poll(() => running.names()).toEqual([expect.stringContaining('kms.example/one')]);
  const [first] = await running.names();
  expect(first).toContain('team&#61;a');
  expect(first).toContain(`list&#61;${path('one.yml')}`);
  await writeFile(path('new'), '[{"targets":["kms.example/two","kms.example/three"]}]');
  await rename(path('new'), path('o2.json'));
  await expect.poll(async () => (await running.names()).length, { timeout: 15_000 }).toBe(3);
  await writeFile(path('o2.json'), '[{"targets":["kms.example/two"');
  await expect.poll(() => running.value('outrider_discovery_sources_failing'), { timeout: 15_000 }).toBe(1);
  expect(await running.names()).toHaveLength(3);
  await rm(path('o2.json'));
  await expect.poll(async () => (await running.names()).length, { timeout: 15_000 }).toBe(1);
  expect(await running.value('outrider_discovery_sources')).toBe(1);
  expect(await running.end()).toMatchObject({ exit: 0 });
});

test('a URL gets the token that the file holds now, and nobody is shown it', async () => {
  await writeFile(path('token'), `${CANARY}-old\n`);
  let wanted = `Bearer ${CANARY}-old`;
  const server: Server = createServer((request, response) => {
    const isKnown = request.headers.authorization === wanted && request.headers['x-scope'] === CANARY;
    response.writeHead(isKnown ? 200 : 401, { 'content-type': 'application/json' });
    response.end(isKnown ? '[{"targets":["kms.example/a"]}]' : `["${CANARY}"]`);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/list?k=${CANARY}`;
  const running = await start(
    `  http: [{ url: '${url}', headers: { X-Scope: '\${PW}' }, auth: { bearer: { file: token } } }]\n  refresh: 20ms\n`,
  );
  await expect.poll(async () => (await running.names()).length).toBe(1);
  wanted = `Bearer ${CANARY}-new`;
  await expect.poll(() => running.value('outrider_discovery_sources_failing')).toBe(1);
  await writeFile(path('token'), `${CANARY}-new\n`);
  await expect.poll(() => running.value('outrider_discovery_sources_failing')).toBe(0);
  expect(await running.names()).toHaveLength(1);
  const shown = await (await fetch(`${running.url}/config`)).text();
  expect(shown).toContain('X-Scope: ${PW}');
  expect(shown).toContain('file: token');
  const { err } = running.io.captured();
  expect(err).toContain('answered 401');
  for (const text of [shown, err, await running.metrics()]) expect(text).not.toContain(CANARY);
  await running.end();
  server.close();
});

test('SRV records name targets, and keep them while no resolver answers', async () => {
  let [hosts, isBroken] = [['b.kms.example', 'a.kms.example'], false];
  await using dns = await startServer((asked) => {
    if (isBroken) return reply(asked, { rcode: 'SERVFAIL' });
    const answers = hosts.map((target) => ({
      ...{ type: 'SRV' as const, name: asked.name, ttl: 0 },
      data: { priority: 0, weight: 0, port: 8443, target },
    }));
    return reply(asked, { answers });
  });
  const running = await start(
    `  dns: [{ names: [_https._tcp.kms.example], resolvers: ['127.0.0.1#${dns.server.port}'] }]\n  keep: { srv: __meta_dns_name }\n  refresh: 20ms\n`,
  );
  await expect.poll(() => running.names()).toHaveLength(2);
  const names = await running.names();
  expect(names[0]).toContain('a.kms.example:8443');
  expect(names[0]).toContain('srv&#61;_https._tcp.kms.example');
  isBroken = true;
  await expect.poll(() => running.value('outrider_discovery_refusals_total{reason="unreadable"}')).toBeGreaterThan(0);
  expect(await running.names()).toHaveLength(2);
  [hosts, isBroken] = [['c.kms.example'], false];
  await expect
    .poll(async () => (await running.names()).map((one) => one.split(' ')[0]))
    .toEqual(['c.kms.example:8443']);
  await running.end();
});

test('a list that means harm is refused, told in a line and counted, and what was there goes on', async () => {
  let body = '[{"targets":["kms.example/a","kms.example/b"]}]';
  const server: Server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end(body);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const running = await start(`  http: ['${url}']\n  refresh: 20ms\n  most: 1000\n`);
  await expect.poll(async () => (await running.names()).length).toBe(2);
  const many = Array.from({ length: 200_000 }, (_, at) => `h${at}`);
  for (const [hostile, reason] of [
    [[{ targets: many }], 'too_much'],
    [[{ targets: ['a'], labels: { a: 'x'.repeat(1_000_000) } }], 'wrong'],
    [[{ targets: ['a'], labels: { ['x'.repeat(1_000_000)]: 'a' } }], 'wrong'],
  ] as const) {
    const series = `outrider_discovery_refusals_total{reason="${reason}"}`;
    const before = await running.value(series);
    body = JSON.stringify(hostile);
    await expect.poll(() => running.value(series), { timeout: 15_000 }).toBeGreaterThan(before);
    expect(await running.names()).toHaveLength(2);
  }
  const { err } = running.io.captured();
  expect(err).toContain('200000 targets in 1 groups are more than the 1000 that discover.most permits');
  expect(Math.max(...err.split('\n').map((line) => line.length))).toBeLessThan(1000);
  await running.end();
  server.close();
});

test('URLs that differ by their queries alone keep each what it named, over a reload in which neither answers', async () => {
  let isAway = false;
  const server: Server = createServer((request, response) => {
    response.writeHead(isAway ? 503 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify([{ targets: [`kms.example/${/env=(\w+)/.exec(request.url ?? '')?.[1]}`] }]));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/targets?env=`;
  const running = await start(`  http: ['${url}one', '${url}two']\n  refresh: 30d\n`);
  await expect.poll(async () => (await running.names()).length, { timeout: 15_000 }).toBe(2);
  isAway = true;
  running.io.hangup();
  await expect.poll(() => running.value('outrider_discovery_sources_failing'), { timeout: 15_000 }).toBe(2);
  expect(await running.names()).toHaveLength(2);
  await running.end();
  server.close();
});
