// Holds the http prober's client of token endpoints to what these may answer, one answer each: what is a token, what is told, and how often it is
// asked. TLS, proxies and time are held by real servers in token.test.ts.
import nock from 'nock';
import { expect, test } from 'vitest';
import { brokenBehind } from '../../../test/support/broken-answer.ts';
import { everyReplyWanted, offline } from '../../../test/support/offline.ts';
import { failureIn, probed, roomOf, valueOf } from './asking.ts';

const SECRET = 'canary-of-the-client';
const BASIC = `Basic ${Buffer.from(`client:${SECRET}`).toString('base64')}`;
const [TOKENS, TARGET] = ['http://127.0.0.1:8491', 'http://127.0.0.1:8492'];
const JSON_TYPE = { 'content-type': 'application/json' };

offline();
everyReplyWanted();

const endpoint = (): nock.Interceptor =>
  nock(TOKENS, { reqheaders: { host: 'here.example:8491', authorization: BASIC } }).post('/token', {
    grant_type: 'client_credentials',
  });
/** After a refusal the secret is tried in the form, as x/oauth2 does. */
const again = (): nock.Interceptor =>
  nock(TOKENS, { badheaders: ['authorization'] }).post('/token', {
    ...{ grant_type: 'client_credentials', client_id: 'client', client_secret: SECRET },
  });

function probe(): Promise<string> {
  const oauth2 = `{client_id: client, client_secret: ${SECRET}, token_url: "http://here.example:8491/token"}`;
  const room = roomOf(`modules: {m: {prober: http, timeout: 5s, http: {oauth2: ${oauth2}}}}`);
  return probed(room, 'm', 'http://here.example:8492/');
}

test.each<readonly [string, string, Record<string, string>]>([
  ['JSON', '{"access_token":"one"}', JSON_TYPE],
  ['JSON that is called nothing', '{"access_token":"one"}', {}],
  ['JSON that is called a page', '{"access_token":"one"}', { 'content-type': 'text/html' }],
  ['a form', 'access_token=one&token_type=bearer', { 'content-type': 'application/x-www-form-urlencoded' }],
  ['text in a form', 'access_token=one', { 'content-type': 'text/plain; charset=utf-8' }],
])('%s holds a token', async (_what, body, headers) => {
  endpoint().reply(200, body, headers);
  nock(TARGET, { reqheaders: { authorization: 'Bearer one', host: 'here.example:8492' } })
    .get('/')
    .reply(200, 'up');
  expect(valueOf(await probe(), 'probe_success')).toBe(1);
});

test.each<readonly [string, number, string, string]>([
  ['nothing', 200, '', 'cannot parse json'],
  ['half a document', 200, '{"access_token":"canary"', 'cannot parse json'],
  ['a list', 200, '["canary"]', 'cannot parse json'],
  ['a page', 200, '<html>canary', 'cannot parse json'],
  ['no token', 200, '{"token_type":"bearer"}', 'missing access_token'],
  ['an error with 200', 200, '{"error":"invalid_scope","access_token":"canary"}', 'invalid_scope'],
  ['301', 301, '', 'answered 301'],
  ['302', 302, '', 'answered 302'],
  ['307', 307, '', 'answered 307'],
  ['308', 308, '', 'answered 308'],
  ['400', 400, '{"error":"invalid_request"}', 'invalid_request'],
  ['401', 401, `{"error":"invalid_client","error_description":"${SECRET}"}`, 'invalid_client'],
  ['403', 403, '', 'answered 403'],
  ['404', 404, 'canary', 'answered 404'],
  ['429', 429, '', 'answered 429'],
  ['500', 500, '', 'answered 500'],
  ['503', 503, '', 'answered 503'],
])('%s is no token: it is asked for once in each style, and nowhere else', async (_what, status, body, words) => {
  const headers = { ...JSON_TYPE, 'retry-after': '0', location: 'http://here.example:8493/' };
  endpoint().reply(status, body, headers);
  again().reply(status, body, headers);
  const page = await probe();
  expect(failureIn(page)).toBe('request token prober');
  expect(page).toContain(words);
  expect(page).not.toContain('canary');
});

test('where only the form does, it does', async () => {
  endpoint().reply(401, '{"error":"invalid_client"}', JSON_TYPE);
  again().reply(200, '{"access_token":"one"}', JSON_TYPE);
  nock(TARGET, { reqheaders: { authorization: 'Bearer one' } })
    .get('/')
    .reply(200);
  expect(valueOf(await probe(), 'probe_success')).toBe(1);
});

test('an answer that breaks off is no token, and not asked for again', async () => {
  endpoint().reply(200, () => brokenBehind('{"access_token":"canary"}'), { ...JSON_TYPE, 'content-length': '100' });
  const page = await probe();
  expect(failureIn(page)).toBe('request token prober');
  expect(page).not.toContain('canary');
});
