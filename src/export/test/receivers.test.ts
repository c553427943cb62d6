// Each API that a finished report goes to, and how it may answer: what is taken, what is tried again and how often, what is told, and that the
// report goes nowhere else.
import type { Readable } from 'node:stream';
import nock from 'nock';
import { describe, expect, test } from 'vitest';
import { brokenBehind } from '../../../test/support/broken-answer.ts';
import { everyReplyWanted, offline } from '../../../test/support/offline.ts';
import type { CertsProblem, CertsReport } from '../../model/certs.ts';
import type { TraceSpan } from '../../trace/span.ts';
import { notification, parseReceiver, push } from '../certs-messages.ts';
import { type DeliverOptions, deliver } from '../deliver.ts';
import { exportSpans } from '../otlp.ts';

const HOST = 'https://receiver.example';
const SECRET = 'canary-5c1d88';
const options: DeliverOptions = { caPem: null, timeoutMs: 5000, pauseMs: 1, signal: new AbortController().signal };

offline();
everyReplyWanted();

const problem: CertsProblem = {
  ...{ id: 'certificate-expiry', severity: 'critical', target: 'kms.example', places: ['192.0.2.1:443'] },
  ...{ certificate: null, atMs: null, what: 'It expires soon.', soWhat: 'So.', nowWhat: 'Now.' },
};
const report: CertsReport = {
  ...{ schema: 'certs/1', startedAt: '2026-11-21T00:00:00.000Z', asOf: '2026-11-21T00:00:00.000Z', durationMs: 1 },
  ...{ verdict: 'critical', complete: true, judgedWith: {}, problems: [problem], places: [], certificates: {} },
  counts: { targets: 1, places: 1, failed: 0, certificates: 0 },
};
const span: TraceSpan = {
  ...{ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), parentSpanId: null, name: 'GET', kind: 'client' },
  ...{ startMs: 0, endMs: 1, attributes: {}, events: [], links: [], error: null, sampled: true },
};

type Change = Partial<DeliverOptions>;
const told = (to: string) => (change: Change) =>
  deliver(notification(report, parseReceiver(to), 3_600_000), { ...options, ...change });

interface Api {
  readonly method: 'POST' | 'PUT';
  readonly path: string;
  readonly type: string;
  /** Stands in the body that it gets. */
  readonly holds: string;
  /** Of the errors of a server, those after which another try may help. */
  readonly again: readonly number[];
  /** Null: taken. */
  readonly send: (change: Change) => Promise<string | null>;
}

const EVERY = [429, 500, 501, 502, 503, 504];
const apis: Readonly<Record<string, Api>> = {
  Alertmanager: {
    ...{ method: 'POST', path: '/am/api/v2/alerts', type: 'application/json', holds: '"alertname":"Certificate"' },
    ...{ again: EVERY, send: told(`alertmanager+${HOST}/am`) },
  },
  'a chat room': {
    ...{ method: 'POST', path: `/services/${SECRET}`, type: 'application/json', holds: '"text":"' },
    ...{ again: EVERY, send: told(`slack+${HOST}/services/${SECRET}`) },
  },
  'a webhook': {
    ...{ method: 'POST', path: `/hook?key=${SECRET}`, type: 'application/json', holds: '"schema":"certs/1"' },
    ...{ again: EVERY, send: told(`${HOST}/hook?key=${SECRET}`) },
  },
  'a Pushgateway': {
    ...{ method: 'PUT', path: '/metrics/job/probe_certs/instance/here', type: 'text/plain', holds: 'certs_up 1\n' },
    ...{ again: EVERY, send: (change) => deliver(push('certs_up 1\n', HOST, 'here'), { ...options, ...change }) },
  },
  'a receiver of OTLP': {
    ...{ method: 'POST', path: '/v1/traces', type: 'application/json', holds: `"traceId":"${'a'.repeat(32)}"` },
    again: [429, 502, 503, 504],
    async send(change) {
      const receiver = { url: `${HOST}/v1/traces`, headers: { authorization: `Bearer ${SECRET}` }, gzip: false };
      const resource = { attributes: { 'service.name': 'outrider' }, version: '1', startedAtMs: 0 };
      return (await exportSpans([span], resource, receiver, { ...options, ...change })).failures[0] ?? null;
    },
  },
};

