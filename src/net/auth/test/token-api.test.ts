// Holds the client of OAuth 2 token endpoints to what these may answer, one answer each: what is a token and for how long, what is told, and that
// a ride does not press the endpoint. TLS, time and answers that are cut off are held by real servers beside this file.
import nock from 'nock';
import { afterEach, expect, test } from 'vitest';
import { brokenBehind } from '../../../../test/support/broken-answer.ts';
import { everyReplyWanted, offline } from '../../../../test/support/offline.ts';
import { Secret } from '../../../model/secret.ts';
import { parseTarget } from '../../../model/target.ts';
import { visible } from '../../../model/text.ts';
import { type OpenedCall, openCall } from '../../call/call.ts';
import { now } from '../../clock.ts';
import { createMeter } from '../../meter.ts';
import { StepFailure } from '../../sample/step.ts';
import { openAuthorization } from '../open-authorization.ts';

const HOST = '127.0.0.61:8480';
const CANARY = 'canary-a71e';
const BASIC = `Basic ${Buffer.from(`probe:${CANARY}`).toString('base64')}`;
const STARTED_MS = 1_000_000;

offline();
everyReplyWanted();
const opened: OpenedCall[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

const FORM = { grant_type: 'client_credentials', scope: 'read' };
const endpoint = (): nock.Interceptor =>
  nock(`http://${HOST}`, {
    reqheaders: {
      ...{ host: HOST, accept: 'application/json', authorization: BASIC },
      'content-type': 'application/x-www-form-urlencoded',
    },
  }).post('/token', FORM);

async function authorized() {
  const clock = { atMs: STARTED_MS };
  const calls = openCall({
    ...{ target: parseTarget('https://target.example/'), servername: null, identity: null, http: 'negotiated' },
    ...{ trust: { caPem: [], insecure: false }, timeoutMs: 5_000, families: [4], userAgent: 'token-test' },
    ...{ originMs: now(), startedAtMs: 0, headerBytes: 32_768, meter: createMeter() },
    dns: { lookup: () => Promise.reject(new Error('nothing is to be looked up')) },
  });
  opened.push(calls);
  const authorization = await openAuthorization(
    {
      ...{ scheme: 'oauth2', tokenUrl: `http://${HOST}/token`, scope: 'read', audience: null, send: 'header' },
      ...{ clientId: new Secret('client id', 'probe'), clientSecret: new Secret('client secret', CANARY) },
    },
    { call: calls.call, wallMs: () => clock.atMs },
  );
  const shown = async (): Promise<string> => {
    await authorization.ready(new AbortController().signal);
    try {
      const [field] = authorization.fields({ method: 'GET', path: '/', headers: [], body: null, atMs: 0 });
      return field?.[1].open() ?? '';
    } catch (error) {
      if (!(error instanceof StepFailure)) throw error;
      const words = visible(error.problem.detail ?? '');
      expect(error.problem.code).toBe('no-credentials');
      expect(words).not.toContain(CANARY);
      return words;
    }
  };
  return { shown, clock };
}

const token = (more: object = {}) => ({ access_token: 'one', token_type: 'Bearer', expires_in: 600, ...more });

test.each(['application/json', 'application/json;charset=UTF-8', 'text/plain', 'text/html', ''])(
  'a token of type %j is one: what it is called does not matter',
  async (type) => {
    endpoint().reply(200, JSON.stringify(token()), type === '' ? {} : { 'content-type': type });
    expect(await (await authorized()).shown()).toBe('Bearer one');
  },
);

test.each<readonly [unknown, number]>([
  [600, 600],
  ['600', 600],
  [1, 1],
  [undefined, 1e9],
  [null, 1e9],
  [0, 1e9],
  [-1, 1e9],
  ['soon', 1e9],
  [1e12, 1e9],
  [{}, 1e9],
])('one that expires_in %j is kept for %d s', async (given, seconds) => {
  endpoint().reply(200, token({ expires_in: given }));
  const { shown, clock } = await authorized();
  expect(await shown()).toBe('Bearer one');
  // A tenth before its end, or half a minute, a new one is asked for.
  clock.atMs = STARTED_MS + seconds * 1000 - Math.min(30_000, seconds * 100) - 1;
  expect(await shown()).toBe('Bearer one');
  clock.atMs += 1;
  endpoint().reply(200, token({ access_token: 'two' }));
  expect(await shown()).toBe('Bearer two');
});

test.each<readonly [string, unknown, RegExp]>([
  ['nothing', '', /without an access_token: is the URL/],
  ['half a document', '{"access_token":"one"', /without an access_token/],
  ['a page', '<html>', /without an access_token/],
  ['null', 'null', /without an access_token/],
  ['a text', '"one"', /without an access_token/],
  ['a list', '[{"access_token":"one"}]', /without an access_token/],
  ['an error with 200', { error: 'invalid_client' }, /without an access_token/],
  ['an empty token', token({ access_token: '' }), /without an access_token/],
  ['a number', token({ access_token: 7 }), /without an access_token/],
  ['a token in two lines', token({ access_token: 'a\r\nb' }), /a token that cannot be sent in a header/],
  ['a token with a space', token({ access_token: 'a b' }), /a token that cannot be sent in a header/],
  ['a token that is no ASCII', token({ access_token: 'ä' }), /a token that cannot be sent in a header/],
  ['another type', token({ token_type: 'mac' }), /a type that is not bearer/],
])('%s is no token', async (_what, body, words) => {
  endpoint().reply(200, body as nock.Body, { 'content-type': 'application/json' });
  expect(await (await authorized()).shown()).toMatch(words);
});

/** RFC 6749 5.2. */
test.each<readonly [number, unknown, string]>([
  [400, { error: 'invalid_request' }, ' invalid_request; look at scope:, audience: and send:'],
  [401, { error: 'invalid_client' }, ' invalid_client; look at the client id and secret, and at send: header or body'],
  [
    400,
    { error: 'invalid_scope', error_description: `no ${CANARY}` },
    ' invalid_scope (no [secret client secret]); look at scope:',
  ],
  [
    400,
    { error: 'unsupported_grant_type' },
    ' unsupported_grant_type; the server does not offer the client credentials grant',
  ],
  [400, { error: 'invalid_target' }, ' invalid_target; look at audience:'],
  [400, { error: 'toString' }, ' toString'],
  [400, { error: { message: 'no' } }, ': look at tokenUrl:'],
  [400, '<html>', ': look at tokenUrl:'],
  [403, '', ': look at tokenUrl:'],
  [404, 'Cannot POST /token', ': look at tokenUrl:'],
  [405, '', ': look at tokenUrl:'],
  [415, '', ': look at tokenUrl:'],
  [500, '', ': look at tokenUrl:'],
  [201, token(), ': look at tokenUrl:'],
  [204, '', ': look at tokenUrl:'],
])('%d %j is told', async (status, body, words) => {
  endpoint().reply(status, body as nock.Body);
  expect(await (await authorized()).shown()).toBe(`no token: ${HOST} answered ${status}${words}`);
});

test.each([301, 302, 303, 307, 308])('a redirect with %d takes the secret nowhere', async (status) => {
  nock('http://127.0.0.62').post('/').reply(200, token());
  endpoint().reply(status, '', { location: 'http://127.0.0.62/' });
  expect(await (await authorized()).shown()).toBe(`no token: ${HOST} answered ${status}: look at tokenUrl:`);
  expect(nock.pendingMocks()).toEqual(['POST http://127.0.0.62:80/']);
  nock.cleanAll();
});

test.each([429, 500, 502, 503, 504])(
  'after %d it is left alone for ten seconds, and then asked again',
  async (status) => {
    endpoint().reply(status, { error: 'slow_down' }, { 'retry-after': '0' });
    const { shown, clock } = await authorized();
    const refused = `no token: ${HOST} answered ${status} slow_down`;
    expect(await shown()).toBe(refused);
    clock.atMs += 9_999;
    expect(await shown()).toBe(refused);
    clock.atMs += 1;
    endpoint().reply(200, token());
    expect(await shown()).toBe('Bearer one');
  },
);

test('an answer that breaks off is no token', async () => {
  endpoint().reply(200, () => brokenBehind('{"access_token":"one"}'), { 'content-length': '100' });
  expect(await (await authorized()).shown()).toMatch(/^no token: 127\.0\.0\.61:8480: connection (closed|reset)/);
});
