// `probe serve` when one thread is not enough for /probe: another helps, says the same of everything, takes new modules as they come, and ends with it.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningAgent, startAgent, until } from './rig/agent.ts';
import { eachOf, readSeries, success, unlike } from './rig/blackbox.ts';
import { casesFor, modulesText } from './rig/blackbox-cases.ts';
import { type Servers, startServers } from './rig/blackbox-servers.ts';
import { openRig, type Rig } from './rig/rig.ts';
import { requireRoot } from './rig/tools.ts';

const ADDRESS = '127.0.60.122';
const AT_ONCE = 48;
/** Under way all the time for nothing, half of them in each thread: so the next probe may go to either. */
const SILENT = 8;

describe.skipIf(!requireRoot())('two threads', () => {
  let rig: Rig;
  let servers: Servers;
  let agent: RunningAgent;
  let file: string;
  let modules: string;
  let hasEnded = false;
  const waiting: Promise<unknown>[] = [];

  const probe = async (module: string, target: string, more = '') => {
    const query = new URLSearchParams({ module, target }).toString();
    return readSeries((await agent.get(`/probe?${query}${more}`)).text);
  };

  beforeAll(async () => {
    rig = await openRig();
    servers = await startServers(rig, []);
    modules = `${modulesText(servers.rootFile, 0)}  patient: {prober: http, timeout: 100s}\n`;
    file = await rig.write('blackbox.yml', modules);
    const args = ['--blackbox-config', file, '--probe-threads', '1', '--deny', '127.0.60.99/32'];
    agent = await startAgent(rig, { args, listen: ADDRESS });
  });
  afterAll(async () => {
    hasEnded = true;
    await rig.close();
    await Promise.all(waiting);
  });

  const threads = async (): Promise<number> =>
    readSeries((await agent.get('/metrics')).text).get('outrider_probe_threads') ?? Number.NaN;

  it('work when there is too much for one, and no probe fails for it', async () => {
    expect(await threads()).toBe(0);
    const target = `https://${servers.at.https.replace('127.0.0.1', 'localhost')}/`;
    const found: number[] = [];
    const state = { isEnough: false };
    const ask = async (): Promise<void> => {
      while (!state.isEnough) found.push(success(await probe('http_ssl', target)));
    };
    const asking = Array.from({ length: AT_ONCE }, ask);
    await until(async () => ((await threads()) === 1 ? true : null));
    // Both are at work from then on.
    const before = found.length;
    await until(async () => (found.length > before + 1000 ? true : null));
    state.isEnough = true;
    await Promise.all(asking);
    expect(new Set(found)).toEqual(new Set([1]));
    expect(agent.said()).toContain('one thread is not enough for the probes: another helps');
  });

  it('say the same of every target by every module', async () => {
    const silent = `http://${servers.at.silent}/`;
    const ignored = (): undefined => undefined;
    for (let at = 0; at < SILENT; at++)
      waiting.push(probe('patient', silent).catch((error: unknown) => (hasEnded ? ignored() : Promise.reject(error))));
    await sleep(500);
    const cases = casesFor(servers).filter(({ module }) => module !== 'icmp');
    const lines = await eachOf(cases, async ({ module, target, more }) => {
      const [one, other] = await Promise.all([probe(module, target, more), probe(module, target, more)]);
      return unlike(one, other).map((line) => `${module} ${target}: ${line}`);
    });
    expect(await threads()).toBe(1);
    expect(lines.flat()).toEqual([]);
  });

  it('hold to the same rules, and keep the same history', async () => {
    const target = 'http://127.0.60.99/';
    await Promise.all(Array.from({ length: 4 }, () => probe('http_2xx', target)));
    const { text } = await agent.get(`/logs?${new URLSearchParams({ target }).toString()}`);
    expect(text).toMatch(/^Logs for the probe:\n[^]*127\.0\.60\.99 is denied by --deny/);
    expect(text).toContain('\nprobe_success 0\n');
    const pages = await agent.get('/probes');
    expect(pages.text.split(target).length - 1).toBe(4);
  });

  it('take new modules as soon as the reload is answered', async () => {
    const target = `http://${servers.at.http}/`;
    const all = async (): Promise<ReadonlySet<number>> =>
      new Set((await Promise.all(Array.from({ length: 12 }, () => probe('http_2xx', target)))).map(success));
    expect(await all()).toEqual(new Set([1]));
    const changed = modules.replace(
      /^ {2}http_2xx: .*$/m,
      '  http_2xx: {prober: http, http: {valid_status_codes: [418]}}',
    );
    expect(changed).not.toBe(modules);
    for (const [text, expected] of [
      [changed, 0],
      [modules, 1],
    ] as const) {
      await rig.write('blackbox.yml', text);
      expect((await agent.get('/-/reload', { method: 'POST' })).status).toBe(200);
      expect(await all()).toEqual(new Set([expected]));
    }
  });

  it('end together, and cut what would take too long', async () => {
    hasEnded = true;
    agent.signal('SIGTERM');
    expect(await agent.ended).toEqual([0, null]);
    expect(agent.said()).not.toMatch(/fault|lost/);
  });
});
