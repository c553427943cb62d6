// Holds the running agent to its pages, over real HTTP, with targets of the embedded world: what a scrape gets, what a reload keeps, what ending does.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { captureIo, runInside } from '../../../test/support/cli.ts';
import { startWorld, type World } from '../../demo/world.ts';
import type { Journey } from '../../model/journey.ts';
import { listen } from '../server.ts';
import { type Running, startAgent, until } from './running.ts';

const CANARY = 'canary-8e21';
const TARGETS = `
  - target: kms.example
    name: kms
    labels: { env: test }
  - target: https://kms.example/keys?key=${CANARY}
    name: 'odd "name" \\ <b>'
`;
const config = (targets: string): string => `
schedule: { interval: 3s, concurrency: 2 }
labels: { service: keys }
defaults:
  samples: 2
  rate: 100
  only: [tls, balancer]
  request: { headers: { X-Api-Key: '\${TOKEN}' } }
targets:${targets}`;

let world: World;
let folder: string;
beforeAll(async () => {
  world = await startWorld();
  folder = await mkdtemp(join(tmpdir(), 'agent-'));
});
afterAll(async () => {
  await world.close();
  await rm(folder, { recursive: true });
});

async function get(url: string, init: RequestInit = {}): Promise<{ status: number; type: string; text: string }> {
  const answer = await fetch(url, init);
  return { status: answer.status, type: answer.headers.get('content-type') ?? '', text: await answer.text() };
}

/** Sum of the series of a family with these labels. */
function sum(metrics: string, family: string, ...labels: readonly string[]): number {
  const lines = metrics.split('\n').filter((line) => line.startsWith(`${family}{`) || line.startsWith(`${family} `));
  return lines
    .filter((line) => labels.every((label) => line.includes(label)))
    .reduce((all, line) => all + Number(line.slice(line.lastIndexOf(' '))), 0);
}

/** The metrics, once each target has had so many journeys. */
async function afterRuns({ url }: Running, targets: readonly string[], least: number): Promise<string> {
  return until(async () => {
    const { text } = await get(`${url}/metrics`);
    return targets.every((target) => sum(text, 'journey_runs_total', `target="${target}"`) >= least) ? text : null;
  });
}

