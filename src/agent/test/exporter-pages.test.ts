// Holds what `probe serve --blackbox-config` shows to blackbox_exporter's own pages and metrics, over real HTTP.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CapturedIo, captureIo, type Ran, runCli } from '../../../test/support/cli.ts';
import { urlOf } from './running.ts';

/** As its source registers them: config/config.go, main.go, and by client_golang's defaults a process, Go and promhttp. */
const UPSTREAM = [
  ...['blackbox_exporter_build_info', 'blackbox_exporter_config_last_reload_successful'],
  ...['blackbox_exporter_config_last_reload_success_timestamp_seconds', 'blackbox_module_unknown_total'],
  ...['process_cpu_seconds_total', 'process_max_fds', 'process_open_fds', 'process_resident_memory_bytes'],
  ...['process_start_time_seconds', 'process_virtual_memory_bytes', 'process_virtual_memory_max_bytes'],
  ...['process_network_receive_bytes_total', 'process_network_transmit_bytes_total'],
  ...['promhttp_metric_handler_requests_in_flight', 'promhttp_metric_handler_requests_total'],
  ...['net_conntrack_dialer_conn_*', 'go_*'],
];
const HOSTILE = `"><script>document.title='owned'</script>&\u202e`;
const MODULES = `modules:
  one: { prober: tcp, timeout: 2s }
  ${JSON.stringify(HOSTILE)}: { prober: tcp, timeout: 2s }
`;

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pages-'));
  file = join(folder, 'blackbox.yml');
  await writeFile(file, MODULES);
});
afterAll(() => rm(folder, { recursive: true }));

interface Running {
  readonly url: string;
  readonly io: CapturedIo;
  readonly ended: Promise<Ran>;
}

async function start(...args: readonly string[]): Promise<Running> {
  const io = captureIo();
  const ended = runCli(['serve', '--blackbox-config', file, '--listen', '127.0.0.1:0', ...args], io);
  return { url: await urlOf(io), io, ended };
}

const get = async (url: string, init: RequestInit = {}): Promise<{ status: number; type: string; text: string }> => {
  const answer = await fetch(url, init);
  return { status: answer.status, type: answer.headers.get('content-type') ?? '', text: await answer.text() };
};

