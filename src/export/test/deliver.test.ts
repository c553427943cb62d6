// Handing reports over: what receivers of each kind get, when it is tried again, and that no error shows more of a URL than its host.
import nock from 'nock';
import { describe, expect, test } from 'vitest';
import { offline } from '../../../test/support/offline.ts';
import type { CertsProblem, CertsReport } from '../../model/certs.ts';
import { UsageError } from '../../model/usage-error.ts';
import { notification, parseReceiver, push } from '../certs-messages.ts';
import { type DeliverOptions, deliver, type Message } from '../deliver.ts';

const HOST = 'https://hooks.example';
const SECRET = '/services/T000/B000/secret';
const options: DeliverOptions = { caPem: null, timeoutMs: 2000, pauseMs: 1, signal: new AbortController().signal };
const message: Message = { method: 'POST', url: `${HOST}${SECRET}`, contentType: 'application/json', body: '{"a":1}' };

offline();

const problem = (part: Partial<CertsProblem> = {}): CertsProblem => ({
  ...{ id: 'certificate-expiry', severity: 'critical', target: 'kms.example', places: ['kms.example 192.0.2.1:443'] },
  ...{ certificate: null, atMs: null, what: 'It expires <soon> & hard.', soWhat: 'So.', nowWhat: 'Now.' },
  ...part,
});

const reportOf = (problems: readonly CertsProblem[]): CertsReport => ({
  ...{ schema: 'certs/1', startedAt: '2026-11-21T00:00:00.000Z', asOf: '2026-11-21T00:00:00.000Z', durationMs: 1 },
  ...{
    verdict: 'critical',
    complete: true,
    counts: { targets: 1, places: 1, failed: 0, certificates: 0 },
    judgedWith: {},
  },
  ...{ problems, places: [], certificates: {} },
});

describe('deliver', () => {
  test('sends once what is taken', async () => {
    const scope = nock(HOST, { reqheaders: { 'content-type': 'application/json' } })
      .post(SECRET, { a: 1 })
      .reply(200, 'ok');
    expect(await deliver(message, options)).toBeNull();
    expect(scope.isDone()).toBe(true);
  });

  test.each([
    ['a server error', 503],
    ['too many requests', 429],
  ] as const)('tries again after %s', async (_, status) => {
    const scope = nock(HOST).post(SECRET).times(2).reply(status, 'busy').post(SECRET).reply(200);
    expect(await deliver(message, options)).toBeNull();
    expect(scope.isDone()).toBe(true);
  });

  test('does not try again what would be refused again', async () => {
    const scope = nock(HOST).post(SECRET).reply(404, 'no_service\u001b[2J');
    expect(await deliver(message, options)).toBe('hooks.example: HTTP 404, "no_service\\x1b[2J"');
    expect(scope.isDone()).toBe(true);
  });

  test('gives up after four tries, and shows no more of the URL than its host', async () => {
    const scope = nock(HOST).post(SECRET).times(4).reply(500);
    const failure = await deliver(message, options);
    expect(failure).toBe('hooks.example: HTTP 500 (4 tries)');
    expect(scope.isDone()).toBe(true);
  });

  test.each([
    ['https://us%20er:p%3Ass@hooks.example/x', 'us er:p:ss'],
    ['https://token@hooks.example/x', 'token:'],
    ['https://a:100%@hooks.example/x', 'a:100%'],
  ])('%s: name and password go into their header, and into no error', async (url, credentials) => {
    const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
    const scope = nock(HOST, { reqheaders: { authorization } }).post('/x').reply(401, 'no');
    expect(await deliver({ ...message, url }, options)).toBe('hooks.example: HTTP 401, "no"');
    expect(scope.isDone()).toBe(true);
  });

  test('tells why nobody answered', async () => {
    nock(HOST)
      .post(SECRET)
      .times(4)
      .replyWithError(Object.assign(new Error('no'), { code: 'ECONNREFUSED' }));
    const failure = await deliver(message, options);
    expect(failure).toMatch(/^hooks\.example: ECONNREFUSED \(4 tries\)$/);
  });

  test('follows no redirect: the report stays where it was sent', async () => {
    nock(HOST).post(SECRET).reply(302, '', { location: 'https://elsewhere.example/' });
    expect(await deliver(message, options)).toBe('hooks.example: HTTP 302');
  });

  test('waits as long as the receiver asks, and stops when it is told to', async () => {
    nock(HOST).post(SECRET).times(4).reply(503, '', { 'retry-after': '3600' });
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 20);
    expect(await deliver(message, { ...options, signal: stop.signal })).toMatch(/^hooks\.example: /);
  });
});

describe('what is told', () => {
  test('Alertmanager: an alert a problem, with labels that do not change from day to day', () => {
    const receiver = parseReceiver('alertmanager+http://am.example:9093/prefix/');
    const sent = notification(reportOf([problem(), problem(), problem({ severity: 'notice' })]), receiver, 3_600_000);
    expect(sent).toMatchObject({ method: 'POST', url: 'http://am.example:9093/prefix/api/v2/alerts' });
    expect(JSON.parse(sent.body)).toEqual([
      {
        labels: {
          ...{ alertname: 'Certificate', id: 'certificate-expiry', severity: 'critical', target: 'kms.example' },
          place: 'kms.example 192.0.2.1:443',
        },
        annotations: {
          ...{ summary: 'It expires <soon> & hard.', description: 'So.', action: 'Now.' },
          places: 'kms.example 192.0.2.1:443',
        },
        startsAt: '2026-11-21T00:00:00.000Z',
        endsAt: '2026-11-21T01:00:00.000Z',
      },
    ]);
  });

  test('a chat room: one message, its control characters escaped, no more than twenty lines', () => {
    const receiver = parseReceiver(`slack+${HOST}${SECRET}`);
    const { url, body } = notification(reportOf(Array.from({ length: 25 }, () => problem())), receiver, 1);
    expect(url).toBe(`${HOST}${SECRET}`);
    const { text } = JSON.parse(body) as { readonly text: string };
    expect(text.split('\n')).toHaveLength(22);
    expect(text).toContain('CRITICAL kms.example 192.0.2.1:443: It expires &lt;soon&gt; &amp; hard.');
    expect(text).toMatch(/and 5 more$/);
  });

  test('JSON: the verdict and the problems', () => {
    const { body } = notification(reportOf([problem()]), parseReceiver(`${HOST}/x`), 1);
    expect(JSON.parse(body)).toMatchObject({
      schema: 'certs/1',
      verdict: 'critical',
      problems: [{ id: 'certificate-expiry' }],
    });
  });

  test.each([
    ['http://pg.example:9091', 'http://pg.example:9091/metrics/job/probe_certs/instance/a%20b'],
    ['http://pg.example/base/', 'http://pg.example/base/metrics/job/probe_certs/instance/a%20b'],
    ['http://pg.example/metrics/job/mine', 'http://pg.example/metrics/job/mine'],
  ])('a Pushgateway: %s', (to, url) => {
    expect(push('x 1\n', to, 'a b')).toMatchObject({ method: 'PUT', url, body: 'x 1\n' });
  });

  test.each(['pager+https://x.example/secret', 'ftp://x.example/secret', 'secret'])(
    '%s is refused without being repeated',
    (text) => {
      expect(() => parseReceiver(text)).toThrow(UsageError);
      expect(() => parseReceiver(text)).not.toThrow(/secret/);
      expect(() => push('', text, 'x')).toThrow(UsageError);
    },
  );
});
