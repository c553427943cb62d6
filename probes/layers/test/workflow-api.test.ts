// Holds the client of status URLs behind a 202 to what these may answer, one answer each: which ends the work, which is put off and asked for
// again, and that nobody else is asked. Time is held by real servers in workflow.test.ts.
import { gzipSync } from 'node:zlib';
import nock from 'nock';
import { afterEach, expect, test } from 'vitest';
import { Secret } from '../../../src/model/secret.ts';
import { type Endpoint, endpointId, parseTarget } from '../../../src/model/target.ts';
import type { IpAddress } from '../../../src/model/text.ts';
import { type OpenedCall, openCall } from '../../../src/net/call/call.ts';
import { now } from '../../../src/net/clock.ts';
import { createMeter } from '../../../src/net/meter.ts';
import { brokenBehind } from '../../../test/support/broken-answer.ts';
import { everyReplyWanted, offline } from '../../../test/support/offline.ts';
import { contextOf, tracesOn } from '../../../test/support/traces.ts';
import { gather } from '../gather.ts';

const ADDRESS = '127.0.0.1' as IpAddress;
const PORT = 8483;
const CANARY = 'canary-of-the-work';
const ENDPOINT: Endpoint = {
  ...{ id: endpointId(ADDRESS, PORT), address: ADDRESS, port: PORT, family: 4, zone: null, zoneSource: null },
  ttlSeconds: null,
};

offline();
everyReplyWanted();
const opened: OpenedCall[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

const status = (): nock.Interceptor =>
  nock(`http://${ADDRESS}:${PORT}`, {
    reqheaders: { host: `kms.example:${PORT}`, authorization: `Bearer ${CANARY}` },
  }).get(`/operations/7?sig=${CANARY}`);

async function followed() {
  const target = parseTarget(`http://kms.example:${PORT}/keys`);
  const calls = openCall({
    ...{ target, servername: null, identity: null, http: 'negotiated', trust: { caPem: null, insecure: true } },
    ...{ timeoutMs: 5000, families: [4], userAgent: 'test', dns: { lookup: () => Promise.reject(new Error('asked')) } },
    ...{ originMs: now(), startedAtMs: Date.now(), headerBytes: 32_768, meter: createMeter() },
  });
  opened.push(calls);
  const accepted = { status: 202, headers: [['Operation-Location', `/operations/7?sig=${CANARY}`]] } as const;
  const headers = [['Authorization', new Secret('token', `Bearer ${CANARY}`)]] as const;
  const attempt = await gather(
    contextOf({ poll: true }, [ENDPOINT], tracesOn(ENDPOINT, [accepted]), {
      ...{ target, request: { method: 'POST', headers, body: null } },
      net: { now, dns: undefined as never, call: calls.call },
    }),
  );
  if (attempt.state !== 'complete') throw new Error(attempt.state);
  expect(JSON.stringify(attempt.value)).not.toContain(CANARY);
  const { outcome = null, polls = [], stages = [] } = attempt.value.workflow ?? {};
  return { outcome, statuses: polls.map((poll) => poll.status ?? poll.problem), stages: stages.length };
}

const DONE = { status: 'Succeeded' };

test.each(['application/json', 'text/plain', 'text/html', ''])('a document of type %j is read', async (type) => {
  status().reply(200, JSON.stringify(DONE), type === '' ? {} : { 'content-type': type });
  expect(await followed()).toEqual({ outcome: 'succeeded', statuses: [200], stages: 1 });
});

/** The documents of Azure, of Google (AIP-151), and of whoever sends on to the result. */
test.each<readonly [string, number, nock.Body, string]>([
  ['a failure', 200, { status: 'Failed', error: { code: 'x' } }, 'failed'],
  ['a cancellation', 200, { status: 'Canceled' }, 'canceled'],
  ['an operation that is done', 200, { done: true, response: {} }, 'succeeded'],
  ['an operation that failed', 200, { done: true, error: { code: 13 } }, 'failed'],
  ['the way to the result', 303, '', 'succeeded'],
  ['nothing', 204, '', 'succeeded'],
  ['half a document', 200, '{"status":"Run', 'succeeded'],
  ['a list', 200, '[{"status":"Failed"}]', 'succeeded'],
  ['404', 404, '', 'failed'],
  ['410', 410, '', 'failed'],
  ['401', 401, '', 'failed'],
  ['a fault', 500, '', 'failed'],
])('%s ends it', async (_what, code, body, outcome) => {
  status().reply(code, body, code === 303 ? { location: `/keys/7?sig=${CANARY}` } : {});
  expect(await followed()).toMatchObject({ outcome, statuses: [code] });
});

test.each<readonly [string, number, nock.Body, Record<string, string>]>([
  ['work that goes on', 200, { status: 'Running' }, {}],
  ['202 and nothing', 202, '', {}],
  ['an operation that is not done', 200, { done: false }, {}],
  ['429', 429, '', { 'retry-after': '0' }],
  ['429 without a time', 429, '', {}],
  ['503 with a time', 503, '', { 'retry-after': '0' }],
  ['503 without a time', 503, '', {}],
  ['a proxy without an answer', 502, '', {}],
  ['a proxy that waited in vain', 504, '', {}],
])('%s is asked for again', async (_what, code, body, headers) => {
  status().reply(code, body, headers);
  status().reply(200, DONE);
  expect(await followed()).toMatchObject({ outcome: 'succeeded', statuses: [code, 200] });
});

test('an answer that breaks off is an accident of the way', async () => {
  status().reply(200, () => brokenBehind('{"status":"Failed"}'), { 'content-length': '100' });
  status().reply(200, DONE);
  const { outcome, statuses } = await followed();
  expect(outcome).toBe('succeeded');
  expect(statuses).toEqual([expect.stringMatching(/^(closed|reset)$/), 200]);
});

test.each<readonly [string, string | Buffer, Record<string, string>]>([
  ['too large', `${' '.repeat(70_000)}{"status":"Failed"}`, { 'content-length': '70019' }],
  ['packed', gzipSync('{"status":"Failed"}'), { 'content-encoding': 'gzip' }],
])('a document that is %s says nothing of the work', async (_what, body, headers) => {
  status().reply(200, body, headers);
  expect(await followed()).toEqual({ outcome: 'succeeded', statuses: [200], stages: 1 });
});
