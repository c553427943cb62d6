// Holds the agent to its targets with modules, over real HTTP: probed on their turns, told to Prometheus and to people, gone with the config.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { captureIo, runInside } from '../../../test/support/cli.ts';
import { startWorld, type World } from '../../demo/world.ts';
import { type Listening, listen } from '../server.ts';
import { type Running, startAgent, until } from './running.ts';

const CANARY = 'canary-77c1';
let world: World;
let folder: string;
let server: Listening;
/** What the server answers with. */
let status = 200;
/** True: of two requests to /flaps the first fails. */
let flapping = false;
let asked = 0;
beforeAll(async () => {
  world = await startWorld();
  folder = await mkdtemp(join(tmpdir(), 'probing-'));
  const route = async ({ path }: { readonly path: string }) => {
    const isFlap = flapping && path === '/flaps';
    return { status: isFlap ? ([503, 200][asked++ % 2] ?? 200) : status, contentType: 'text/plain', body: 'fine' };
  };
  server = await listen({ host: '127.0.0.1', port: 0 }, route);
});
afterAll(async () => {
  await server.close(0);
  await world.close();
  await rm(folder, { recursive: true });
});

async function start(text: string, ...args: readonly string[]): Promise<Running & { readonly file: string }> {
  const file = join(folder, 'agent.yml');
  await writeFile(file, text);
  return { ...(await startAgent(world, ['--config', file, '--enable-reload', ...args])), file };
}

const get = async (url: string, init: RequestInit = {}): Promise<string> => (await fetch(url, init)).text();
/** A busy machine may let a probe fail that should not: what is waited for comes with one of the next. */
const textWith = (url: string, ...words: readonly RegExp[]): Promise<string> =>
  until(async () => {
    const text = await get(url);
    return words.every((one) => one.test(text)) ? text : null;
  });
const metricsWith = (url: string, ...words: readonly RegExp[]): Promise<string> => textWith(`${url}/metrics`, ...words);

const config = (port: number, targets: string): string => `
schedule: { interval: 500ms, moduleConcurrency: 4 }
metrics: { without: [probe_ip_*] }
labels: { service: keys }
modules:
  http_2xx: { prober: http, timeout: 2s, http: { basic_auth: { username: me, password: ${CANARY} } } }
  dial: { prober: tcp }
  every: { prober: tcp, outrider: { all_addresses: true, quorum: any, zones: { here: 127.0.0.0/8 } } }
defaults: { module: http_2xx }
targets:
  - { target: 'http://127.0.0.1:${port}/health?k=${CANARY}', name: front, labels: { env: test } }
${targets}`;

test('a module probes its targets on their turns; what it told goes with the target', async () => {
  status = 200;
  const both = `  - { target: '127.0.0.1:${server.port}', name: front, module: dial }\n`;
  const { url, io, ended, file } = await start(config(server.port, both));
  const common = 'target="front",module="http_2xx",service="keys",env="test"';
  const metrics = await metricsWith(
    url,
    new RegExp(`^probe_success\\{${common}\\} 1$`, 'm'),
    /^probe_success\{target="front",module="dial",service="keys"\} 1$/m,
  );
  expect(metrics).toMatch(new RegExp(`^probe_http_status_code\\{${common}\\} 200$`, 'm'));
  expect(metrics).toMatch(new RegExp(`^probe_http_duration_seconds\\{${common},phase="connect"\\} [0-9.e-]+$`, 'm'));
  expect(metrics).toMatch(new RegExp(`^probe_last_run_timestamp_seconds\\{${common}\\} \\d`, 'm'));
  expect(metrics).not.toContain('probe_ip_');
  expect(metrics).toMatch(/^outrider_targets 2$/m);
  expect(metrics).toMatch(/^outrider_schedule_lag_seconds_count [1-9]/m);
  const heads = [...metrics.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  expect(new Set(heads).size).toBe(heads.length);
  const page = await textWith(url, /2 ok/);
  for (const words of ['module http_2xx', 'module dial', 'took']) expect(page).toContain(words);

  await writeFile(file, config(server.port, ''));
  expect(await get(`${url}/-/reload`, { method: 'POST' })).toBe('');
  const after = await metricsWith(url, /^outrider_targets 1$/m);
  expect(after).not.toContain('"dial"');
  expect(after).toMatch(new RegExp(`^journey_runs_total\\{${common},verdict="ok"\\} [1-9]`, 'm'));

  await writeFile(file, config(server.port, "  - { target: 'a.example', module: dail }\n"));
  expect(await get(`${url}/-/reload`, { method: 'POST' })).toMatch(/agent\.yml:\d+: there is no module "dail"/);
  expect(await get(`${url}/config`)).toContain('prober: tcp');
  for (const path of ['/', '/config', '/metrics']) expect(await get(`${url}${path}`)).not.toContain(CANARY);
  io.interrupt();
  expect(await ended).toMatchObject({ exit: 0 });
});

test('a failure is told with its reason, kept with its log, and over when the target is well again', async () => {
  status = 503;
  const { url, io, ended } = await start(config(server.port, ''));
  const metrics = await metricsWith(url, /^probe_failure_info\{[^}]*phase="answer",reason="status"[^}]*\} 1$/m);
  expect(metrics).toMatch(/^journey_runs_total\{target="front"[^}]*verdict="critical"\} [1-9]/m);
  const page = await textWith(url, /Last <a href="probes/, /<p>answer: not as the module demands \(status\)/);
  expect(page).toContain('1 critical');
  const link = /Last <a href="(probes\/[0-9a-f-]+)"/.exec(page)?.[1] ?? '';
  const kept = await get(`${url}/${link}`);
  for (const words of ['Invalid HTTP response status code', 'probe_http_status_code 503', 'password: <secret>'])
    expect(kept).toContain(words);
  expect((await fetch(`${url}/probes/none`)).status).toBe(404);
  status = 200;
  const well = await metricsWith(url, /^probe_success\{[^}]*\} 1$/m);
  expect(well).not.toContain('probe_failure_info');
  expect(await get(url)).toContain('Recent probes that failed');
  io.interrupt();
  expect(await ended).toMatchObject({ exit: 0 });
});