describe('the agent', () => {
  let file: string;
  let running: Running;
  beforeAll(async () => {
    file = join(folder, 'agent.yml');
    await writeFile(file, config(TARGETS));
    running = await startAgent(world, ['--config', file, '--enable-reload', '--deny', '127.0.99.0/24'], {
      env: { TOKEN: CANARY },
    });
  });
  afterAll(async () => {
    await running.end();
  }, 30_000);

  test('rides its targets and tells Prometheus, with the labels of each', async () => {
    const metrics = await afterRuns(running, ['kms', String.raw`odd \"name\" \\ <b>`], 2);
    expect(metrics).toMatch(/^journey_verdict\{target="kms",service="keys",env="test"\} 2$/m);
    expect(metrics).toMatch(/^journey_verdict\{target="odd \\"name\\" \\\\ <b>",service="keys"\} 2$/m);
    const runs = sum(metrics, 'journey_runs_total', 'target="kms"');
    // 2 samples to each of 3 zones, added up over the journeys; the histogram counts those that came through.
    expect(sum(metrics, 'journey_hop_attempts_total', 'target="kms"', 'hop="total"')).toBeGreaterThanOrEqual(runs * 6);
    expect(
      sum(metrics, 'journey_hop_duration_seconds_bucket', 'target="kms"', 'hop="connect"', 'le="+Inf"'),
    ).toBeGreaterThanOrEqual(runs * 6);
    expect(sum(metrics, 'outrider_targets')).toBe(2);
    expect(sum(metrics, 'outrider_schedule_lag_seconds_count')).toBeGreaterThanOrEqual(runs);
    for (const family of [
      'process_cpu_seconds_total',
      'nodejs_eventloop_lag_seconds',
      'outrider_event_loop_delay_seconds',
    ])
      expect(metrics).toContain(`\n# TYPE ${family} `);
    const heads = [...metrics.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    expect(new Set(heads).size).toBe(heads.length);
  });

  test('speaks OpenMetrics and gzip to who asks', async () => {
    await afterRuns(running, ['kms'], 1);
    const headers = { accept: 'application/openmetrics-text;version=1.0.0', 'accept-encoding': 'gzip' };
    const answer = await fetch(`${running.url}/metrics`, { headers });
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(answer.headers.get('content-type')).toMatch(/^application\/openmetrics-text; version=1\.0\.0/);
    const text = await answer.text();
    expect(text.endsWith('# EOF\n')).toBe(true);
    expect(text).toContain('# TYPE journey_runs counter\njourney_runs_total{');
  });

  test('shows the status, each journey whole, and no secret anywhere', async () => {
    await afterRuns(running, ['kms'], 1);
    const page = await until(async () => {
      const { text } = await get(running.url);
      return text.includes('journeys/') ? text : null;
    });
    expect(page).toContain('odd &quot;name&quot; \\ &lt;b&gt;');
    expect(page).toContain('kms-az1');
    const link = /href="(journeys\/[0-9a-f-]+)"/.exec(page)?.[1] ?? '';
    const html = await get(`${running.url}/${link}`);
    expect({ status: html.status, type: html.type }).toEqual({ status: 200, type: 'text/html; charset=utf-8' });
    const json = await get(`${running.url}/${link}.json`);
    const journey = JSON.parse(json.text) as Journey;
    expect(journey).toMatchObject({ schema: 'journey/1', id: link.slice('journeys/'.length), verdict: 'critical' });
    const asked = await get(`${running.url}/${link}`, { headers: { accept: 'application/json' } });
    expect(asked.text).toBe(json.text);
    expect((await get(`${running.url}/journeys/none`)).status).toBe(404);
    const shown = await get(`${running.url}/config`);
    expect(shown.text).toContain('X-Api-Key: ${TOKEN}');
    const metrics = await get(`${running.url}/metrics`);
    const { err } = running.io.captured();
    expect(err).toMatch(
      / level=warn msg="verdict changed" target=kms from=none to=critical findings=[a-z,-]*certificate-expiry/,
    );
    for (const text of [page, shown.text, metrics.text, err]) expect(text).not.toContain(CANARY);
    // The query is the request's own, and stays in the journey; the header's value does not.
    expect(json.text.replaceAll(`key=${CANARY}`, '')).not.toContain(CANARY);
  });

  test('rides one whole journey for who asks /probe for it, to a target of the config or to another', async () => {
    const probe = (target: string): Promise<{ status: number; text: string }> =>
      get(`${running.url}/probe?module=journey&target=${encodeURIComponent(target)}`);
    const configured = await probe('kms');
    expect(configured.status).toBe(200);
    // 2 samples to each of 3 zones, as its own runs have, and its labels.
    expect(sum(configured.text, 'journey_hop_attempts_total', 'target="kms"', 'env="test"', 'hop="total"')).toBe(6);
    expect(sum(configured.text, 'probe_success')).toBe(0);
    expect(configured.text).toContain('\njourney_verdict{target="kms",service="keys",env="test"} 2\n');
    const stranger = await probe(`https://127.0.20.1:${world.port}/`);
    expect(stranger.text).toContain(`\njourney_verdict{target="https://127.0.20.1:${world.port}/"} 2\n`);
    // The defaults of the config are for its own targets: 10 samples, and nothing else of the file.
    expect(sum(stranger.text, 'journey_hop_attempts_total', 'hop="total"')).toBe(10);
  });

  test.each([
    ['', 400, 'Target parameter is missing'],
    ['https://169.254.169.254/latest', 400, '169.254.169.254 is link-local'],
    ['[fd00:ec2::254]', 400, 'link-local or a cloud'],
    ['127.0.99.1', 400, '127.0.99.1 is denied by --deny'],
    ['no such name', 400, ''],
    ['nowhere.invalid', 400, 'nowhere.invalid has no address'],
  ])('does not ride to "%s"', async (target, status, says) => {
    const answer = await get(`${running.url}/probe?module=journey&target=${encodeURIComponent(target)}`);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(says);
  });

  test('says that it lives and is ready; other paths are not there', async () => {
    expect(await get(`${running.url}/-/healthy`)).toMatchObject({ status: 200, text: 'Healthy' });
    expect(await get(`${running.url}/-/ready`)).toMatchObject({ status: 200 });
    expect(await get(`${running.url}/probe?target=127.0.0.1`)).toMatchObject({ status: 404 });
    expect(await get(`${running.url}/-/reload`)).toMatchObject({ status: 405 });
  });

  test('keeps its config when the new one is wrong, and its counters when it is right', async () => {
    const before = sum(await afterRuns(running, ['kms'], 2), 'journey_runs_total', 'target="kms"');
    await writeFile(file, config('\n  - target: kms.example\n    sample: 3\n'));
    const refused = await get(`${running.url}/-/reload`, { method: 'POST' });
    expect(refused).toMatchObject({ status: 500 });
    expect(refused.text).toContain('agent.yml:11: no key is called "sample"');
    expect(running.io.captured().err).toContain('the config was not taken, the one before it is kept');
    const old = (await get(`${running.url}/metrics`)).text;
    expect(sum(old, 'outrider_config_last_reload_successful')).toBe(0);
    expect(sum(old, 'outrider_targets')).toBe(2);

    await writeFile(file, config('\n  - { target: kms.example, name: kms, labels: { env: moved } }\n'));
    running.io.hangup();
    const metrics = await until(async () => {
      const { text } = await get(`${running.url}/metrics`);
      return sum(text, 'outrider_targets') === 1 && text.includes('env="moved"') ? text : null;
    });
    expect(sum(metrics, 'outrider_config_last_reload_successful')).toBe(1);
    expect(sum(metrics, 'journey_runs_total', 'target="kms"', 'env="moved"')).toBeGreaterThanOrEqual(before);
    expect(metrics).not.toContain('target="odd');
  });
});

test('finds targets in files and at URLs, follows their changes, and keeps them when a place is wrong', async () => {
  let answer = { status: 200, body: '[{"targets":["kms.example/b"],"labels":{"from":"http"}}]' };
  const named = await listen({ host: '127.0.0.1', port: 0 }, async () => ({
    contentType: 'application/json',
    ...answer,
  }));
  const list = join(folder, 'named.yml');
  await writeFile(list, '- { targets: [kms.example/a], labels: { from: file } }\n');
  const file = join(folder, 'discovering.yml');
  const common = 'schedule: { interval: 3s }\ndefaults: { samples: 1, only: [tls] }\n';
  await writeFile(
    file,
    `${common}discover: { files: [named.yml], http: ['http://127.0.0.1:${named.port}/?k=1'], refresh: 100ms }\n`,
  );
  const running = await startAgent(world, ['--config', file], { env: { TOKEN: CANARY } });
  const seen = (wanted: readonly string[]): Promise<unknown> =>
    until(async () => {
      const { text } = await get(running.url);
      return wanted.every((words) => text.includes(words)) || null;
    });
  await seen(['2 targets', 'from&#61;file', 'from&#61;http']);
  await writeFile(list, '- { targets: [kms.example/a, kms.example/c], labels: { from: moved } }\n');
  await seen(['3 targets', 'from&#61;moved']);
  await writeFile(list, '');
  await until(() => running.io.captured().err.includes('named.yml: empty'));
  await writeFile(list, '- { target: [kms.example/a] }\n');
  await until(() => running.io.captured().err.includes(String.raw`named.yml:1: 0: no key is called \"target\"`));
  answer = { status: 503, body: '' };
  await until(
    async () => sum((await get(`${running.url}/metrics`)).text, 'outrider_discovery_sources_failing') === 2 || null,
  );
  await seen(['3 targets']);
  const { err } = running.io.captured();
  expect(err).toContain(`http://127.0.0.1:${named.port}/: answered 503`);
  expect(await running.end()).toMatchObject({ exit: 0 });
  await named.close(0);
});

test('without --enable-reload nobody reloads over HTTP', async () => {
  const file = join(folder, 'closed.yml');
  await writeFile(file, config(TARGETS));
  const { url, io, ended } = await startAgent(world, ['--config', file], { env: { TOKEN: CANARY } });
  expect(await get(`${url}/-/reload`, { method: 'POST' })).toMatchObject({ status: 403 });
  io.interrupt();
  expect(await ended).toMatchObject({ exit: 0 });
});

test('--check says what is in the file, and mistakes end with their line and 64', async () => {
  const file = join(folder, 'checked.yml');
  await writeFile(file, config(TARGETS));
  const env = { TOKEN: CANARY };
  expect(await runInside(world, ['serve', '--config', file, '--check'], captureIo({ env }))).toMatchObject({
    exit: 0,
    out: `${file}: 2 targets\n`,
  });
  const wrong = runInside(world, ['serve', '--config', file, '--check'], captureIo());
  await expect(wrong).rejects.toThrow(`${file}:8: the environment has no variable TOKEN`);
  await writeFile(join(folder, 'tokens'), 'short\n');
  for (const [option, value, says] of [
    ['--token-file', join(folder, 'tokens'), 'tokens:1: not a token'],
    ['--token-file', join(folder, 'gone'), 'cannot read'],
    ['--deny', '*', '--deny: "*" is neither a network nor a name'],
    ['--max-probes-per-client', 'some', '--max-probes-per-client'],
  ] as const)
    await expect(
      runInside(world, ['serve', '--config', file, '--check', option, value], captureIo({ env })),
    ).rejects.toThrow(says);
});
