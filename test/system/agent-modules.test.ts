// Fifteen hundred targets of modules every four seconds: none is left out, neither while the server answers nor when it falls silent and the
// turns of all wait at once; what a scrape tells of them is what Prometheus takes.
import { createServer, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningAgent, startAgent, sumOf, until } from './rig/agent.ts';
import { portOf } from './rig/ports.ts';
import { openRig, type Rig, run } from './rig/rig.ts';
import { requireTools } from './rig/tools.ts';

const [AGENT, SERVER] = ['127.0.60.226', '127.0.60.227'];
const TARGETS = 1500;
/** Places, fewer than there are targets that wait for a silent server: 1500 each 4 s, 3 s each. */
const CONCURRENCY = 200;

describe.skipIf(!requireTools(['promtool']))('fifteen hundred targets of a module', () => {
  let rig: Rig;
  let agent: RunningAgent;
  let isSilent = false;
  /** Paths that somebody asked for since it was emptied. */
  const asked = new Set<string>();
  const left = new Set<ServerResponse>();
  beforeAll(async () => {
    rig = await openRig();
    const server = createServer((request, response) => {
      asked.add(request.url ?? '');
      if (isSilent) left.add(response);
      else response.end('well');
    });
    await new Promise<void>((resolve) => server.listen({ host: SERVER, port: 0, backlog: 4096 }, resolve));
    rig.defer(() => {
      server.closeAllConnections();
      server.close();
    });
    const config = {
      schedule: { interval: '4s', moduleConcurrency: CONCURRENCY },
      metrics: { without: ['probe_ip_*'] },
      modules: { http_2xx: { prober: 'http', timeout: '3s' } },
      defaults: { module: 'http_2xx' },
      targets: Array.from({ length: TARGETS }, (_, at) => ({
        ...{ target: `http://${SERVER}:${portOf(server)}/${at}`, name: `target-${at}`, labels: { env: 'test' } },
      })),
    };
    const file = await rig.write('agent.yml', JSON.stringify(config));
    agent = await startAgent(rig, { args: ['--config', file], listen: AGENT });
  });
  afterAll(() => rig?.close());

  const well = async (): Promise<number> => sumOf(await agent.metrics(), 'probe_success');

  it('are all probed, and told as Prometheus reads it', async () => {
    await until(async () => ((await well()) === TARGETS ? true : null));
    expect(asked.size).toBe(TARGETS);
    const { text } = await agent.get('/metrics');
    expect(text).toContain('probe_success{target="target-1499",module="http_2xx",env="test"} 1\n');
    expect(text).not.toContain('probe_ip_');
    const { code, stderr } = await run(['promtool', 'check', 'metrics'], text);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('wait for a server that falls silent, and hold no place of those whose turn comes', async () => {
    isSilent = true;
    await until(async () => ((await well()) === 0 ? true : null));
    asked.clear();
    await until(async () => (asked.size === TARGETS ? true : null));
    const series = await agent.metrics();
    expect(sumOf(series, 'probe_failure_info', 'phase="request"')).toBeGreaterThan(TARGETS / 2);
    expect(sumOf(series, 'outrider_runs_stalled')).toBeGreaterThan(CONCURRENCY);
    // Late ones a busy machine may miss; for want of a place none.
    expect(sumOf(series, 'journey_runs_missed_total', 'reason="no_room"')).toBe(0);
  });

  it('are well again when it is, and leave no series when the agent’s file no longer has them', async () => {
    isSilent = false;
    for (const response of left) response.destroy();
    // Family by family: while a scrape is written targets go on.
    await until(async () => {
      const told = await agent.metrics();
      const isOver = ![...told.keys()].some((name) => name.startsWith('probe_failure_info'));
      return isOver && sumOf(told, 'probe_success') === TARGETS ? true : null;
    });
    await rig.write(
      'agent.yml',
      JSON.stringify({ targets: [{ target: `${SERVER}:1`, module: 'a' }], modules: { a: { prober: 'tcp' } } }),
    );
    agent.signal('SIGHUP');
    const after = await until(async () => {
      const told = await agent.metrics();
      return sumOf(told, 'outrider_targets') === 1 ? told : null;
    });
    expect([...after.keys()].filter((name) => name.includes('target="target-'))).toEqual([]);
    agent.signal('SIGTERM');
    expect(await agent.ended).toEqual([0, null]);
    expect(agent.said()).not.toContain('fault');
  });
});
