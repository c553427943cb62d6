// The agent under a real Prometheus: every target is up, judged and counted, a scrape is clean, a wrong config changes nothing, and ending is quick.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from './rig/ports.ts';
import { HERE, openRig, type Rig, run } from './rig/rig.ts';
import { requireTools } from './rig/tools.ts';

const [AGENT, PROMETHEUS] = ['127.0.60.231', '127.0.60.232'];
const BIN = resolve(import.meta.dirname, '../../src/bin.ts');

const CONFIG = `
schedule: { interval: 4s, concurrency: 2 }
labels: { service: keys }
defaults: { samples: 2, rate: 100, only: [tls, balancer] }
targets:
  - { target: kms.example, name: broken, labels: { team: a } }
  - { target: kms.example, name: 'a "b" \\ <c>' }
  - { target: gone.example, name: gone }
`;

describe.skipIf(!requireTools(['prometheus', 'promtool', 'curl']))('the agent', () => {
  let rig: Rig;
  let agent: ChildProcess;
  let said = '';
  let file: string;
  const listen = { agent: '', prometheus: '' };
  beforeAll(async () => {
    rig = await openRig();
    listen.agent = `${AGENT}:${await freePort([AGENT])}`;
    file = await rig.write('agent.yml', CONFIG);
    agent = spawn(process.execPath, [BIN, 'demo', 'serve', '--config', file, '--listen', listen.agent]);
    agent.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
    });
    await until(async () => said.includes('listening on') || null);
    listen.prometheus = `${PROMETHEUS}:${await freePort([PROMETHEUS])}`;
    const config = await rig.write(
      'prometheus.yml',
      `global: { scrape_interval: 500ms, scrape_timeout: 500ms }
scrape_configs: [{ job_name: outrider, static_configs: [{ targets: ['${listen.agent}'] }] }]
`,
    );
    const data = join(rig.folder, 'prometheus');
    await mkdir(data);
    const argv = [
      ...['prometheus', `--config.file=${config}`, `--storage.tsdb.path=${data}`],
      ...[`--web.listen-address=${listen.prometheus}`, '--log.level=warn'],
    ];
    const answers = ['curl', '--silent', '--fail', '--output', '/dev/null', `http://${listen.prometheus}/-/ready`];
    await rig.start({ name: 'prometheus', place: HERE, argv, answers });
  });
  afterAll(async () => {
    agent?.kill('SIGKILL');
    await rig?.close();
  });

  /** An instant query, as values by target. */
  async function values(expression: string): Promise<Readonly<Record<string, number>>> {
    const answer = await fetch(`http://${listen.prometheus}/api/v1/query?query=${encodeURIComponent(expression)}`);
    const { data } = (await answer.json()) as {
      readonly data: {
        readonly result: readonly {
          readonly metric: Readonly<Record<string, string>>;
          readonly value: readonly [number, string];
        }[];
      };
    };
    return Object.fromEntries(data.result.map(({ metric, value }) => [metric['target'] ?? '', Number(value[1])]));
  }

  it('is up, and every target has its verdict', async () => {
    const verdicts = await until(async () => {
      const found = await values('journey_verdict');
      return Object.keys(found).length === 3 ? found : null;
    });
    // 2 is critical; 3 is unknown: no probe that looks at names was asked why there is no address.
    expect(verdicts).toEqual({ broken: 2, 'a "b" \\ <c>': 2, gone: 3 });
    expect(await values('up')).toEqual({ '': 1 });
    expect(await values('journey_verdict{service="keys",team="a"}')).toEqual({ broken: 2 });
    const counted = await until(async () => {
      const found = await values('sum by (target) (journey_runs_total)');
      return Object.values(found).length === 3 && Object.values(found).every((runs) => runs >= 2) ? found : null;
    });
    expect(Object.keys(counted).toSorted((a, b) => a.localeCompare(b))).toHaveLength(3);
    // Two samples to each of three zones in every journey.
    expect(
      (await values('sum by (target) (journey_hop_attempts_total{hop="total"})'))['broken'],
    ).toBeGreaterThanOrEqual(12);
  });

  it.each(['text/plain', 'application/openmetrics-text;version=1.0.0'])(
    'promtool has nothing to say: %s',
    async (accept) => {
      const text = await (await fetch(`http://${listen.agent}/metrics`, { headers: { accept } })).text();
      expect(text).toContain('journey_verdict{target="broken"');
      // promtool reads the text format.
      if (accept === 'text/plain')
        expect(await run(['promtool', 'check', 'metrics'], text)).toEqual({ code: 0, stdout: '', stderr: '' });
      else expect(text.endsWith('# EOF\n')).toBe(true);
    },
  );

  it('keeps its targets when SIGHUP finds a wrong file, and says so', async () => {
    await rig.write('agent.yml', 'targets: [{ sample: 3 }]\n');
    agent.kill('SIGHUP');
    await until(async () => said.includes('the config was not taken') || null);
    expect(said).toContain(String.raw`agent.yml:1: no key is called \"sample\"`);
    await until(async () => (await values('outrider_config_last_reload_successful'))[''] === 0 || null);
    expect(Object.keys(await values('journey_verdict'))).toHaveLength(3);
    await rig.write('agent.yml', CONFIG.replace(/\n {2}- \{ target: gone.*/, ''));
    agent.kill('SIGHUP');
    await until(async () => Object.keys(await values('journey_verdict')).length === 2 || null);
    expect((await values('outrider_config_last_reload_successful'))['']).toBe(1);
  });

  it('ends with 0 at SIGTERM', async () => {
    agent.kill('SIGTERM');
    expect(await once(agent, 'exit')).toEqual([0, null]);
  });
});

/** Asks until there is an answer; the test's own timeout bounds it. */
async function until<T>(ask: () => Promise<T | null>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    await sleep(50);
  }
}
