// Holds the client of http_sd to what its API may answer, one answer each: what is a list, what is refused and in which words, and that it asks
// once and nobody else. Which server it trusts is held by real ones beside this file.
import { gzipSync } from 'node:zlib';
import nock from 'nock';
import { expect, test } from 'vitest';
import { brokenBehind } from '../../../test/support/broken-answer.ts';
import { everyReplyWanted, offline } from '../../../test/support/offline.ts';
import { Secret } from '../../model/secret.ts';
import { TooMuch, UsageError } from '../../model/usage-error.ts';
import { fetchTargets } from '../named-targets.ts';

const HOST = 'https://inventory.example';
const CANARY = 'canary-of-the-inventory';
const LIST = '[{"targets":["a.example"],"labels":{"team":"kms"}}]';

offline();
everyReplyWanted();

const api = (): nock.Interceptor =>
  nock(HOST, {
    reqheaders: {
      ...{ accept: 'application/json', authorization: `Bearer ${CANARY}` },
      'x-prometheus-refresh-interval-seconds': '60',
    },
  }).get(`/targets?key=${CANARY}`);

const fetched = (): Promise<string> =>
  fetchTargets(
    {
      ...{ url: `${HOST}/targets?key=${CANARY}`, headers: [], caPem: null, refreshSeconds: 60 },
      credentials: { scheme: 'bearer', token: new Secret('token', CANARY) },
    },
    new AbortController().signal,
  );

async function refusal(): Promise<string> {
  const error: unknown = await fetched().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UsageError);
  const { message } = error as UsageError;
  expect(message).not.toContain(CANARY);
  return message;
}

test.each([
  'application/json',
  'application/json; charset=utf-8',
  'application/json;charset="UTF-8"',
  'Application/JSON',
])('%s is a list', async (type) => {
  api().reply(200, LIST, { 'content-type': type });
  expect(await fetched()).toBe(LIST);
});

test.each([
  'text/html',
  'text/json',
  'application/jsonp',
  'application/json-seq',
  'application/json+x',
  'application/problem+json',
  'text/plain; a=application/json',
  '',
])('%j is none', async (type) => {
  api().reply(200, LIST, type === '' ? {} : { 'content-type': type });
  expect(await refusal()).toBe(`${HOST}/targets: is not application/json`);
});

test.each([201, 202, 204, 206, 304, 400, 401, 403, 404, 410, 429, 500, 502, 503, 504])(
  '%d is no list, and is asked for no second time',
  async (status) => {
    api().reply(status, status === 204 || status === 304 ? '' : `["${CANARY}"]`, {
      ...{ 'content-type': 'application/json', 'retry-after': '0' },
    });
    expect(await refusal()).toBe(`${HOST}/targets: answered ${status}`);
  },
);

test.each([301, 302, 303, 307, 308])('a redirect with %d is not followed', async (status) => {
  nock('https://elsewhere.example').get('/').reply(200, LIST, { 'content-type': 'application/json' });
  api().reply(status, '', { location: 'https://elsewhere.example/' });
  expect(await refusal()).toBe(`${HOST}/targets: answered ${status}`);
  expect(nock.pendingMocks()).toEqual(['GET https://elsewhere.example:443/']);
  nock.cleanAll();
});

test.each([
  ['refuses', { code: 'ECONNREFUSED', message: 'connect ECONNREFUSED 192.0.2.1:443' }],
  ['is not known', { code: 'ENOTFOUND', message: 'getaddrinfo ENOTFOUND inventory.example' }],
  ['resets', { code: 'ECONNRESET', message: 'read ECONNRESET' }],
  ['has an old certificate', { code: 'CERT_HAS_EXPIRED', message: 'certificate has expired' }],
])('a host that %s is said to', async (_what, { code, message }) => {
  api().replyWithError(Object.assign(new Error(message), { code }));
  expect(await refusal()).toBe(`${HOST}/targets: cannot be fetched: ${message}`);
});

test('a list that breaks off is none', async () => {
  api().reply(200, () => brokenBehind('[{"targets":'), { 'content-type': 'application/json' });
  expect(await refusal()).toMatch(/\/targets: cannot be fetched: /);
});

test('a list that is too large is none', async () => {
  api().reply(200, Buffer.alloc(16_777_217, ' '), { 'content-type': 'application/json' });
  const error: unknown = await fetched().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TooMuch);
});

/** It is judged by who asked; it never asks for a coding, and undoes none. */
test.each<readonly [string, string | Buffer, Record<string, string>]>([
  ['no JSON', '[{"targets":', {}],
  ['nothing', '', {}],
  ['bytes that are no text', Buffer.from([0x5b, 0xff, 0x5d]), {}],
  ['something packed', gzipSync(LIST), { 'content-encoding': 'gzip' }],
])('%s is handed on as it is', async (_what, body, headers) => {
  api().reply(200, body, { 'content-type': 'application/json', ...headers });
  expect(await fetched()).toBe(Buffer.from(body).toString('utf8'));
});