test('a module that asks for every address tells them apart under the target', async () => {
  const { url, io, ended } = await start(
    config(server.port, `  - { target: 'localhost:${server.port}', name: every, module: every }\n`),
  );
  const common = 'target="every",module="every",service="keys"';
  const metrics = await metricsWith(
    url,
    new RegExp(`^probe_address_success\\{${common},address="127.0.0.1",zone="here"\\} 1$`, 'm'),
  );
  expect(metrics).toMatch(new RegExp(`^probe_success\\{${common}\\} 1$`, 'm'));
  expect(metrics).toMatch(new RegExp(`^probe_zone_addresses\\{${common},zone="here"\\} 1$`, 'm'));
  io.interrupt();
  expect(await ended).toMatchObject({ exit: 0 });
});

test('a failure is repeated where the target asks for it, and a flap is counted', async () => {
  status = 503;
  const target = `  - { target: 'http://127.0.0.1:${server.port}/flaps', name: flaps, confirm: { after: 100ms } }\n`;
  const { url, io, ended } = await start(config(server.port, target));
  const twice = await metricsWith(
    url,
    /^probe_attempts\{target="flaps"[^}]*\} 2$/m,
    /^probe_success\{target="front"[^}]*\} 0$/m,
  );
  expect(twice).toMatch(/^probe_success\{target="flaps"[^}]*\} 0$/m);
  expect(twice).not.toMatch(/^probe_attempts\{target="front"/m);
  flapping = true;
  const metrics = await metricsWith(url, /^outrider_probe_flaps_total\{module="http_2xx"\} [1-9]/m);
  expect(metrics).toMatch(/^probe_first_attempt_failed\{target="flaps"[^}]*\} [01]$/m);
  expect(metrics).toMatch(/^journey_flaps_total\{target="flaps"[^}]*\} [1-9]/m);
  expect(metrics).not.toMatch(/^journey_flaps_total\{target="front"/m);
  const [, id = ''] =
    /msg="failure not confirmed" target=flaps module=http_2xx probe=(\S+)/.exec(io.captured().err) ?? [];
  expect(await get(`${url}/probes/${id}`)).toContain('probe_first_attempt_failed 1');
  flapping = false;
  io.interrupt();
  expect(await ended).toMatchObject({ exit: 0 });
});

test.each([
  ['modules:\n  a: { prober: http, htp: {} }\n', '--check', 'line 2: field htp not found'],
  ['modules:\n  a: { prober: nothing }\n', '--check', "prober 'nothing' is not valid"],
  ['', '--check', 'agent.yml:1: there is no module "a"'],
])('modules are refused when the file is read: %s', async (modules, option, says) => {
  const file = join(folder, 'agent.yml');
  await writeFile(file, `${modules}targets: [{ target: a.example, module: a }]\n`);
  await expect(runInside(world, ['serve', '--config', file, option], captureIo())).rejects.toThrow(says);
});