describe('its pages', () => {
  let running: Running;
  beforeAll(async () => {
    running = await start();
  });
  afterAll(async () => {
    running.io.interrupt();
    await running.ended;
  });

  test('the page of recent probes leads to metrics, config and the log of each probe, the latest first', async () => {
    const { url } = running;
    expect((await get(url)).text).toContain('Nobody has asked for a probe yet.');
    const { port } = new URL(url);
    await get(`${url}/probe?module=one&target=127.0.0.1:${port}`);
    await get(`${url}/probe?${new URLSearchParams({ module: HOSTILE, target: HOSTILE }).toString()}`);
    const page = await get(url);
    expect(page).toMatchObject({ status: 200, type: 'text/html; charset=utf-8' });
    expect(page.text).toContain('<title>Recent probes: 1 of 2 failed</title>');
    expect(page.text).not.toContain('<script');
    expect(page.text).not.toContain('\u202e');
    const rows = [...page.text.matchAll(/<td>([^<]*)<\/td><td>([^<]*)<\/td><td class="[a-z ]*">(?:<strong>)?(\w+)/g)];
    expect(rows.map(([, , , result]) => result)).toEqual(['Failure', 'Success']);
    expect(rows[1]?.slice(1, 3)).toEqual(['one', `127.0.0.1:${port}`]);
    const links = [...page.text.matchAll(/href="([^"]+)"/g)].map(([, link = '']) => link);
    expect(links).toEqual(['metrics', 'config', 'logs?id=1', 'logs?id=0']);
    for (const link of links) expect((await get(`${url}/${link}`)).status).toBe(200);
    expect((await get(`${url}/logs?id=0`)).text).toContain('\nprobe_success 1\n');
  });

  test('there is no other page at any other path, and every path is that page', async () => {
    for (const path of ['/health', '/favicon.ico', '/probes'])
      expect(await get(`${running.url}${path}`)).toMatchObject({ status: 200, type: 'text/html; charset=utf-8' });
  });

  test('its metrics are there, or the README says why not', async () => {
    await get(`${running.url}/probe?module=nobody&target=x`);
    const { text } = await get(`${running.url}/metrics`);
    const families = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name));
    const readme = await readFile(resolve(import.meta.dirname, '../../../README.md'), 'utf8');
    const [, section = ''] = readme.split('\n### The metrics of blackbox_exporter itself\n');
    const rows = [...(section.split('\n#')[0] ?? '').matchAll(/^\| `([^`]+)` \| (.*) \|$/gm)];
    expect(rows.map(([, family = '']) => family).toSorted()).toEqual(UPSTREAM.toSorted());
    const known = (name: string): boolean =>
      name.endsWith('*') ? [...families].some((family) => family.startsWith(name.slice(0, -1))) : families.has(name);
    const said = rows.map(([, family, here = '']) => [family, /^there\b/.test(here)]);
    expect(said).toEqual(rows.map(([, family = '']) => [family, known(family)]));
    expect(text).toMatch(/^blackbox_exporter_build_info\{version="outrider-\d[^"]*"\} 1$/m);
    expect(text).toMatch(/^blackbox_module_unknown_total [1-9]/m);
  });

  test('POST alone reloads, without asking for it', async () => {
    const { url } = running;
    const refusal = 'This endpoint requires a POST request.\n';
    for (const method of ['GET', 'PUT', 'DELETE'])
      expect(await get(`${url}/-/reload`, { method })).toMatchObject({ status: 405, text: refusal });
    expect(await get(`${url}/-/reload`, { method: 'POST' })).toMatchObject({ status: 200, text: '' });
    await writeFile(file, 'modules: { x: { prober: none } }\n');
    const wrong = await get(`${url}/-/reload`, { method: 'POST' });
    await writeFile(file, MODULES);
    expect(wrong).toMatchObject({ status: 500, text: expect.stringContaining("prober 'none' is not valid") });
    expect(wrong.text).toMatch(/^failed to reload config: /);
    expect((await get(`${url}/metrics`)).text).toContain('\nblackbox_exporter_config_last_reload_successful 0\n');
    expect((await get(`${url}/config`)).text).toMatch(/^modules:\n(.*\n)* {4}one:\n {8}prober: tcp\n/);
  });
});

test('beside targets the page of recent probes is at a path of its own, and the status page leads there', async () => {
  const agentFile = join(folder, 'agent.yml');
  await writeFile(agentFile, 'targets: [nowhere.invalid]\n');
  const { url, io, ended } = await start('--config', agentFile);
  const { text } = await get(url);
  const links = [...text.matchAll(/href="([a-z]+)"/g)].map(([, link = '']) => link);
  expect(links).toEqual(['metrics', 'config', 'probes']);
  for (const link of links) expect((await get(`${url}/${link}`)).status).toBe(200);
  expect((await get(`${url}/probes`)).text).toContain('<title>Recent probes</title>');
  expect(await get(`${url}/health`)).toMatchObject({ status: 404 });
  io.interrupt();
  expect((await ended).exit).toBe(0);
});

test('without quirks a path that is not there is not there', async () => {
  const { url, io, ended } = await start('--no-quirks');
  expect(await get(`${url}/health`)).toMatchObject({ status: 404 });
  expect(await get(url)).toMatchObject({ status: 200, type: 'text/html; charset=utf-8' });
  io.interrupt();
  expect((await ended).exit).toBe(0);
});

test.each([
  ['as the exporter does', [], true],
  ['without quirks not', ['--no-quirks'], false],
])('user info and query of a target are shown to others: %s', async (_name, more, isShown) => {
  const { url, io, ended } = await start('--log-prober', 'debug', ...more);
  const target = `user:canary-1@${new URL(url).host}/?key=canary-2`;
  const asked = `${url}/probe?${new URLSearchParams({ module: 'one', target, debug: 'true' }).toString()}`;
  // Who asks is told what he asked for.
  expect((await get(asked)).text).toContain('canary-1');
  const page = (await get(`${url}/`)).text;
  const log = (await get(`${url}/logs?${new URLSearchParams({ target }).toString()}`)).text;
  expect(log).toContain('msg="Probe failed"');
  expect(page).toContain(new URL(url).host);
  for (const text of [page, log])
    expect(['canary-1', 'canary-2'].map((word) => text.includes(word))).toEqual([isShown, isShown]);
  io.interrupt();
  expect((await ended).exit).toBe(0);
});
