// Debian's blackbox_exporter and `probe serve` started by one command line: the same pages at the same paths, refusals, debug page, history, reloads.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { exporterFlags } from '../../src/cli/exporter-flags.ts';
import { ADDRESS, EXPORTER } from './rig/blackbox.ts';
import { freePort } from './rig/ports.ts';
import { probeArgv } from './rig/probe.ts';
import { HERE, openRig, type Rig, run } from './rig/rig.ts';
import { requireTools } from './rig/tools.ts';

const MODULES = `modules:
  http_2xx: { prober: http, timeout: 2s }
  tcp: { prober: tcp, timeout: 300ms, tcp: { query_response: [{ expect: "^never" }] } }
  host: { prober: http, timeout: 2s, http: { headers: { Host: kms.example }, basic_auth: { username: u, password: canary } } }
  listens: { prober: tcp, timeout: 2s }
`;

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly location: string | null;
  readonly text: string;
}

describe.skipIf(!requireTools([EXPORTER, 'curl', 'setpriv']))('beside blackbox_exporter 0.23, the process', () => {
  let rig: Rig;
  let file: string;
  const ports = { theirs: 0, ours: 0 };
  beforeAll(async () => {
    rig = await openRig();
    file = await rig.write('blackbox.yml', MODULES);
    for (const [who, argv] of [
      ['theirs', (flags: readonly string[]) => [EXPORTER, ...flags]],
      ['ours', (flags: readonly string[]) => probeArgv(['serve', ...flags])],
    ] as const) {
      const port = await freePort([ADDRESS]);
      ports[who] = port;
      const flags = [
        ...[
          `--config.file=${file}`,
          `--web.listen-address=${ADDRESS}:${port}`,
          '--history.limit=2',
          '--log.level=warn',
        ],
        ...['--timeout-offset=0.25', '--log.format=json', '--web.config.file=', '--web.route-prefix=box'],
        '--web.external-url=https://proxy.example/box/',
      ];
      const answers = ['curl', '-sf', '-o', '/dev/null', `http://${ADDRESS}:${port}/box/-/healthy`];
      await rig.start({ name: who, place: HERE, argv: argv(flags), answers });
    }
  });
  afterAll(() => rig.close());

  async function ask(port: number, path: string, init: RequestInit = {}): Promise<Answer> {
    const answer = await fetch(`http://${ADDRESS}:${port}${path}`, { redirect: 'manual', ...init });
    const { status, headers } = answer;
    return {
      ...{ status, location: headers.get('location'), text: await answer.text() },
      type: headers.get('content-type')?.split(';')[0] ?? '',
    };
  }

  async function both(
    path: string,
    init: RequestInit = {},
  ): Promise<{ readonly theirs: Answer; readonly ours: Answer }> {
    const [theirs, ours] = await Promise.all([ask(ports.theirs, path, init), ask(ports.ours, path, init)]);
    return { theirs, ours };
  }

  it('takes every flag that it has', async () => {
    const { stdout } = await run([EXPORTER, '--help']);
    const flags = [...stdout.matchAll(/^(?: {6}|  -\w, )--([a-z.-]+)/gm)].map(([, flag = '']) => flag);
    expect(flags.length).toBeGreaterThan(10);
    const taken = new Set(['help', ...exporterFlags.map(({ flag }) => flag)]);
    expect(flags.filter((flag) => !taken.has(flag))).toEqual([]);
  });

  it.each([
    ['/box/-/healthy', {}],
    ['/box/probe', {}],
    ['/box/probe?module=nobody&target=127.0.0.1', {}],
    ['/box/probe?module=nobody', {}],
    ['/box/probe?module=%22%3Cb%3E%0A&target=127.0.0.1', {}],
    ['/box/probe?module=host&target=127.0.0.1&hostname=other.example', {}],
    ['/box/probe?target=127.0.0.1', { headers: { 'X-Prometheus-Scrape-Timeout-Seconds': 'soon' } }],
    ['/box/-/reload', {}],
    ['/box/-/reload', { method: 'PUT' }],
    ['/box/-/reload', { method: 'POST' }],
    ['/box/logs?id=999999', {}],
    ['/', {}],
    ['/probe', {}],
    ['/metrics', {}],
    ['/boxes', {}],
  ] as const)('says the same on %s %j', async (path, init) => {
    const { theirs, ours } = await both(path, init);
    // A redirect's text is a link to where it leads; of no text Go does not say what it is.
    const told = (answer: Answer) =>
      answer.location === null && answer.text !== '' ? answer : { ...answer, text: '', type: '' };
    expect(told(ours)).toEqual(told(theirs));
  });

  it('gives a page of the same kind, with the same links, at every other path', async () => {
    for (const path of ['/box/', '/box/health', '/box/favicon.ico']) {
      const { theirs, ours } = await both(path);
      for (const { status, type } of [theirs, ours])
        expect({ status, type }).toEqual({ status: 200, type: 'text/html' });
      const links = (page: Answer): readonly string[] =>
        [...page.text.matchAll(/(?:href|action)=["']([a-z]+)/g)].map(([, link = '']) => link);
      expect(new Set(links(ours))).toEqual(new Set(links(theirs)));
    }
  });

  it('shows the same config, and no secret', async () => {
    const { theirs, ours } = await both('/box/config');
    expect(ours.type).toBe(theirs.type);
    const modules = (page: Answer) =>
      Object.entries((parse(page.text) as { modules: Record<string, Record<string, unknown>> }).modules)
        // Of 0.27.
        .map(([name, module]) => [name, { ...module, websocket: null }] as const)
        .toSorted(([a], [b]) => a.localeCompare(b));
    expect(modules(ours)).toEqual(modules(theirs));
    expect(ours.text).not.toContain('canary');
  });

  it('keeps the same probes in its history, and tells of them in the same places', async () => {
    const results: string[] = [];
    for (const [module, target] of [
      ['listens', 'self'],
      ['listens', '127.0.0.1:1'],
      ['listens', 'self'],
      ['http_2xx', 'self/box/-/healthy'],
      ['listens', 'self'],
      ['listens', '127.0.0.1:2'],
    ] as const) {
      const asked = (port: number): Promise<Answer> =>
        ask(port, `/box/probe?module=${module}&target=${target.replace('self', `${ADDRESS}:${port}`)}`);
      const [theirs, ours] = [await asked(ports.theirs), await asked(ports.ours)];
      const success = (answer: Answer) => /^probe_success .*$/m.exec(answer.text)?.[0];
      expect(success(ours)).toBe(success(theirs));
      results.push(success(ours) ?? '');
    }
    expect(results).toEqual(expect.arrayContaining(['probe_success 0', 'probe_success 1']));
    const shown = async (port: number) =>
      [...(await ask(port, '/box/')).text.matchAll(/logs\?id(?:=|&#61;)(\d+)/g)].map(([, id]) => Number(id));
    const [theirs, ours] = [await shown(ports.theirs), await shown(ports.ours)];
    const first = (ids: readonly number[]) => Math.max(...ids) - results.length + 1;
    expect(ours.map((id) => id - first(ours))).toEqual(theirs.map((id) => id - first(theirs)));
    expect(theirs.length).toBe(3);
    for (const id of Array.from({ length: results.length }, (_, at) => at)) {
      const pages = [
        await ask(ports.theirs, `/box/logs?id=${first(theirs) + id}`),
        await ask(ports.ours, `/box/logs?id=${first(ours) + id}`),
      ];
      expect(pages[1]?.status).toBe(pages[0]?.status);
    }
  });

  it('writes the debug page in the same parts', async () => {
    const page = (port: number) => ask(port, `/box/probe?module=tcp&target=${ADDRESS}:${port}&debug=true`);
    const [theirs, ours] = await Promise.all([page(ports.theirs), page(ports.ours)]);
    expect({ status: ours.status, type: ours.type }).toEqual({ status: theirs.status, type: theirs.type });
    const [one, other] = [partsOf(theirs), partsOf(ours)];
    expect(one.map(({ heading }) => heading)).toEqual(HEADINGS);
    expect(other.map(({ heading }) => heading)).toEqual(HEADINGS);
    for (const parts of [one, other]) expect(parts[0]?.text).toMatch(/ level=error msg="Probe failed"/);
    const families = (text = '') => [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    expect(families(one[1]?.text).length).toBeGreaterThan(5);
    expect(families(other[1]?.text)).toEqual(expect.arrayContaining(families(one[1]?.text)));
    const module = (text = '') => parse(text) as Record<string, unknown>;
    expect(module(other[2]?.text)['tcp']).toEqual(module(one[2]?.text)['tcp']);
  });

  it('refuses a wrong file when it reads it again, and keeps the one before', async () => {
    await rig.write('blackbox.yml', 'modules: { x: { prober: http, nobody: 1 } }\n');
    const { theirs, ours } = await both('/box/-/reload', { method: 'POST' });
    expect({ status: ours.status, type: ours.type }).toEqual({ status: theirs.status, type: theirs.type });
    const words =
      /^failed to reload config: .*error parsing config file: [^]*field nobody not found in type config.plain\n$/;
    for (const { text } of [theirs, ours]) expect(text).toMatch(words);
    const metrics = await both('/box/metrics');
    for (const { text } of [metrics.theirs, metrics.ours])
      expect(text).toMatch(/^blackbox_exporter_config_last_reload_successful 0$/m);
    for (const { text } of Object.values(await both('/box/config'))) expect(text).toContain('http_2xx:');
    await rig.write('blackbox.yml', MODULES);
    for (const { status } of Object.values(await both('/box/-/reload', { method: 'POST' }))) expect(status).toBe(200);
  });
});

const HEADINGS = ['Logs for the probe:', 'Metrics that would have been returned:', 'Module configuration:'];

/** Three blank lines stand between each two. */
function partsOf({ text }: Answer): readonly { readonly heading: string; readonly text: string }[] {
  return text.split('\n\n\n\n').map((part) => {
    const end = part.indexOf('\n');
    return { heading: part.slice(0, end), text: part.slice(end + 1) };
  });
}
