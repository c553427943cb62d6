// Two agents with one list of targets under the deployed scrape configuration and rules: each target has one agent, a zone that goes down is told to a
// real Alertmanager and its return too, and an agent that is killed is missed, comes back, and is a counter reset to Prometheus and nothing more.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isInShard } from '../../src/agent/shard.ts';
import { type RunningAgent, startAgent, sumOf, until } from './rig/agent.ts';
import { freePort } from './rig/ports.ts';
import {
  type Alert,
  type Alertmanager,
  deployedJobs,
  deployedRules,
  type Prometheus,
  startAlertmanager,
  startPrometheus,
} from './rig/prometheus.ts';
import { openRig, type Rig } from './rig/rig.ts';
import { requireTools } from './rig/tools.ts';
import { startZone, type Zone } from './rig/zone.ts';

const AGENTS = ['127.0.60.244', '127.0.60.245'] as const;
const PROMETHEUS = '127.0.60.246';
const ZONES = { 'az-a': '127.0.60.247', 'az-b': '127.0.60.248', 'az-c': '127.0.60.249' } as const;
const LOST = 'az-c';
const [JOURNEYS, PAGES] = [8, 4];
const MODULES = 'modules: { http_2xx: { prober: http, timeout: 5s } }\n';

/** One list for both agents, in the form of file_sd; each rides its share. */
const CONFIG = `
schedule: { interval: 1s }
defaults:
  samples: 3
  only: [tls, balancer]
  connect: [${Object.values(ZONES).join(', ')}]
  zones: ${JSON.stringify(Object.fromEntries(Object.entries(ZONES).map(([name, address]) => [name, [address]])))}
discover: { files: [list.yml] }
`;

const byText = (a: string, b: string): number => a.localeCompare(b);

