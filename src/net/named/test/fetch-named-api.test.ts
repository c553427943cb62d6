// Holds the client of revocation lists, OCSP responders and issuers' certificates to what these may answer, one answer each: what is handed on,
// what is refused and in which words, and that nobody is asked twice. What needs time or TLS is held by real servers beside this file.
import { gzipSync } from 'node:zlib';
import nock from 'nock';
import { describe, expect, test } from 'vitest';
import { brokenBehind } from '../../../../test/support/broken-answer.ts';
import { everyReplyWanted, offline } from '../../../../test/support/offline.ts';
import type { Fetch } from '../../../contract/net.ts';
import type { DnsName, IpAddress } from '../../../model/text.ts';
import { visible } from '../../../model/text.ts';
import type { Lookup } from '../../../model/trace.ts';
import { createMeter } from '../../meter.ts';
import { openFetchNamed } from '../fetch-named.ts';
import { keptAnswers } from '../kept-answers.ts';

/** Where the CA's name leads to. The request goes there, and names the host. */
const ADDRESS = '127.0.0.91' as IpAddress;
const HOST = 'ca.example';
const MAX_BYTES = 1000;

offline();
everyReplyWanted();

const site = () => nock(`http://${ADDRESS}`, { reqheaders: { host: HOST, 'user-agent': 'outrider/1' } });

async function outcome(post: Fetch['post'], path: string): Promise<string> {
  const lookup = (name: DnsName): Promise<Lookup> =>
    Promise.resolve({
      ...{ startMs: 0, durationMs: 0, resolver: '', aliases: [], canonicalName: name, problem: null },
      addresses: [{ address: ADDRESS, family: 4, ttlSeconds: 1 }],
      familyProblems: { ipv4: null, ipv6: null },
    });
  const fetchNamed = openFetchNamed({
    ...{ dns: { lookup }, families: [4, 6], timeoutMs: 2000, userAgent: 'outrider/1', meter: createMeter() },
    kept: keptAnswers(),
  });
  const question: Fetch = {
    ...{ url: `http://${HOST}${path}`, maxBytes: MAX_BYTES, reach: 'any', asOfMs: 1000, keepUntilMs: () => null },
    ...(post === undefined ? {} : { post }),
  };
  const fetched = await fetchNamed(question, new AbortController().signal);
  return fetched.state === 'answered'
    ? Buffer.from(fetched.body).toString('latin1')
    : `failed: ${visible(fetched.because)}`;
}

const QUESTION = Buffer.from([0x30, 0x03, 0x0a, 0x01, 0x00]);

describe.each([
  ['a revocation list', '/root.crl', 'application/pkix-crl', undefined],
  ['an issuer’s certificate', '/issuer.cer', 'application/pkix-cert', undefined],
  [
    'an OCSP responder',
    '/ocsp',
    'application/ocsp-response',
    { body: QUESTION, contentType: 'application/ocsp-request' },
  ],
] as const)('%s', (_what, path, type, post) => {
  const ask = (): Promise<string> => outcome(post, path);
  const api = (): nock.Interceptor => {
    if (post === undefined) return site().get(path);
    return site()
      .post(path, (body: unknown) => String(body) === QUESTION.toString('hex') || String(body) === String(QUESTION))
      .matchHeader('content-type', post.contentType);
  };

  test.each([type, 'application/octet-stream', 'text/html', ''])(
    'of type %j is handed on: its maker signed it',
    async (given) => {
      api().reply(200, '0\u0001der', given === '' ? {} : { 'content-type': given });
      expect(await ask()).toBe('0\u0001der');
    },
  );

  test('that is empty is handed on: who reads it says that it is none', async () => {
    api().reply(200, '');
    expect(await ask()).toBe('');
  });

  test('that comes packed is not unpacked: nothing asked for that', async () => {
    const packed = gzipSync('der');
    api().reply(200, packed, { 'content-encoding': 'gzip' });
    expect(await ask()).toBe(packed.toString('latin1'));
  });

  test.each([201, 204, 206, 304, 400, 401, 403, 404, 405, 410, 429, 500, 502, 503, 504])(
    'that answers %d is not asked again',
    async (status) => {
      api().reply(status, status === 204 || status === 304 ? '' : 'no', { 'retry-after': '0' });
      expect(await ask()).toBe(`failed: it answers HTTP ${status}`);
    },
  );

  test.each([301, 302, 303, 307, 308])('that redirects with %d within its host is followed', async (status) => {
    api().reply(status, '', { location: '/moved' });
    site()
      .intercept('/moved', post === undefined ? 'GET' : 'POST')
      .reply(200, 'moved');
    expect(await ask()).toBe('moved');
  });

  test.each<readonly [string, string | undefined, string]>([
    ['another host', 'http://other.example/', 'it redirects to another host'],
    ['a name and password', 'http://a:b@ca.example/', 'its URL holds a user name'],
    ['a file', 'file:///etc/passwd', 'it redirects to another host'],
    ['nowhere', undefined, 'it answers HTTP 302'],
  ])('that redirects to %s is not', async (_where, location, because) => {
    api().reply(302, '', location === undefined ? {} : { location });
    expect(await ask()).toBe(`failed: ${because}`);
  });

  test('that redirects in a circle is left after two', async () => {
    api().reply(302, '', { location: path });
    api().reply(302, '', { location: path });
    api().reply(302, '', { location: path });
    expect(await ask()).toBe('failed: it redirects more than 2 times');
  });

  test.each([
    ['said', { 'content-length': String(MAX_BYTES + 1) }],
    ['not said', { 'transfer-encoding': 'chunked' }],
  ])('that is too large is refused, its length %s', async (_how, headers) => {
    api().reply(200, 'x'.repeat(MAX_BYTES + 1), headers);
    expect(await ask()).toBe(`failed: its answer is larger than ${MAX_BYTES} bytes`);
  });

  test('that breaks off is none', async () => {
    api().reply(200, () => brokenBehind('half'), { 'content-length': '100' });
    expect(await ask()).toMatch(/^failed: /);
  });
});
