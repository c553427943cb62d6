// Owns the tests of the threads that help with /probe: real ones, against a server of the test. Whether there is too much to do is said by the test.
import { createServer, type RequestListener, type Server } from 'node:http';
import { Worker } from 'node:worker_threads';
import { afterEach, expect, test, vi } from 'vitest';
import type { PlainAsk, Told } from '../../blackbox/handler.ts';
import { listening } from '../../blackbox/test/asking.ts';
import type { GroundOptions } from '../../cli/probe-ground.ts';
import { openProbeThreads, type ProbeThreads, type ThreadsRoom } from '../probe-threads.ts';

const GROUND: GroundOptions = {
  ...{ allow: [], deny: [], quirks: true, logProber: 'debug', version: 'test', env: {}, resolvers: null },
};
const MODULES = 'modules: {plain: {prober: http}}';
const HERE: Told = { success: true, isFlap: false, log: '', exposed: () => 'here' };
const never = new AbortController().signal;
const doneHere = (): Promise<Told> => Promise.resolve(HERE);

const opened: (ProbeThreads | Server)[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) {
    if ('count' in one) await one.close();
    else one.close().closeAllConnections();
  }
});

const startReal = (): Worker =>
  new Worker(new URL('../../cli/probe-thread.ts', import.meta.url), { workerData: GROUND });

/** `busy` may be changed while it runs. */
function threadsOf(given: Partial<ThreadsRoom> = {}) {
  const state = { busy: 1, text: MODULES };
  const told = { lines: [] as unknown[], log: [] as string[] };
  const threads = openProbeThreads(
    {
      most: 1,
      start: startReal,
      modulesText: () => state.text,
      onLine: (...line) => told.lines.push(line),
      log: { info: (words) => void told.log.push(words), error: (words) => void told.log.push(words) },
      busy: () => state.busy,
      ...given,
    },
    5,
  );
  opened.push(threads);
  return { threads, state, told };
}

async function serverOf(listener: RequestListener): Promise<{ readonly server: Server; readonly target: string }> {
  const server = createServer(listener);
  const port = await listening(server);
  opened.push(server);
  return { server, target: `http://127.0.0.1:${port}/` };
}

const askOf = (target: string, given: Partial<PlainAsk> = {}): PlainAsk => ({
  ...{ name: 'plain', target, hostname: null, timeoutSeconds: 10, exposition: 'text', ...given },
});

/** One that a thread made: as long as one is under way here, the next goes to the thread that has none. */
async function byThread(threads: ProbeThreads, ask: PlainAsk, signal = never): Promise<Told> {
  let over = (): void => undefined;
  const busyHere = threads.elsewhere(ask, never, async () => {
    await new Promise<void>((resolve) => {
      over = resolve;
    });
    return HERE;
  });
  const told = await threads.elsewhere(ask, signal, doneHere).finally(() => over());
  await busyHere;
  return told;
}

/** Until the thread is there, its probes are made here. */
const onceReady = (threads: ProbeThreads, ask: PlainAsk): Promise<Told> =>
  vi.waitFor(
    async () => {
      const told = await byThread(threads, ask);
      expect(told.exposed('text')).not.toBe('here');
      return told;
    },
    { timeout: 15_000, interval: 20 },
  );

test('none is begun where none may be', async () => {
  const { threads } = threadsOf({ most: 0, start: () => expect.unreachable('a thread') });
  expect(await threads.elsewhere(askOf('http://127.0.0.1:9/'), never, doneHere)).toBe(HERE);
  expect(threads.count()).toBe(0);
});

test('none is begun while there is time left', async () => {
  const looks = vi.fn<() => number>(() => 0.7);
  const { threads } = threadsOf({ busy: looks, start: () => expect.unreachable('a thread') });
  await vi.waitFor(() => expect(looks.mock.calls.length).toBeGreaterThan(5));
  expect(threads.count()).toBe(0);
});