test('probe config lint questions the modules of an agent’s file', async () => {
  const file = join(folder, 'agent.yml');
  await writeFile(file, 'modules:\n  a: { prober: http, tcp: { tls: true } }\ntargets: [{ target: a, module: a }]\n');
  const asked = await runInside(world, ['config', 'lint', file], captureIo());
  expect(asked).toMatchObject({ exit: 1, out: expect.stringContaining('module a:') as string });
  await writeFile(file, 'targets: [a.example]\n');
  await expect(runInside(world, ['config', 'lint', file], captureIo())).rejects.toThrow('has no modules to question');
});

test('probe config lint questions the alerts of --rules, by file and line', async () => {
  const [modules, rules] = [join(folder, 'blackbox.yml'), join(folder, 'rules.yml')];
  await writeFile(modules, 'modules: {a: {prober: http}}\n');
  const lint = ['config', 'lint', modules, '--rules', rules];
  await writeFile(
    rules,
    'groups:\n- name: g\n  rules:\n  - alert: Ends\n    expr: probe_ssl_earliest_cert_expiry < 1\n',
  );
  const asked = await runInside(world, lint, captureIo());
  expect(asked.out).toContain('rules.yml:5: alert Ends: probe_ssl_earliest_cert_expiry is absent as soon as');
  expect(asked.exit).toBe(1);
  await writeFile(rules, 'groups: [{ name: g, rules: [{ alert: Down, expr: probe_success == 0 }] }]\n');
  expect(await runInside(world, lint, captureIo())).toMatchObject({ exit: 0 });
  await writeFile(rules, 'groups: {}\n');
  await expect(runInside(world, lint, captureIo())).rejects.toThrow('has no rules');
});

test('modules of --blackbox-config do as well, and one that a reload takes away is told', async () => {
  status = 200;
  const modules = join(folder, 'blackbox.yml');
  await writeFile(modules, 'modules: { far: { prober: tcp } }\n');
  const text = `schedule: { interval: 500ms }\ntargets: [{ target: '127.0.0.1:${server.port}', module: far }]\n`;
  const { url, io, ended } = await start(text, '--blackbox-config', modules);
  await metricsWith(url, /^probe_success\{[^}]*module="far"\} 1$/m);
  await writeFile(modules, 'modules: { near: { prober: tcp } }\n');
  expect(await get(`${url}/-/reload`, { method: 'POST' })).toContain('there is no module "far"');
  const metrics = await metricsWith(url, /^journey_runs_total\{[^}]*verdict="unknown"\} [1-9]/m);
  expect(metrics).not.toMatch(/^probe_success/m);
  expect(await get(url)).toContain('there is no module &quot;far&quot; any more');
  io.interrupt();
  expect(await ended).toMatchObject({ exit: 0 });
});

test('what a target says of its user and asks for is sent, and shown on no page', async () => {
  const sent: (string | undefined)[] = [];
  const strict = createServer(({ url = '', headers }, response) => {
    sent.push(`${url} ${headers.authorization}`);
    response.writeHead(503).end();
  });
  await new Promise<void>((resolve) => {
    strict.listen(0, '127.0.0.1', resolve);
  });
  const place = `127.0.0.1:${(strict.address() as AddressInfo).port}`;
  const text = `schedule: { interval: 500ms }\ntargets: [{ target: 'http://me:${CANARY}@${place}/own?k=${CANARY}', module: m }]\nmodules: { m: { prober: http, timeout: 2s } }\n`;
  const { url, io, ended } = await start(text, '--log-prober', 'debug');
  const metrics = await metricsWith(
    url,
    new RegExp(`^probe_success\\{target="http://${place}/own",module="m"\\} 0$`, 'm'),
  );
  const page = await textWith(url, /Last <a href="probes/);
  const kept = await get(`${url}/${/Last <a href="(probes\/[0-9a-f-]+)"/.exec(page)?.[1] ?? ''}`);
  expect(kept).toContain('Making HTTP request');
  for (const shown of [metrics, page, kept, await get(`${url}/config`), io.captured().err])
    expect(shown).not.toContain(CANARY);
  expect(sent[0]).toBe(`/own?k=${CANARY} Basic ${Buffer.from(`me:${CANARY}`).toString('base64')}`);
  io.interrupt();
  await ended;
  strict.close();
});