describe.each(Object.entries(apis))('%s', (name, { method, path, type, holds, again, send: sendOnce }) => {
  const hasKey = path.includes(SECRET) || name === 'a receiver of OTLP';
  const heard: string[] = [];
  const api = (times = 1): nock.Interceptor =>
    nock(HOST, { reqheaders: { 'content-type': (value) => String(value).startsWith(type), 'user-agent': 'outrider' } })
      .intercept(path, method, (body: unknown) => {
        heard.push(typeof body === 'string' ? body : JSON.stringify(body));
        return true;
      })
      .times(times);
  /** Whatever happens, no error shows what is secret, and nothing is sent that is not the report. */
  const send = async (change: Change = {}): Promise<string | null> => {
    heard.length = 0;
    const because = await sendOnce(change);
    expect(heard.length).toBeGreaterThan(0);
    for (const body of heard) expect(body).toContain(holds);
    expect(because ?? '').not.toContain(SECRET);
    return because;
  };

  test.each<readonly [string, number, string | undefined, Record<string, string>]>([
    ['JSON', 200, '{}', { 'content-type': 'application/json' }],
    ['nothing', 204, undefined, {}],
    ['202 and nothing', 202, '', {}],
    ['a page', 200, '<html>', { 'content-type': 'text/html' }],
    ['half of some JSON', 200, '{"partialSuccess":{"rejec', { 'content-type': 'application/json' }],
    ['a list', 200, '[1,2]', { 'content-type': 'application/json' }],
    ['a body of many megabytes', 200, 'x'.repeat(5_000_000), { 'content-length': '5000000' }],
  ])('that answers with %s has taken it', async (_what, status, body, headers) => {
    api().reply(status, body, headers);
    expect(await send()).toBeNull();
  });

  test.each([400, 401, 403, 404, 405, 410, 413, 415])(
    'that answers %d is told of, and not asked again',
    async (status) => {
      api().reply(status, 'no\u001b[2J', { 'content-type': 'text/plain' });
      expect(await send()).toBe(`receiver.example: HTTP ${status}, "no\\x1b[2J"`);
    },
  );

  test('that says back where it was asked, and by whom, is not repeated', async () => {
    const said = [`Cannot ${method} ${path}`, `${HOST}${path}`, ...(hasKey ? [SECRET, `Bearer ${SECRET}`] : [])];
    for (const words of said) {
      api().reply(404, words, { 'content-type': 'text/html' });
      const because = await send();
      expect(because).toMatch(/^receiver\.example: HTTP 404, ".+"$/);
      expect(because).not.toContain(path);
    }
  });

  test('that refuses at length is cut short', async () => {
    api().reply(400, 'n'.repeat(100_000), { 'content-length': '100000' });
    expect(await send()).toBe(`receiver.example: HTTP 400, "${'n'.repeat(200)}"`);
  });

  test.each(EVERY)('that answers %d is asked again where that may help, and forgiven', async (status) => {
    const mayHelp = again.includes(status);
    api().reply(status);
    if (mayHelp) api().reply(200);
    expect(await send()).toBe(mayHelp ? null : `receiver.example: HTTP ${status}`);
  });

  test('that stays busy is given up after four tries', async () => {
    api(4).reply(503, 'busy');
    expect(await send()).toBe('receiver.example: HTTP 503, "busy" (4 tries)');
  });

  test.each(['soon', '-1', '1.5', '0x10', '99999999', 'Sat, 21 Nov 2099 00:00:00 GMT'])(
    'that says Retry-After: %s is asked again when it suits us',
    async (value) => {
      api().reply(429, '', { 'retry-after': value });
      api().reply(200);
      expect(await send()).toBeNull();
    },
  );

  test('that says Retry-After: 1 is left alone for it', async () => {
    const at: number[] = [];
    const noted = (status: number) => (): nock.ReplyFnResult => {
      at.push(performance.now());
      return [status, '', { 'retry-after': '1' }];
    };
    api().reply(noted(503));
    api().reply(noted(200));
    expect(await send()).toBeNull();
    // A timer may end a little early.
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(950);
  });

  test.each([301, 302, 303, 307, 308])('that redirects with %d is not followed', async (status) => {
    const elsewhere = nock('https://elsewhere.example').intercept(/./, 'GET').reply(200);
    elsewhere.intercept(/./, method).reply(200);
    api().reply(status, '', { location: 'https://elsewhere.example/' });
    expect(await send()).toBe(`receiver.example: HTTP ${status}`);
    expect(nock.pendingMocks()).toHaveLength(2);
    nock.cleanAll();
  });

  test.each(['ECONNRESET', 'ECONNREFUSED', 'EAI_AGAIN', 'CERT_HAS_EXPIRED'])(
    'that cannot be reached is asked again (%s)',
    async (code) => {
      api(3).replyWithError(Object.assign(new Error('no'), { code }));
      api().reply(200);
      expect(await send()).toBeNull();
      api(4).replyWithError(Object.assign(new Error('no'), { code }));
      expect(await send()).toBe(`receiver.example: ${code} (4 tries)`);
    },
  );

  test('whose answer breaks off had said its status before', async () => {
    const broken = (): Readable => brokenBehind('half');
    api().reply(200, broken);
    expect(await send()).toBeNull();
    api().reply(400, broken);
    expect(await send()).toMatch(/^receiver\.example: HTTP 400(, "half")?$/);
  });

  test('is not asked again once the run is to end', async () => {
    const stop = new AbortController();
    api().reply(() => {
      stop.abort();
      return [503, '', { 'retry-after': '30' }];
    });
    expect(await send({ signal: stop.signal })).toMatch(/^receiver\.example: (HTTP 503|stopped)$/);
  });
});
