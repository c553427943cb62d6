// Metrics as promtool reads them, and as Prometheus itself scrapes and answers them.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Journey } from '../../src/model/journey.ts';
import { countDatagrams } from './rig/counters.ts';
import { type Hostile, startHostile } from './rig/hostile.ts';
import { servePages } from './rig/pages.ts';
import { createPki } from './rig/pki.ts';
import { freePort } from './rig/ports.ts';
import { probe } from './rig/probe.ts';
import { HERE, openRig, type Rig, run } from './rig/rig.ts';
import { requireTools } from './rig/tools.ts';

const PROMETHEUS = '127.0.60.221';
/** The codes of journey_verdict. */
const VERDICTS: Readonly<Record<Journey['verdict'], number>> = { ok: 0, warning: 1, critical: 2, unknown: 3 };

let rig: Rig;
let hostile: Hostile;
beforeAll(async () => {
  if (!requireTools(['openssl'])) return;
  rig = await openRig();
  hostile = await startHostile(rig, await createPki(rig), '127.0.60.220', 'http://127.0.60.220/owned.png');
});
afterAll(() => rig?.close());

/** The exposition text, and the journey that it was made from. */
async function metrics(args: readonly string[]): Promise<{ readonly text: string; readonly journey: Journey }> {
  const ridden = await probe([...args, '--format', 'json', '--fail-on', 'never']);
  expect({ code: ridden.code, stderr: ridden.stderr }).toEqual({ code: 0, stderr: '' });
  const file = await rig.write(`${++journeys}.json`, ridden.stdout);
  const { code, stdout: text, stderr } = await probe(['report', file, '--format', 'prometheus', '--fail-on', 'never']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return { text, journey: JSON.parse(ridden.stdout) as Journey };
}
let journeys = 0;

describe.skipIf(!requireTools(['promtool', 'openssl']))('promtool', () => {
  it('has nothing to say about the metrics of the demo', async () => {
    const ran = await probe(['demo', 'kms.example', '-n', '5', '--format', 'prometheus', '--fail-on', 'never']);
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: '' });
    expect(await run(['promtool', 'check', 'metrics'], ran.stdout)).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('has nothing to say about a hostile service', async () => {
    const { text, journey } = await metrics(hostile.args);
    const failed = journey.hops.find(({ id }) => id === 'total');
    expect(failed).toMatchObject({ attempts: 4, failures: 2, errors: { 'http-protocol': 2 } });
    expect(text).toContain('<script>');
    expect(await run(['promtool', 'check', 'metrics'], text)).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('has nothing to say about a service whose name nobody resolves', async () => {
    const silent = await countDatagrams(rig, '127.0.60.222');
    const args = ['kms.test', '-n', '2', '--timeout', '300ms', '--resolver', `${silent.address}#${silent.port}`];
    const { text, journey } = await metrics(args);
    expect(journey.endpoints).toEqual([]);
    expect(journey.hops.map(({ id, errors }) => [id, errors])).toEqual([['resolve', { 'dns-timeout': 1 }]]);
    expect(await run(['promtool', 'check', 'metrics'], text)).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('does find something in metrics that are wrong', async () => {
    const wrong = '# TYPE journey_requests counter\njourney_requests 1\n';
    expect((await run(['promtool', 'check', 'metrics'], wrong)).code).not.toBe(0);
  });
});

describe.skipIf(!requireTools(['prometheus', 'curl', 'openssl', 'setpriv']))('Prometheus', () => {
  it('scrapes the metrics of a hostile service and gives them back', async () => {
    const { text, journey } = await metrics(hostile.args);
    const type = 'text/plain; version=0.0.4; charset=utf-8';
    const target = await servePages(rig, '127.0.60.222', { '/metrics': { type, text } });
    const api = await startPrometheus(rig, target);
    // `up` is written after the samples of its scrape.
    const up = await untilAnswered(api, 'up');
    expect(up.map(({ value }) => value[1])).toEqual(['1']);

    const [verdict] = await query(api, 'journey_verdict');
    expect(verdict).toMatchObject({ metric: { target: journey.target.input } });
    expect(Number(verdict?.value[1])).toBe(VERDICTS[journey.verdict]);
    const total = journey.hops.find(({ id }) => id === 'total');
    const [attempts] = await query(api, 'sum(journey_hop_attempts_total{hop="total"})');
    expect(Number(attempts?.value[1])).toBe(total?.attempts);
    // The quotes and backslashes that the format escapes, and the markup, come back as they were; the rest is cut.
    const [zone] = await query(api, 'journey_endpoints');
    const beginning = hostile.zone.slice(0, 40);
    expect(beginning).toMatch(/\\.*".*<script>/);
    expect(zone?.metric['zone']?.slice(0, beginning.length)).toBe(beginning);
  });
});

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  /** Unix time, and the value as text. */
  readonly value: readonly [number, string];
}

/** @returns address of its HTTP API */
async function startPrometheus(rig: Rig, target: string): Promise<string> {
  const listen = `${PROMETHEUS}:${await freePort([PROMETHEUS])}`;
  const config = await rig.write(
    'prometheus.yml',
    `global: { scrape_interval: 200ms, scrape_timeout: 200ms }
scrape_configs: [{ job_name: probe, static_configs: [{ targets: ['${target}'] }] }]
`,
  );
  const data = join(rig.folder, 'prometheus');
  await mkdir(data);
  const files = [`--config.file=${config}`, `--storage.tsdb.path=${data}`];
  const argv = ['prometheus', ...files, `--web.listen-address=${listen}`, '--log.level=warn'];
  const answers = ['curl', '--silent', '--fail', '--output', '/dev/null', `http://${listen}/-/ready`];
  await rig.start({ name: 'prometheus', place: HERE, argv, answers });
  return listen;
}

/** An instant query. */
async function query(api: string, expression: string): Promise<readonly Sample[]> {
  const answer = await fetch(`http://${api}/api/v1/query?query=${encodeURIComponent(expression)}`);
  const { data } = (await answer.json()) as { readonly data: { readonly result: readonly Sample[] } };
  return data.result;
}

/** Asks again until there is a sample; the test's own timeout bounds it. */
async function untilAnswered(api: string, expression: string): Promise<readonly Sample[]> {
  for (;;) {
    const samples = await query(api, expression);
    if (samples.length > 0) return samples;
    await sleep(50);
  }
}
