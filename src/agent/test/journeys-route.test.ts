// Holds POST /journeys over real HTTP, with targets of the embedded world: who may ask, for what, how much at once, and what becomes of it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashSync } from 'bcryptjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startWorld, type World } from '../../demo/world.ts';
import type { Journey } from '../../model/journey.ts';
import { type Running, startAgent } from './running.ts';
import { tarpit } from './tarpit.ts';

const TOKEN = '0123456789abcdef0123';
const CONFIG = `
schedule: { interval: 30d }
defaults: { samples: 1, rate: 100, only: [balancer], request: { headers: { X-Api-Key: canary-51c2 } } }
modules: { plain: { prober: http } }
targets: [{ target: kms.example, name: kms }, { target: 'https://kms.example/', name: page, module: plain }]
`;

let world: World;
let folder: string;
const path = (name: string): string => join(folder, name);
beforeAll(async () => {
  world = await startWorld();
  folder = await mkdtemp(join(tmpdir(), 'asked-'));
  await writeFile(path('agent.yml'), CONFIG);
  await writeFile(path('tokens'), `ops ${TOKEN}\n`);
  await writeFile(path('web.yml'), `basic_auth_users: { ada: '${hashSync('right', 4)}' }\n`);
});
afterAll(async () => {
  await world.close();
  await rm(folder, { recursive: true });
});

const JSON_TYPE = { 'content-type': 'application/json' };
const BEARER = { ...JSON_TYPE, authorization: `Bearer ${TOKEN}` };

async function ask(
  { url }: Running,
  body: unknown,
  headers: Readonly<Record<string, string>> = BEARER,
  query = '',
): Promise<{ readonly status: number; readonly headers: Headers; readonly text: string }> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await fetch(`${url}/journeys${query}`, { method: 'POST', headers, body: text });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

const metric = async ({ url }: Running, line: string): Promise<number> => {
  const text = await (await fetch(`${url}/metrics`)).text();
  const found = text.split('\n').find((one) => one.startsWith(`${line} `));
  return found === undefined ? Number.NaN : Number(found.slice(line.length));
};

