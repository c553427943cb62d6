// Holds the client of health endpoints to what these may answer, one answer each: what is read, what is no word of health, and that each path is
// asked once, at the address of the ride. Documents themselves are held in health.test.ts.
import nock from 'nock';
import { afterEach, expect, test } from 'vitest';
import type { Endpoint } from '../../../src/model/target.ts';
import { endpointId } from '../../../src/model/target.ts';
import type { IpAddress } from '../../../src/model/text.ts';
import { brokenBehind } from '../../../test/support/broken-answer.ts';
import { everyReplyWanted, offline } from '../../../test/support/offline.ts';
import { options as defaults } from '../defaults.ts';
import { WELL_KNOWN } from '../health.ts';
import { endServers, gathered } from './served.ts';

const ADDRESS = '127.0.0.1' as IpAddress;
const PORT = 8481;
const endpoint: Endpoint = {
  ...{ id: endpointId(ADDRESS, PORT), address: ADDRESS, port: PORT, family: 4, zone: null, zoneSource: null },
  ttlSeconds: null,
};

offline();
everyReplyWanted();
afterEach(async () => {
  await endServers();
});

const site = () => nock(`http://${ADDRESS}:${PORT}`, { reqheaders: { host: `kms.example:${PORT}`, 'x-key': 'mine' } });
const at = (path: string): nock.Interceptor => site().get(path);

async function healthAt(health: string | true) {
  const request = { method: 'GET', headers: [['X-Key', 'mine']], body: null } as const;
  const { value } = await gathered(endpoint, { ...defaults, preflight: false, health }, [{ status: 200 }], request);
  return value.health;
}

const UP = { status: 'UP', components: { db: { status: 'UP' } } };
const HEALTH = { 'content-type': 'application/health+json' };

test.each(['application/json', 'application/health+json', 'text/plain', 'text/html', ''])(
  'a document of type %j is read for what it is',
  async (type) => {
    at('/actuator').reply(200, JSON.stringify(UP), type === '' ? {} : { 'content-type': type });
    expect(await healthAt('/actuator')).toMatchObject({ status: 200, state: 'up', dependencies: [{ name: 'db' }] });
  },
);

/** A part that is down makes many answer 503, and one that is pressed too often 429. */
test.each([429, 500, 502, 503, 504])(
  'a document that comes with %d is read, and not asked for again',
  async (status) => {
    at('/h').reply(
      status,
      { status: 'DOWN', components: { db: { status: 'DOWN' } } },
      { ...HEALTH, 'retry-after': '0' },
    );
    expect(await healthAt('/h')).toMatchObject({
      status,
      state: 'down',
      dependencies: [{ name: 'db', state: 'down' }],
    });
  },
);

test.each([301, 302, 307, 308, 400, 401, 403, 404, 405])(
  'what comes with %d says nothing of health',
  async (status) => {
    at('/h').reply(status, UP, { ...HEALTH, location: `http://${ADDRESS}:${PORT}/elsewhere` });
    expect(await healthAt('/h')).toMatchObject({ status, format: null, state: 'unknown', dependencies: [], tried: 1 });
  },
);

test.each<readonly [string, string]>([
  ['nothing', ''],
  ['half a document', '{"status":"UP","components":{"db"'],
  ['a list', '[{"status":"UP"}]'],
  ['null', 'null'],
  ['a number', '7'],
  ['a page', '<html><body>all is up</body></html>'],
])('%s says nothing of health', async (_what, body) => {
  at('/h').reply(200, body, { 'content-type': 'application/json' });
  expect(await healthAt('/h')).toMatchObject({ status: 200, problem: null, format: null, state: 'unknown' });
});

test('a document that is too large is not read by half', async () => {
  const large = { status: 'UP', padding: 'x'.repeat(70_000) };
  at('/h').reply(200, large, { 'content-length': String(JSON.stringify(large).length) });
  expect(await healthAt('/h')).toMatchObject({ status: 200, format: null, state: 'unknown' });
});

test('an answer that breaks off is a problem, and no document', async () => {
  at('/h').reply(200, () => brokenBehind(JSON.stringify(UP)), { 'content-length': '1000' });
  expect(await healthAt('/h')).toMatchObject({
    ...{ status: null, format: null, state: 'unknown' },
    problem: expect.stringMatching(/^(closed|reset)$/) as string,
  });
});

test('each well-known path is asked once, whatever it says, until one speaks of health', async () => {
  const statuses = [404, 302, 401, 500, 503, 200, 429];
  for (const [n, status] of statuses.entries()) at(WELL_KNOWN[n] ?? '').reply(status, '<html>', { 'retry-after': '0' });
  at(WELL_KNOWN[statuses.length] ?? '').reply(200, UP, HEALTH);
  expect(await healthAt(true)).toMatchObject({ path: '/status', tried: WELL_KNOWN.length, state: 'up' });
});
