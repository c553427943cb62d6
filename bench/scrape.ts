// `node bench/scrape.ts [TARGETS]`: what a scrape of very many targets costs those who are probed meanwhile: size, time, memory, and how late the
// event loop was, over real HTTP. Every target has the series of the demo's journey.
import { readFile } from 'node:fs/promises';
import { get } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { probes } from '../probes/index.ts';
import type { Followed } from '../src/agent/agent.ts';
import { watchLoopDelay } from '../src/agent/loop-delay.ts';
import { scrape } from '../src/agent/scrape.ts';
import { listen } from '../src/agent/server.ts';
import { SharedSeries } from '../src/agent/shared-series.ts';
import { samplesOf } from '../src/cli/output.ts';
import type { MetricSample } from '../src/contract/probe.ts';
import { readJourney } from '../src/journey/read.ts';
import { MEDIA_TYPES } from '../src/metrics/exposition.ts';
import { GrowingHistogram } from '../src/metrics/histogram.ts';
import { collectProcessMetrics } from '../src/metrics/process-metrics.ts';
import { TargetSeries } from '../src/metrics/target-series.ts';
import type { Journey } from '../src/model/journey.ts';

const TARGETS = Number(process.argv[2] ?? 10_000);
const FILE = 'test/golden/old/0.2.0-demo.json';
const RESOLUTION_MS = 1;
const SCRAPES = 3;

const journey = await readJourney(await readFile(FILE, 'utf8'), FILE, probes);
const samples = await samplesOf(journey, probes);
/** Without what no metric is made of. */
const written = JSON.stringify({ journey: { ...journey, evidence: {}, checks: [], answers: [] }, samples });
const shared = new SharedSeries(() => performance.now());

/** Each has names and addresses of its own: what targets share here they share out there. */
function journeyOf(at: number): { readonly journey: Journey; readonly samples: readonly MetricSample[] } {
  const own = written
    .replaceAll('kms.example', `kms-${at}.example`)
    .replaceAll('127.0.', `10.${at >> 8}.${at & 0xff}.`);
  return JSON.parse(own) as { readonly journey: Journey; readonly samples: readonly MetricSample[] };
}

const before = process.memoryUsage().rss;
let writingMs = 0;
const followed = Array.from({ length: TARGETS }, (_, at): Followed => {
  const series = new TargetSeries(`kms-${at}.example`, { service: 'kms' }, shared);
  const told = journeyOf(at);
  const startMs = performance.now();
  // Four journeys: percentiles of a window are there from some samples on.
  for (let run = 0; run < 4; run++) series.ended(told.journey, told.samples);
  writingMs += (performance.now() - startMs) / 4;
  return { series } as Followed;
});
const perTargetMs = writingMs / TARGETS;
const say = (text: string): void => void process.stdout.write(`${text}\n`);
say(
  `${TARGETS} targets, ${perTargetMs.toFixed(2)} ms to take in each journey, ${megabytes(process.memoryUsage().rss - before)} resident beyond the ${megabytes(before)} of the program`,
);

const delay = watchLoopDelay();
const processMetrics = collectProcessMetrics();
const agent = {
  followed: () => followed.values(),
  state: () => ({ targets: TARGETS, underWay: 0, stalled: 0, waiting: 0, faults: 0 }),
  lag: new GrowingHistogram([1]),
  shared,
};
const reloads = () => ({ targets: null, modules: null });
const logCounts = () => ({ told: new Map(), dropped: 0 });
const server = await listen({ host: '127.0.0.1', port: 0 }, async () => ({
  ...{ status: 200, contentType: MEDIA_TYPES.text },
  body: await scrape(
    {
      ...{ agent, probing: null, version: '0', delay, reloads },
      ...{ discovery: () => null, unknownModules: () => 0, probeThreads: () => 0, logCounts, processMetrics },
      asking: () => ({ underWay: 0, turnedAway: 0, outcomes: new Map() }),
      flaps: () => new Map(),
    },
    'text',
  ),
}));

for (const encoding of ['identity', 'gzip']) {
  for (let at = 0; at < SCRAPES; at++) {
    const loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    loop.enable();
    const startMs = performance.now();
    const bytes = await scraped(encoding);
    const tookMs = performance.now() - startMs;
    loop.disable();
    const late = (percentile: number): string =>
      `${Math.max(0, loop.percentile(percentile) / 1e6 - RESOLUTION_MS).toFixed(1)} ms`;
    say(
      `${encoding}: ${megabytes(bytes)} in ${(tookMs / 1000).toFixed(1)} s; loop late p50 ${late(50)}, p99 ${late(99)}, longest ${late(100)}`,
    );
  }
}
say(`at most ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB resident, all in all`);
await server.close(0);
delay.stop();

/** Read as it comes, in this process too: half of the work is the reader's. */
function scraped(encoding: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'accept-encoding': encoding };
    get({ host: '127.0.0.1', port: server.port, headers, agent: false }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.byteLength;
      });
      response.once('end', () => resolve(bytes)).once('error', reject);
    }).once('error', reject);
  });
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