describe('with a token', () => {
  let running: Running;
  beforeAll(async () => {
    running = await startAgent(world, [
      ...['--config', path('agent.yml'), '--token-file', path('tokens')],
      ...['--deny', '127.0.99.0/24', '--max-probes-per-client', '3'],
    ]);
  });
  afterAll(async () => {
    await running.end();
  }, 30_000);

  test('a target of the config is ridden now, as the config says, and its page says who asked', async () => {
    const begun = await ask(running, { target: 'kms' });
    expect(begun.status).toBe(202);
    const place = begun.headers.get('location') ?? '';
    expect(place).toMatch(/^\/journeys\/[0-9a-f-]{36}$/);
    expect(JSON.parse(begun.text)).toMatchObject({
      ...{ id: place.slice('/journeys/'.length), target: `https://kms.example:${world.port}/` },
      ...{ asked: { by: 'ops' }, fault: null },
    });
    const read = async () => fetch(`${running.url}${place}`, { headers: { accept: 'application/json' } });
    await expect.poll(async () => (await read()).status, { timeout: 20_000 }).toBe(200);
    const journey = (await (await read()).json()) as Journey;
    expect(journey).toMatchObject({ schema: 'journey/1', asked: { by: 'ops' } });
    expect(journey.budget.requests).toBeGreaterThanOrEqual(3);
    const page = await (await fetch(`${running.url}${place}`)).text();
    expect(page).toContain('Asked for by ops at ');
    expect(page).not.toContain('canary-51c2');
    expect(await (await fetch(running.url)).text()).toContain(`href="${place.slice(1)}"`);
    const told = running.io
      .captured()
      .err.split('\n')
      .find((line) => line.includes('a journey is asked for'));
    expect(told).toMatch(/ target=https:\/\/kms\.example:\d+\/ by=ops from=127\.0\.0\.1$/);
    expect(await metric(running, 'outrider_asked_journeys_total{outcome="ridden"}')).toBeGreaterThanOrEqual(1);
    // What the schedule counts is the schedule's.
    expect(await (await fetch(`${running.url}/metrics`)).text()).not.toContain('\njourney_verdict{');
  });

  test('who waits gets the whole journey, to a URL with options of its own and nothing of the config', async () => {
    const url = `https://127.0.20.1:${world.port}/x?key=1`;
    const { status, text, headers } = await ask(running, { url, samples: 2, only: ['balancer'] }, BEARER, '?wait=60s');
    expect(status).toBe(200);
    const journey = JSON.parse(text) as Journey;
    expect(headers.get('location')).toBe(`/journeys/${journey.id}`);
    expect(journey.hops.find(({ id }) => id === 'total')?.attempts).toBe(2);
    expect(journey.riddenWith).toMatchObject({ samples: 2 });
    expect(text).not.toContain('X-Api-Key');
    expect(journey.probes['dns']?.state).toBe('skipped');
  });

  test.each([
    ['no JSON', '{', 400, 'is not a JSON object'],
    ['a list', '[]', 400, 'is not a JSON object'],
    ['neither', {}, 400, 'give one of target, url'],
    ['both', { target: 'kms', url: 'https://127.0.20.1/' }, 400, 'give one of target, url'],
    ['an unknown key', { url: 'https://127.0.20.1/', sample: 2 }, 400, 'no key is called'],
    ['options of a target', { target: 'kms', samples: 2 }, 400, 'options are for a url'],
    ['too many samples', { url: 'https://127.0.20.1/', samples: 101 }, 400, 'samples'],
    ['a resolver', { url: 'https://127.0.20.1/', resolvers: ['192.0.2.1'] }, 400, 'no key is called'],
    ['a header', { url: 'https://127.0.20.1/', request: {} }, 400, 'no key is called'],
    ['too long', { url: 'https://127.0.20.1/', deadline: '3m' }, 400, 'at most 2m'],
    ['an unknown probe', { url: 'https://127.0.20.1/', only: ['all'] }, 400, 'no probe is called'],
    ['what a stranger may not ask', { url: 'https://127.0.20.1/', only: ['dns'] }, 400, 'leave no probe'],
    ['no target of the config', { target: 'kms.example' }, 404, 'no target of the config'],
    ['a target with a module', { target: 'page' }, 404, 'that is ridden has this name'],
    ['a cloud', { url: 'http://169.254.169.254/latest' }, 403, 'link-local or a cloud'],
    ['a denied network', { url: 'https://127.0.99.1/' }, 403, 'denied by --deny'],
    ['no name', { url: 'https://nowhere.invalid/' }, 400, 'has no address'],
    ['another scheme', { url: 'file:///etc/passwd' }, 400, 'only https and http'],
    ['a large body', `{"target": "${'x'.repeat(20_000)}"}`, 413, 'too large'],
  ])('%s is refused', async (_, body, status, says) => {
    const refused = await ask(running, body);
    expect(refused.status).toBe(status);
    expect((JSON.parse(refused.text) as { readonly error: string }).error).toContain(says);
  });

  test('waiting is for a duration', async () => {
    expect(await ask(running, { target: 'kms' }, BEARER, '?wait=long')).toMatchObject({ status: 400 });
  });

  test.each([
    ['nobody', JSON_TYPE, 401],
    ['a wrong token', { ...JSON_TYPE, authorization: 'Bearer 0123456789abcdef9999' }, 401],
    ['a form', { ...BEARER, 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['a form that looks like it', { ...BEARER, 'content-type': 'text/plain; application/json' }, 415],
    ['a page of another origin', { ...BEARER, origin: 'https://evil.example' }, 403],
    ['a page without origin', { ...BEARER, origin: 'null' }, 403],
  ])('%s does not begin one', async (_, headers, status) => {
    const before = await metric(running, 'outrider_asked_journeys_total{outcome="turned_away"}');
    const refused = await ask(running, { target: 'kms' }, headers);
    expect(refused.status).toBe(status);
    expect(refused.headers.get('location')).toBeNull();
    expect(refused.headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer' : null);
    expect(await metric(running, 'outrider_asked_journeys_total{outcome="turned_away"}')).toBe(before + 1);
  });

  test('the same origin may, and reading needs no token', async () => {
    const own = { ...BEARER, origin: running.url };
    expect(await ask(running, { target: 'none' }, own)).toMatchObject({ status: 404 });
    expect(await fetch(`${running.url}/journeys`)).toMatchObject({ status: 405 });
    expect(await fetch(running.url)).toMatchObject({ status: 200 });
  });

  test('one client has so many under way, by whichever path, and is told to come back', async () => {
    const pit = await tarpit();
    const slow = { url: `http://127.0.0.1:${pit.port}/`, samples: 1, only: ['layers'], timeout: '30s' };
    const begun = await Promise.all([1, 2, 3].map(() => ask(running, slow)));
    expect(begun.map(({ status }) => status)).toEqual([202, 202, 202]);
    const more = await ask(running, slow);
    expect(more.status).toBe(429);
    expect(Number(more.headers.get('retry-after'))).toBeGreaterThan(0);
    const probe = await fetch(`${running.url}/probe?module=journey&target=kms`);
    expect({ status: probe.status, again: probe.headers.get('retry-after') }).toEqual({ status: 429, again: '1' });
    expect(await metric(running, 'outrider_probes_under_way')).toBe(3);
    expect(await metric(running, 'outrider_probes_turned_away_total')).toBeGreaterThanOrEqual(2);
    const place = begun[0]?.headers.get('location') ?? '';
    const pending = await fetch(`${running.url}${place}.json`);
    expect(pending.status).toBe(202);
    expect(await pending.json()).toMatchObject({ state: 'under_way', asked: { by: 'ops' } });
    const page = await (await fetch(`${running.url}${place}`)).text();
    expect(page).toContain('is under way');
    pit.close();
    await expect.poll(() => metric(running, 'outrider_probes_under_way'), { timeout: 20_000 }).toBe(0);
  });
});

test('users of the web config may ask, and a token is as good as a user', async () => {
  const files = ['--web-config', path('web.yml'), '--token-file', path('tokens')];
  const running = await startAgent(world, ['--config', path('agent.yml'), ...files]);
  const basic = (password: string) => ({ ...JSON_TYPE, authorization: `Basic ${btoa(`ada:${password}`)}` });
  expect(await ask(running, { target: 'kms' }, basic('wrong'))).toMatchObject({ status: 401 });
  const asked = await ask(running, { target: 'kms' }, basic('right'), '?wait');
  expect((JSON.parse(asked.text) as Journey).asked?.by).toBe('ada');
  expect((await fetch(running.url)).status).toBe(401);
  expect((await fetch(running.url, { headers: BEARER })).status).toBe(200);
  expect(await running.end()).toMatchObject({ exit: 0 });
});

test('it is off where nobody can show who he is', async () => {
  const running = await startAgent(world, ['--config', path('agent.yml')]);
  const refused = await ask(running, { target: 'kms' });
  expect(refused.status).toBe(403);
  expect(refused.text).toContain('--token-file');
  await running.end();
});

test('so many are under way, so many wait, and the end of the agent is not held up by who waits', async () => {
  const running = await startAgent(world, ['--config', path('agent.yml'), '--token-file', path('tokens')]);
  const pit = await tarpit();
  const slow = { url: `http://127.0.0.1:${pit.port}/`, samples: 1, only: ['layers'], timeout: '30s' };
  const statuses = [];
  for (let at = 0; at < 21; at++) statuses.push((await ask(running, slow)).status);
  expect(statuses).toEqual([...Array.from({ length: 20 }, () => 202), 429]);
  const waits = ask(running, { target: 'none' });
  expect((await waits).status).toBe(404);
  pit.close();
  expect(await running.end()).toMatchObject({ exit: 0 });
});