test('none is begun for what is no probe', async () => {
  const looks = vi.fn<() => number>(() => 1);
  const { threads } = threadsOf({ busy: looks, start: () => expect.unreachable('a thread') });
  await vi.waitFor(() => expect(looks.mock.calls.length).toBeGreaterThan(5));
  expect(threads.count()).toBe(0);
});

test('one makes what is too much, and says all that was said', async () => {
  const { target } = await serverOf((_request, response) => response.end('fine'));
  const { threads, told } = threadsOf();
  const { success, isFlap, log, exposed } = await onceReady(threads, askOf(target));
  expect({ success, isFlap, threads: threads.count() }).toEqual({ success: true, isFlap: false, threads: 1 });
  expect(exposed('text')).toMatch(/^probe_http_status_code 200$/m);
  expect(log).toContain('msg="Making HTTP request"');
  const about = expect.objectContaining({ module: 'plain', target }) as object;
  expect(told.lines).toContainEqual(['debug', 'Making HTTP request', about]);
  expect((await byThread(threads, askOf(target, { exposition: 'openmetrics' }))).exposed('openmetrics')).toMatch(
    /^probe_success 1\.0\n[^]*# EOF\n$/m,
  );
});

test('a failure is no fault, and a module that is not there is one', async () => {
  const { target } = await serverOf((_request, response) => response.writeHead(404).end());
  const { threads } = threadsOf();
  const { success, exposed } = await onceReady(threads, askOf(target));
  expect({ success, text: exposed('text') }).toMatchObject({
    success: false,
    text: expect.stringMatching(/reason="status"/),
  });
  await expect(byThread(threads, askOf(target, { name: 'gone' }))).rejects.toThrow('no module "gone"');
});

test('modules that change are changed there', async () => {
  const { target } = await serverOf((_request, response) => response.writeHead(404).end());
  const { threads, state } = threadsOf();
  expect(await onceReady(threads, askOf(target))).toMatchObject({ success: false });
  state.text = 'modules: {plain: {prober: http, http: {valid_status_codes: [404]}}}';
  threads.modulesChanged();
  expect(await byThread(threads, askOf(target))).toMatchObject({ success: true });
});

test('what nobody waits for any more ends at once', async () => {
  const asked = vi.fn<RequestListener>();
  const { target } = await serverOf(asked);
  const well = await serverOf((_request, response) => response.end());
  const { threads } = threadsOf();
  await onceReady(threads, askOf(well.target));
  const stop = new AbortController();
  const probe = byThread(threads, askOf(target, { timeoutSeconds: 1000 }), stop.signal);
  await vi.waitFor(() => expect(asked).toHaveBeenCalled());
  stop.abort();
  expect(await probe).toMatchObject({ success: false });
  expect(await byThread(threads, askOf(target, { timeoutSeconds: 1000 }), AbortSignal.abort())).toMatchObject({
    success: false,
  });
});

test('one that is lost takes no probe along, and none follows it at once', async () => {
  const start = vi.fn<() => Worker>(
    () =>
      new Worker(
        `const { parentPort } = require('node:worker_threads');
         parentPort.postMessage([{ kind: 'ready' }]);
         parentPort.on('message', (all) => { if (all.some(({ kind }) => kind === 'probe')) throw new Error('broken'); });`,
        { eval: true },
      ),
  );
  const { threads, told } = threadsOf({ start });
  await vi.waitFor(
    async () => {
      expect(await byThread(threads, askOf('http://127.0.0.1:9/'))).toBe(HERE);
      expect(told.log).toContain('a thread of the probes is lost: its probes are made again');
    },
    { timeout: 15_000 },
  );
  expect(threads.count()).toBe(0);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(start).toHaveBeenCalledTimes(1);
});

test('it is ended when it has not been needed for a while', async () => {
  const { target } = await serverOf((_request, response) => response.end());
  const { threads, state } = threadsOf();
  await onceReady(threads, askOf(target));
  state.busy = 0.1;
  await vi.waitFor(() => expect(threads.count()).toBe(0), { timeout: 15_000 });
});
