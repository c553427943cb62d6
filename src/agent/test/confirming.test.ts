// Holds `confirm:` of an agent's file to real journeys: a failed one is ridden again within its turn, the last counts, and the first stays to be seen.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWorld, type World } from '../../demo/world.ts';
import type { Journey } from '../../model/journey.ts';
import { type Running, startAgent, until } from './running.ts';

let world: World;
let folder: string;
let server: Server;
/** Requests of one ride. */
const SAMPLES = 2;
/** How many requests to a path still fail. */
const sick = new Map<string, number>();
const ALWAYS = new Set(['/down', '/plain']);
let running: Running;
beforeAll(async () => {
  world = await startWorld();
  folder = await mkdtemp(join(tmpdir(), 'confirming-'));
  server = createServer(({ url = '' }, response) => {
    const left = sick.get(url) ?? 0;
    sick.set(url, left - 1);
    response.writeHead(ALWAYS.has(url) || left > 0 ? 503 : 200).end('hello');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  running = await start((server.address() as AddressInfo).port);
});
afterAll(async () => {
  await running.end();
  server.close();
  await world.close();
  await rm(folder, { recursive: true });
});

async function start(port: number): Promise<Running> {
  const file = join(folder, 'agent.yml');
  const target = (name: string, more: string): string =>
    `  - { target: 'http://127.0.0.1:${port}/${name}', name: ${name}${more} }\n`;
  await writeFile(
    file,
    `schedule: { interval: 4s, confirm: { after: 300ms } }
defaults: { samples: ${SAMPLES}, rate: 100, only: [hosts] }
targets:
${target('flaps', '')}${target('down', '')}${target('plain', ', confirm: 0')}${target('asked', ', interval: 1h')}`,
  );
  return startAgent(world, ['--config', file]);
}

/** Of the target, once they are as wanted: a busy machine may cut a journey short, and then one of the next will do. */
const metricsOf = (target: string, ...wanted: readonly RegExp[]): Promise<string> =>
  until(async () => {
    const text = await (await fetch(`${running.url}/metrics`)).text();
    const own = text.split('\n').filter((line) => line.includes(`{target="${target}"`));
    return wanted.every((one) => own.some((line) => one.test(line))) ? own.join('\n') : null;
  });

test('a journey that fails once is no outage, and yet counted, kept and told', async () => {
  // Not at the pace of the turns: what fell between two attempts once would fall there every time.
  const arm = setInterval(() => sick.set('/flaps', SAMPLES), 2900);
  sick.set('/flaps', SAMPLES);
  await metricsOf('flaps', /^journey_flaps_total\{target="flaps"\} [1-9]/, /^journey_verdict\{target="flaps"\} [01]$/);
  clearInterval(arm);
  const { err } = running.io.captured();
  const [, id = ''] =
    /msg="failure not confirmed" target=flaps verdict=(?:critical|unknown) repeated=\w+ journey=(\S+)/.exec(err) ?? [];
  expect(id).not.toBe('');
  // It changed no verdict.
  expect(err).not.toMatch(new RegExp(`verdict changed[^\\n]*journey=${id}`));
  const kept = (await (await fetch(`${running.url}/journeys/${id}.json`)).json()) as Journey;
  expect(kept).toMatchObject({ id });
  expect(['critical', 'unknown']).toContain(kept.verdict);
});

test('a journey that fails twice is an outage, told once', async () => {
  const metrics = await metricsOf(
    'down',
    /^journey_verdict\{target="down"\} 2$/,
    /^journey_attempts\{target="down"\} 2$/,
  );
  expect(metrics).toMatch(/^journey_flaps_total\{target="down"\} 0$/m);
  expect(metrics).toMatch(/^journey_runs_total\{target="down",verdict="critical"\} [1-9]/m);
  // What the first one met adds up with what the other did.
  const attempts = /^journey_hop_attempts_total\{target="down",hop="total"[^}]*\} (\d+)$/m.exec(metrics);
  expect(Number(attempts?.[1])).toBeGreaterThan(2);
});

test('/probe?module=journey repeats it too, within the time of the scrape', async () => {
  sick.set('/asked', SAMPLES);
  const answer = await fetch(`${running.url}/probe?module=journey&target=asked`, {
    headers: { 'X-Prometheus-Scrape-Timeout-Seconds': '20' },
  });
  const text = await answer.text();
  expect(text).toContain('\nprobe_success 1\n');
  expect(text).toContain('\nprobe_attempts 2\n');
  expect(text).toContain('\nprobe_first_attempt_failed 1\n');
});

test('who does not ask for it gets none of it', async () => {
  const metrics = await metricsOf('plain', /^journey_runs_total\{target="plain",verdict="critical"\} \d+$/);
  expect(metrics).not.toMatch(/^journey_(attempts|flaps_total)\{/m);
});
