// Holds `confirm:` of an agent's file to real journeys: a failed one is ridden again within its turn, the last counts, and the first stays to be seen.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CapturedIo, captureIo, type Ran, runInside } from '../../../test/support/cli.ts';
import { startWorld, type World } from '../../demo/world.ts';

/** Requests of one ride, warm-up and all: counted, so that a ride can be told from the next. */
const SAMPLES = 2;
let world: World;
let folder: string;
let server: Server;
/** Requests by path. */
const requests = new Map<string, number>();
/** Whether the first, second... ride to a path fails. */
const FAILS: Readonly<Record<string, (ride: number) => boolean>> = {
  '/flaps': (ride) => ride === 0,
  '/asked': (ride) => ride === 0,
  '/down': () => true,
  '/plain': () => true,
};
let running: Running;
beforeAll(async () => {
  world = await startWorld();
  folder = await mkdtemp(join(tmpdir(), 'confirming-'));
  server = createServer(({ url = '' }, response) => {
    const before = requests.get(url) ?? 0;
    requests.set(url, before + 1);
    response.writeHead(FAILS[url]?.(Math.floor(before / SAMPLES)) === true ? 503 : 200).end('hello');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  running = await start((server.address() as AddressInfo).port);
});
afterAll(async () => {
  running.io.interrupt();
  await running.ended;
  server.close();
  await world.close();
  await rm(folder, { recursive: true });
});

interface Running {
  readonly url: string;
  readonly io: CapturedIo;
  readonly ended: Promise<Ran>;
}

let ids = 0;
async function start(port: number): Promise<Running> {
  const file = join(folder, 'agent.yml');
  const target = (name: string, more: string): string =>
    `  - { target: 'http://127.0.0.1:${port}/${name}', name: ${name}${more} }\n`;
  await writeFile(
    file,
    `schedule: { interval: 3s, confirm: { after: 50ms } }
defaults: { samples: ${SAMPLES}, rate: 100, only: [hosts] }
targets:
${target('flaps', '')}${target('down', '')}${target('plain', ', confirm: 0')}${target('asked', ', interval: 1h')}`,
  );
  const io = captureIo({ newId: () => `00000000-0000-4000-8000-${String(++ids).padStart(12, '0')}` });
  const ended = runInside(world, ['serve', '--config', file, '--listen', '127.0.0.1:0'], io);
  const found = await until(async () => /listening on 127\.0\.0\.1:(\d+)/.exec(io.captured().err)?.[1]);
  return { url: `http://127.0.0.1:${found}`, io, ended };
}

async function until<T>(ask: () => Promise<T | null | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer != null) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Of the first journey to the target. */
const metricsOf = (target: string): Promise<string> =>
  until(async () => {
    const text = await (await fetch(`${running.url}/metrics`)).text();
    const own = text.split('\n').filter((line) => line.includes(`{target="${target}"`));
    return own.some((line) => line.startsWith('journey_runs_total{')) ? own.join('\n') : null;
  });

test('a journey that fails once is no outage, and yet counted, kept and told', async () => {
  const metrics = await metricsOf('flaps');
  expect(metrics).not.toMatch(/^journey_runs_total\{[^}]*verdict="(critical|unknown)"/m);
  expect(metrics).toMatch(/^journey_flaps_total\{target="flaps"\} 1$/m);
  expect(metrics).toMatch(/^journey_attempts\{target="flaps"\} [12]$/m);
  expect(metrics).toMatch(/^journey_verdict\{target="flaps"\} [01]$/m);
  // What the first one met adds up with what the others did.
  expect(metrics).toMatch(/^journey_hop_attempts_total\{target="flaps",hop="total"[^}]*\} ([4-9]|\d\d)$/m);
  const { err } = running.io.captured();
  expect(err).toMatch(/msg="failure not confirmed" target=flaps verdict=critical repeated=ok journey=[0-9a-f-]{36}/);
  expect(err).not.toMatch(/target=flaps [^\n]*to=critical/);
  const [, id = ''] = /target=flaps verdict=critical repeated=ok journey=(\S+)/.exec(err) ?? [];
  expect(await (await fetch(`${running.url}/journeys/${id}.json`)).json()).toMatchObject({ id, verdict: 'critical' });
});

test('a journey that fails twice is an outage, told once', async () => {
  const metrics = await metricsOf('down');
  expect(metrics).toMatch(/^journey_verdict\{target="down"\} 2$/m);
  expect(metrics).toMatch(/^journey_attempts\{target="down"\} 2$/m);
  expect(metrics).toMatch(/^journey_flaps_total\{target="down"\} 0$/m);
  expect(running.io.captured().err.match(/target=down [^\n]*to=critical/g)).toHaveLength(1);
});

test('/probe?module=journey repeats it too, within the time of the scrape', async () => {
  const answer = await fetch(`${running.url}/probe?module=journey&target=asked`, {
    headers: { 'X-Prometheus-Scrape-Timeout-Seconds': '10' },
  });
  const text = await answer.text();
  expect(text).toContain('\nprobe_success 1\n');
  expect(text).toContain('\nprobe_attempts 2\n');
  expect(text).toContain('\nprobe_first_attempt_failed 1\n');
});

test('who does not ask for it gets none of it', async () => {
  const metrics = await metricsOf('plain');
  expect(metrics).toMatch(/^journey_runs_total\{target="plain",verdict="critical"\} \d+$/m);
  expect(metrics).not.toMatch(/^journey_(attempts|flaps_total)\{/m);
});