describe.skipIf(!requireTools(['prometheus', 'prometheus-alertmanager', 'curl', 'setpriv']))('two agents', () => {
  let rig: Rig;
  let zones: Readonly<Record<string, Zone>>;
  let agents: RunningAgent[];
  let prometheus: Prometheus;
  let alertmanager: Alertmanager;
  let names: readonly string[];
  let urls: readonly string[];
  const listens: string[] = [];

  beforeAll(async () => {
    rig = await openRig();
    const port = await freePort(Object.values(ZONES));
    zones = Object.fromEntries(
      await Promise.all(
        Object.entries(ZONES).map(
          async ([name, address]) =>
            [name, await startZone(rig, address, port, (_, response) => response.end(name))] as const,
        ),
      ),
    );
    names = Array.from({ length: JOURNEYS }, (_, at) => `http://kms.test:${port}/${at}`);
    urls = Object.values(ZONES).flatMap((address) =>
      Array.from({ length: PAGES }, (_, at) => `http://${address}:${port}/${at}`),
    );
    await rig.write('list.yml', JSON.stringify([{ targets: names }]));
    await mkdir(join(rig.folder, 'targets'));
    await rig.write('targets/pages.yml', JSON.stringify([{ targets: urls }]));
    for (const address of AGENTS) listens.push(`${address}:${await freePort([address])}`);
    await rig.write('agent.yml', CONFIG);
    await rig.write('blackbox.yml', MODULES);
    agents = await Promise.all(listens.map((_, at) => start(at)));
    alertmanager = await startAlertmanager(rig, PROMETHEUS);
    const jobs = await deployedJobs(['outrider', 'probe-shard-0', 'probe-shard-1'], {
      '127.0.0.1:9115': listens,
      'agent-0.example:9115': listens[0] ?? '',
      'agent-1.example:9115': listens[1] ?? '',
    });
    const rules = await deployedRules('2s', '10s');
    prometheus = await startPrometheus(rig, { address: PROMETHEUS, jobs, rules, alertmanager, interval: '1s' });
  });
  afterAll(() => rig?.close());

  /** A scrape of a second leaves half of it to a probe with the usual offset, and nothing to spare on a busy machine. */
  const start = (at: number): Promise<RunningAgent> =>
    startAgent(rig, {
      args: [
        ...['--config', join(rig.folder, 'agent.yml'), '--blackbox-config', join(rig.folder, 'blackbox.yml')],
        ...['--shard', `${at}/${AGENTS.length}`, '--timeout-offset', '50ms'],
      ],
      listen: listens[at] ?? '',
    });

  const firing = async (name: string): Promise<readonly Alert['labels'][]> =>
    (await alertmanager.alerts()).filter(({ labels }) => labels['alertname'] === name).map(({ labels }) => labels);
  const values = async (expression: string, label: string): Promise<readonly string[]> =>
    (await prometheus.query(expression)).map(({ metric }) => metric[label] ?? '').toSorted(byText);

  it('probe each page once, by the one that the hash names', async () => {
    await until(async () => (await prometheus.query('probe_success == 1')).length === urls.length || null);
    expect(await values('probe_success', 'instance')).toEqual(urls.toSorted(byText));
    for (const [at, agent] of agents.entries()) {
      const probed = await Promise.all(
        urls.map(async (url) => (await agent.get(`/logs?target=${encodeURIComponent(url)}`)).status === 200),
      );
      const own = urls.filter((url) => isInShard(url, { number: at, of: AGENTS.length }));
      expect(urls.filter((_, index) => probed[index])).toEqual(own);
      expect(await values(`probe_success{job="probe-shard-${at}"}`, 'instance')).toEqual(own.toSorted(byText));
      expect(own.length).toBeGreaterThan(0);
    }
  });

  it('ride each target of their list once, by the same hash', async () => {
    await until(async () => (await prometheus.query('journey_verdict < 2')).length === JOURNEYS || null);
    expect(await values('journey_verdict', 'target')).toEqual(names.toSorted(byText));
    for (const [at, listen] of listens.entries())
      expect(await values(`journey_verdict{instance="${listen}"}`, 'target')).toEqual(
        names.filter((name) => isInShard(name, { number: at, of: AGENTS.length })).toSorted(byText),
      );
    const zonesSeen = await values('count by (zone) (journey_endpoints)', 'zone');
    expect(zonesSeen).toEqual(Object.keys(ZONES));
  });

  it('tell Alertmanager of a zone that goes down, by its name, and of its return', async () => {
    await until(async () => (await firing('ZoneDown')).length === 0 || null);
    await zones[LOST]?.down();
    const down = await until(async () => {
      const [zone, page] = [await firing('ZoneDown'), await firing('ProbeFails')];
      return zone.length >= JOURNEYS && page.length >= PAGES ? { zone, page } : null;
    });
    expect(down.zone.map(({ target = '' }) => target).toSorted(byText)).toEqual(names.toSorted(byText));
    expect(new Set(down.zone.map(({ zone, severity }) => `${zone} ${severity}`))).toEqual(new Set([`${LOST} page`]));
    expect(down.page.map(({ instance = '' }) => instance).toSorted(byText)).toEqual(
      urls.filter((url) => url.includes(ZONES[LOST])).toSorted(byText),
    );
    const told = (await alertmanager.alerts()).find(({ labels }) => labels['alertname'] === 'ZoneDown');
    expect(told?.annotations['summary']).toMatch(/% of the requests to http:\/\/kms\.test:\d+\/\d in az-c fail\.$/);
    await zones[LOST]?.up();
    await until(async () => [...(await firing('ZoneDown')), ...(await firing('ProbeFails'))].length === 0 || null);
  });

  it('are missed when they are killed; the other one goes on; back again it is a counter reset, and nothing is lost but the gap', async () => {
    const [, killed] = agents;
    const [other, gone] = listens;
    const before = sumOf((await killed?.metrics()) ?? new Map(), 'journey_runs_total');
    expect(before).toBeGreaterThan(0);
    const runsOf = `sum(journey_runs_total{instance="${other}"})`;
    const runs = async (): Promise<number> => Number((await prometheus.query(runsOf))[0]?.value[1] ?? 0);
    const otherBefore = await runs();
    killed?.signal('SIGKILL');
    expect(await killed?.ended).toEqual([null, 'SIGKILL']);
    const alert = await until(async () => (await firing('AgentDown'))[0] ?? null);
    expect(alert).toMatchObject({ instance: gone, severity: 'page' });
    await until(async () => (await runs()) > otherBefore || null);
    expect(await values('journey_verdict', 'instance')).not.toContain(gone);

    const again = await start(1);
    agents[1] = again;
    await until(async () => (await firing('AgentDown')).length === 0 || null);
    const own = names.filter((name) => isInShard(name, { number: 1, of: AGENTS.length }));
    await until(async () => {
      const series = await again.metrics();
      return own.every((name) => sumOf(series, 'journey_runs_total', `target="${name}"`) >= 2) || null;
    });
    // A counter that began again, and no series that were not there before.
    await until(
      async () => (await prometheus.query(`resets(journey_runs_total{instance="${gone}"}[1h]) > 0`)).length > 0 || null,
    );
    expect(await values(`count by (target) (journey_runs_total{instance="${gone}"})`, 'target')).toEqual(
      own.toSorted(byText),
    );
    const increase = await prometheus.query(
      `min(sum by (target) (increase(journey_runs_total{instance="${gone}"}[1h])))`,
    );
    expect(Number(increase[0]?.value[1])).toBeGreaterThan(0);
  });
});
