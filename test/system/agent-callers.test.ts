// Callers of the agent, as they are: a Prometheus that scrapes four hundred slow targets at once through /probe is not turned away, one client that wants
// more than its part is; curl has a journey ridden now and reads it, within the rules for addresses and names.
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createTcp, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Journey } from '../../src/model/journey.ts';
import { type RunningAgent, startAgent, sumOf, until } from './rig/agent.ts';
import { freePort } from './rig/ports.ts';
import { HERE, openRig, type Rig, run } from './rig/rig.ts';
import { requireTools } from './rig/tools.ts';

const [WIDE, NARROW, PROMETHEUS, SERVICE] = [11, 12, 13, 14].map((last) => `127.0.61.${last}`) as [
  ...[string, string, string, string],
];
/** Each holds its probe to the end of its time, six tenths of the interval. */
const TARGETS = 400;
const TOKEN = '0123456789abcdef0123456789abcdef';
const MODULES =
  'modules: { slow: { prober: tcp, timeout: 6s, tcp: { query_response: [{ expect: "never" }] } }, web: { prober: http } }\n';

describe.skipIf(!requireTools(['prometheus', 'curl', 'setpriv']))('callers', () => {
  let rig: Rig;
  let agents: Readonly<Record<'wide' | 'narrow', RunningAgent>>;
  let prometheus: string;
  let service: string;

  const value = async (expression: string): Promise<number> => {
    const answer = await fetch(`http://${prometheus}/api/v1/query?query=${encodeURIComponent(expression)}`);
    const { data } = (await answer.json()) as {
      readonly data: { readonly result: readonly { readonly value: readonly [number, string] }[] };
    };
    return Number(data.result[0]?.value[1] ?? Number.NaN);
  };

  beforeAll(async () => {
    rig = await openRig();
    const held = new Set<Socket>();
    const pit = createTcp((socket) => {
      held.add(socket);
      socket.on('error', () => undefined).once('close', () => held.delete(socket));
      socket.resume();
    });
    const [port, web] = [await freePort([SERVICE]), await freePort([SERVICE])];
    await new Promise<void>((resolve) => {
      pit.listen(port, SERVICE, 1024, resolve);
    });
    const server = createServer((_request, response) => response.end('here'));
    await new Promise<void>((resolve) => {
      server.listen(web, SERVICE, resolve);
    });
    rig.defer(() => {
      pit.close();
      server.close();
      for (const socket of held) socket.destroy();
    });
    service = `http://${SERVICE}:${web}/`;
    const files = ['--blackbox-config', await rig.write('blackbox.yml', MODULES)];
    const tokens = ['--token-file', await rig.write('tokens', `ops ${TOKEN}\n`)];
    const config = await rig.write(
      'agent.yml',
      `schedule: { interval: 30d }\ndefaults: { samples: 2, only: [balancer] }\ntargets: [{ target: '${service}', name: front }]\n`,
    );
    const [wide, narrow] = await Promise.all([
      startAgent(rig, { args: [...files, ...tokens, '--config', config, '--deny', '*.corp.test'], listen: WIDE }),
      startAgent(rig, { args: [...files, '--max-probes-per-client', '10'], listen: NARROW }),
    ]);
    agents = { wide, narrow };
    const jobs = Object.entries(agents).map(
      ([name, agent]) => `- job_name: ${name}
  metrics_path: /probe
  params: { module: [slow] }
  static_configs: [{ targets: [${Array.from({ length: TARGETS }, (_, at) => `'${SERVICE}:${port}?${at}'`).join(', ')}] }]
  relabel_configs:
  - { source_labels: [__address__], target_label: __param_target, regex: '([^?]*).*' }
  - { source_labels: [__address__], target_label: instance }
  - { target_label: __address__, replacement: '${agent.listen}' }
`,
    );
    prometheus = `${PROMETHEUS}:${await freePort([PROMETHEUS])}`;
    const file = await rig.write(
      'prometheus.yml',
      `global: { scrape_interval: 10s, scrape_timeout: 10s }\nscrape_configs:\n${jobs.join('')}`,
    );
    await mkdir(join(rig.folder, 'prometheus'));
    await rig.start({
      ...{ name: 'prometheus', place: HERE },
      argv: [
        ...['prometheus', `--config.file=${file}`, `--storage.tsdb.path=${join(rig.folder, 'prometheus')}`],
        ...[`--web.listen-address=${prometheus}`, '--log.level=warn'],
      ],
      answers: ['curl', '-sf', '-o', '/dev/null', `http://${prometheus}/-/ready`],
    });
  }, 90_000);
  afterAll(() => rig.close());

  it('a Prometheus with hundreds of probes under way is not turned away, unless its part is small', async () => {
    // Scrapes are spread over their interval, and each is held for six tenths of it.
    await until(async () =>
      sumOf(await agents.wide.metrics(), 'outrider_probes_under_way') > TARGETS * 0.4 ? true : null,
    );
    await until(async () => ((await value('sum(up{job="wide"})')) === TARGETS ? true : null));
    expect(sumOf(await agents.wide.metrics(), 'outrider_probes_turned_away_total')).toBe(0);
    await until(async () => ((await value('count(up{job="narrow"} == 0)')) > 0 ? true : null));
    const narrow = await agents.narrow.metrics();
    expect(sumOf(narrow, 'outrider_probes_turned_away_total')).toBeGreaterThan(0);
    expect(sumOf(narrow, 'outrider_probes_under_way')).toBeLessThanOrEqual(10);
  }, 120_000);

  const curl = async (...args: readonly string[]): Promise<{ readonly status: number; readonly text: string }> => {
    const { stdout } = await run(['curl', '-s', '-w', '\n%{http_code}', ...args]);
    const at = stdout.lastIndexOf('\n');
    return { status: Number(stdout.slice(at + 1)), text: stdout.slice(0, at) };
  };
  const post = (body: string, query = '', token = TOKEN) =>
    curl(
      ...['-H', `Authorization: Bearer ${token}`, '-H', 'Content-Type: application/json'],
      ...['-d', body, `http://${agents.wide.listen}/journeys${query}`],
    );

  it('curl has a journey ridden now, in the middle of that, and its page says who asked', async () => {
    const { status, text } = await post('{"target": "front"}', '?wait');
    expect(status).toBe(200);
    const journey = JSON.parse(text) as Journey;
    expect(journey).toMatchObject({ verdict: expect.any(String), asked: { by: 'ops' }, target: { url: service } });
    const page = await agents.wide.get(`/journeys/${journey.id}`);
    expect(page.text).toContain('Asked for by ops at ');
    const free = await post(JSON.stringify({ url: service, samples: 3, only: ['balancer'] }), '?wait');
    expect((JSON.parse(free.text) as Journey).hops.find(({ id }) => id === 'total')?.attempts).toBe(3);
  });

  it.each([
    ['without its token', '{"target": "front"}', 'x'.repeat(32), 401],
    ['to a name that is denied', '{"url": "http://db.corp.test/"}', TOKEN, 403],
    ['to where a cloud answers', '{"url": "http://169.254.169.254/"}', TOKEN, 403],
    ['by what is no JSON', 'target=front', TOKEN, 400],
  ])('and none %s', async (_, body, token, status) => expect((await post(body, '', token)).status).toBe(status));

  it('nor by a form, whatever it calls itself', async () => {
    const known = ['-H', `Authorization: Bearer ${TOKEN}`];
    const url = `http://${agents.wide.listen}/journeys`;
    expect((await curl(...known, '-d', '{"target":"front"}', url)).status).toBe(415);
    expect((await curl(...known, '-F', 'a={"target":"front"}', url)).status).toBe(415);
    const plain = [...known, '-H', 'Content-Type: text/plain', '-d', '{"target":"front"}'];
    expect((await curl(...plain, url)).status).toBe(415);
  });
});
