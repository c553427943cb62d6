// Holds `probe serve` to the command line of blackbox_exporter: every flag of its own is taken, and does what it does there.
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exporterFlags } from '../../src/cli/exporter-flags.ts';
import { type CapturedIo, captureIo, runCli } from '../support/cli.ts';

/** Of main.go of blackbox_exporter at 0.28, of its logger's and its web toolkit's flags; `help` is commander's. */
const UPSTREAM = [
  ...['config.file', 'config.check', 'config.enable-auto-reload', 'config.auto-reload-interval', 'timeout-offset'],
  ...['history.limit', 'log.level', 'log.format', 'log.prober', 'web.listen-address', 'web.systemd-socket'],
  ...['web.config.file', 'web.external-url', 'web.route-prefix', 'version'],
];

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flags-'));
  file = join(folder, 'blackbox.yml');
});
afterAll(() => rm(folder, { recursive: true }));

const modules = (...names: readonly string[]): string =>
  `modules:\n${names.map((name) => `  ${name}: { prober: tcp, timeout: 2s }\n`).join('')}`;

async function until<T>(ask: () => Promise<T | null | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer != null) return answer;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

interface Running {
  readonly urls: readonly string[];
  readonly io: CapturedIo;
  end(): Promise<number>;
}

async function start(...args: readonly string[]): Promise<Running> {
  const io = captureIo();
  const ended = runCli(['serve', ...args], io);
  const wanted = Math.max(1, args.filter((arg) => arg.startsWith('--web.listen-address')).length);
  const urls = await until(async () => {
    const found = [...io.captured().err.matchAll(/listening on ([^\s"]+)/g)].map(([, at]) => `http://${at}`);
    return found.length === wanted ? found : null;
  });
  return {
    ...{ urls, io },
    async end() {
      io.interrupt();
      return (await ended).exit;
    },
  };
}

const get = async (url: string): Promise<{ status: number; text: string; location: string | null }> => {
  const answer = await fetch(url, { redirect: 'manual' });
  return { status: answer.status, text: await answer.text(), location: answer.headers.get('location') };
};

test('every flag of the exporter has its row', () => {
  expect(exporterFlags.map(({ flag }) => flag).toSorted()).toEqual(UPSTREAM.toSorted());
});

test('every option that a flag stands for is in the help', async () => {
  const { out } = await runCli(['serve', '--help']);
  for (const { option } of exporterFlags) expect(out).toMatch(new RegExp(String.raw`\s--${option}[\s=]`));
});

describe('each flag at once', () => {
  let running: Running;
  beforeAll(async () => {
    await writeFile(file, modules('one'));
    running = await start(
      ...[`--config.file=${file}`, '--web.listen-address=127.0.0.1:0', '--web.listen-address=127.0.0.2:0'],
      ...['--web.config.file=', '--web.external-url=https://proxy.example/monitoring/box', '--web.route-prefix=/box'],
      ...['--no-web.systemd-socket', '--timeout-offset=0.5', '--history.limit=2', '--log.level=DEBUG'],
      ...['--log.format', 'json', '--log.prober', 'debug', '--config.enable-auto-reload'],
      '--config.auto-reload-interval=0.02',
    );
  });
  afterAll(() => running.end());

  test('answers on every address, below the prefix alone', async () => {
    for (const url of running.urls) {
      expect(await get(`${url}/box/-/healthy`)).toMatchObject({ status: 200, text: 'Healthy' });
      expect(await get(`${url}/-/healthy`)).toMatchObject({ status: 404 });
      expect(await get(`${url}/boxes/-/healthy`)).toMatchObject({ status: 404 });
      expect(await get(`${url}/`)).toMatchObject({ status: 302, location: 'https://proxy.example/monitoring/box' });
      expect(await get(`${url}/box`)).toMatchObject({ status: 301, location: '/box/' });
    }
  });

  test('the offset is one of seconds, and the history as long as told', async () => {
    const [url = ''] = running.urls;
    for (let at = 0; at < 6; at++) {
      const answer = await fetch(`${url}/box/probe?module=one&target=127.0.0.1:1`, {
        headers: { 'X-Prometheus-Scrape-Timeout-Seconds': '1.25' },
      });
      expect(await answer.text()).toContain('\nprobe_timeout_seconds 0.75\n');
    }
    const kept = await Promise.all(Array.from({ length: 6 }, (_, id) => get(`${url}/box/logs?id=${id}`)));
    // Two, and two failures that have left them.
    expect(kept.map(({ status }) => status)).toEqual([404, 404, 200, 200, 200, 200]);
  });

  test('what a probe tells is in the log, a document a line', () => {
    const lines = running.io.captured().err.trimEnd().split('\n');
    const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(told).toContainEqual(expect.objectContaining({ level: 'debug', msg: 'Beginning probe', module: 'one' }));
    expect(told).toContainEqual(expect.objectContaining({ level: 'error', msg: 'Probe failed', module: 'one' }));
  });

  test('a file that changed is read again, and a wrong one told once', async () => {
    const [url = ''] = running.urls;
    const { text: before } = await get(`${url}/box/config`);
    expect(before).not.toContain('two:');
    await replace(file, modules('one', 'two'));
    await until(async () => (await get(`${url}/box/config`)).text.includes('two:') || null);
    await replace(file, 'modules: [\n');
    const refused = /the config was not taken/g;
    await until(async () => refused.exec(running.io.captured().err));
    await replace(file, modules('three'));
    await until(async () => (await get(`${url}/box/config`)).text.includes('three:') || null);
    expect(running.io.captured().err.match(refused)?.length).toBe(1);
  });
});

/** At once: a file that is being written is empty for a moment, and would be refused as it is. */
async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

test.each([
  [['--config.check'], 0, ''],
  [['--config.check', '--log.level=verbose'], 64, '--log.level: "verbose" is none of debug, info, warn, error'],
  [['--config.check', '--history.limit=many'], 64, '"many" is not a whole number'],
  [['--check', '--config.check'], 64, '--config.check and --check are the same'],
  [['--web.external-url="https://x/"', '--web.listen-address=127.0.0.1:0'], 64, 'must not begin or end with quotes'],
  [['--web.listen-address=vsock://:9115'], 64, '"vsock://:9115" is not ADDR:PORT'],
  [['--web.systemd-socket'], 64, 'no socket was handed over'],
  [['--web.listen-address=127.0.0.1:0', '--web.listen-address=127.0.0.999:1'], 64, 'is not ADDR:PORT'],
])('%j ends with %i', async (args, exit, says) => {
  await replace(file, modules('one'));
  const ran = await runCli(['serve', `--config.file=${file}`, ...args]);
  expect({ exit: ran.exit, err: ran.err }).toEqual({ exit, err: expect.stringContaining(says) });
});

test('who reads documents is told as one why it does not start, and no second time', async () => {
  await replace(file, 'modules: { x: { prober: none } }\n');
  const { exit, out, err } = await runCli(['serve', `--config.file=${file}`, '--log.format=json']);
  expect({ exit, out }).toEqual({ exit: 64, out: '' });
  const why = "error parsing config file: prober 'none' is not valid";
  expect(JSON.parse(err)).toMatchObject({ level: 'error', msg: 'not started', err: expect.stringContaining(why) });
});

test('of two addresses of which one is taken none is listened on', async () => {
  await replace(file, modules('one'));
  const running = await start(`--config.file=${file}`, '--web.listen-address=127.0.0.1:0');
  const taken = running.urls[0]?.replace('http://', '') ?? '';
  const ran = await runCli(['serve', `--config.file=${file}`, '--listen', '127.0.0.1:0', '--listen', taken]);
  expect(ran).toMatchObject({ exit: 64, err: expect.stringContaining('something else listens there') });
  expect(await running.end()).toBe(0);
});

test('says its version', async () => {
  const { exit, out } = await runCli(['serve', '--version']);
  expect({ exit, out }).toEqual({ exit: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\S*\n$/) });
});
