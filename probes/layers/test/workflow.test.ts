// Work that goes on after a 202: followed at a real server of this process, and read from what strangers may write.
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { Secret } from '../../../src/model/secret.ts';
import { type Endpoint, endpointId, parseTarget } from '../../../src/model/target.ts';
import { type IpAddress, wireText } from '../../../src/model/text.ts';
import { openCall } from '../../../src/net/call/call.ts';
import { now } from '../../../src/net/clock.ts';
import { createMeter } from '../../../src/net/meter.ts';
import { contextOf, type TraceScript, tracesOn } from '../../../test/support/traces.ts';
import { layersEvidence, type WorkflowRecord } from '../evidence.ts';
import { gather } from '../gather.ts';
import { read, retryAfterMs, sameOrigin } from '../operation.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

async function serve(listener: RequestListener): Promise<Endpoint> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  const address = '127.0.0.1' as IpAddress;
  return { id: endpointId(address, port), address, port, family: 4, zone: null, zoneSource: null, ttlSeconds: null };
}

const ACCEPTED: TraceScript = { status: 202, headers: [['Operation-Location', '/operations/7?sig=hidden']] };

async function followed(listener: RequestListener, scripts: readonly TraceScript[] = [ACCEPTED], poll = true) {
  const asked: { readonly url: string; readonly headers: unknown }[] = [];
  const endpoint = await serve((request, response) => {
    asked.push({ url: request.url ?? '', headers: request.headers });
    listener(request, response);
  });
  const target = parseTarget(`http://kms.example:${endpoint.port}/keys`);
  const meter = createMeter();
  const calls = openCall({
    ...{ target, servername: null, identity: null, http: 'negotiated', trust: { caPem: null, insecure: true } },
    ...{ timeoutMs: 5000, families: [4], userAgent: 'test', dns: { lookup: () => Promise.reject(new Error('asked')) } },
    ...{ originMs: now(), startedAtMs: Date.now(), headerBytes: 32_768, meter },
  });
  closing.push(() => calls.close());
  const headers = [
    ['Authorization', new Secret('token', 'Bearer canary')],
    ['Content-Type', 'application/json'],
    ['Idempotency-Key', 'k-1'],
  ] as const;
  const more = {
    ...{ target, request: { method: 'POST', headers, body: null } },
    net: { now, dns: undefined as never, call: calls.call },
  };
  const attempt = await gather(contextOf({ poll }, [endpoint], tracesOn(endpoint, scripts), more));
  if (attempt.state !== 'complete') throw new Error(attempt.state);
  const { workflow } = layersEvidence.parse(JSON.parse(JSON.stringify(attempt.value)));
  return { workflow: workflow ?? null, asked, requests: meter.read().requests };
}

/** Answers one after the other; the last one again and again. */
function inTurn(...answers: readonly ((response: ServerResponse) => void)[]): RequestListener {
  let at = 0;
  return (_request, response) => answers[Math.min(at++, answers.length - 1)]?.(response);
}

const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  (response: ServerResponse): void =>
    void response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));

const states = (workflow: WorkflowRecord | null): readonly unknown[] =>
  (workflow?.stages ?? []).map(({ state }) => state);

describe('followed', () => {
  test('to its end, with what the caller sends but nothing of the body', async () => {
    const { workflow, asked, requests } = await followed(
      inTurn(
        json({ status: 'NotStarted' }),
        json({ status: 'Running', percentComplete: 40 }),
        json({ status: 'Running', percentComplete: 80 }),
        json({ status: 'Succeeded' }),
      ),
    );
    expect(workflow).toMatchObject({
      outcome: 'succeeded',
      by: 'operation-location',
      path: '/operations/7',
      because: null,
    });
    expect(states(workflow)).toEqual(['NotStarted', 'Running', 'Succeeded']);
    expect(workflow?.polls.map(({ percent }) => percent)).toEqual([null, 40, 80, null]);
    const [low, high] = workflow?.endedAfterMs ?? [0, 0];
    expect(high - low).toBeGreaterThan(200);
    expect([asked.length, requests]).toEqual([4, 4]);
    expect(asked[0]).toMatchObject({ url: '/operations/7?sig=hidden', headers: { authorization: 'Bearer canary' } });
    expect(JSON.stringify(asked)).not.toContain('k-1');
    expect(JSON.stringify(workflow)).not.toMatch(/canary|hidden/);
  });

  test('to its failure, as AIP-151 says it', async () => {
    const { workflow } = await followed(
      inTurn(json({ done: false, metadata: { progressPercent: 5 } }), json({ done: true, error: { code: 13 } })),
    );
    expect(workflow).toMatchObject({ outcome: 'failed', stages: [{ state: 'status 200', polls: 2 }] });
  });

  test('past a 503 that says when to come back, no sooner', async () => {
    const { workflow } = await followed(
      inTurn(json({}, 503, { 'Retry-After': '1' }), json({}, 303, { Location: '/keys/7' })),
    );
    expect(workflow).toMatchObject({
      outcome: 'succeeded',
      polls: [{ status: 503, retryAfterMs: 1000 }, { status: 303 }],
    });
    const [first, second] = workflow?.polls ?? [];
    expect((second?.afterMs ?? 0) - (first?.afterMs ?? 0)).toBeGreaterThanOrEqual(990);
  });

  test('no longer than it is worth: a Retry-After beyond the bound ends it', async () => {
    const { workflow, asked } = await followed(inTurn(json({ status: 'Running' }, 202, { 'Retry-After': '3600' })));
    expect(workflow).toMatchObject({ outcome: 'running', endedAfterMs: null });
    expect(workflow?.because).toContain('later than this journey waits');
    expect(asked).toHaveLength(1);
  });

  test('to a status URL that is not there', async () => {
    const { workflow } = await followed(inTurn(json({}, 404)));
    expect(workflow).toMatchObject({ outcome: 'failed', polls: [{ status: 404 }] });
  });

  test.each<[string, readonly TraceScript[], boolean, object | null]>([
    ['an answer 200', [{ status: 200, headers: [['Location', '/x']] }], true, null],
    ['a later sample', [{ status: 200 }, ACCEPTED], true, null],
    ['a 202 that names nothing', [{ status: 202 }], true, { outcome: null, by: null, path: null }],
    [
      'another origin',
      [{ status: 202, headers: [['Location', 'http://169.254.169.254/latest']] }],
      true,
      { outcome: null, by: 'location', path: null },
    ],
    ['work, when told so', [ACCEPTED], false, { outcome: null, because: 'asking for it was turned off' }],
  ])('not: %s', async (_, scripts, poll, expected) => {
    const { workflow, asked } = await followed(inTurn(json({})), scripts, poll);
    expect(asked).toEqual([]);
    if (expected === null) expect(workflow).toBeNull();
    else expect(workflow).toMatchObject(expected);
  });
});

describe('a status document', () => {
  test.each<[number, Parameters<typeof read>[1], unknown, string]>([
    [202, 'location', '', 'running'],
    [202, 'location', { status: 'Failed' }, 'failed'],
    [200, 'operation-location', { status: 'ResolvingTemplate' }, 'running'],
    [200, 'location', { status: 'shipped' }, 'succeeded'],
    [200, 'location', { state: 'in_progress' }, 'running'],
    [200, 'azure-asyncoperation', { properties: { provisioningState: 'Canceled' } }, 'canceled'],
    [200, 'location', { done: true, response: {} }, 'succeeded'],
    [200, 'location', { metadata: { state: 'QUEUED' } }, 'running'],
    [200, 'location', 'a result, no document', 'succeeded'],
    [204, 'location', '', 'succeeded'],
    [410, 'location', '', 'failed'],
  ])('%i by %s: %j is %s', (status, by, body, outcome) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    expect(read(status, by, Buffer.from(text)).outcome).toBe(outcome);
  });

  test('of any stranger is read without throwing, and its words are short', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 599 }), bytes, (status, body) => {
        const { state } = read(status, 'location', body);
        expect(JSON.stringify(state).length).toBeLessThan(500);
      }),
    );
  });
});

test.each<[string, string | null]>([
  ['/operations/7', 'https://kms.example/operations/7'],
  ['https://kms.example:443/a#part', 'https://kms.example/a'],
  ['http://kms.example/a', null],
  ['https://kms.example:8443/a', null],
  ['https://user@kms.example/a', null],
  ['//other.example/a', null],
  ['javascript:alert(1)', null],
  ['x'.repeat(5000), null],
])('%s stays with the origin, or is not asked', (reference, expected) => {
  expect(sameOrigin(wireText(reference, 10_000), 'https://kms.example/keys')?.href ?? null).toBe(expected);
});

test.each<[string, number | null]>([
  ['5', 5000],
  ['Thu, 01 Jan 1970 00:00:30 GMT', 20_000],
  ['Thu, 01 Jan 1970 00:00:01 GMT', 0],
  ['999999999', 86_400_000],
  ['-5', null],
  ['soon', null],
])('Retry-After: %s', (value, ms) => {
  expect(retryAfterMs([[wireText('Retry-After'), wireText(value)]], 10_000)).toBe(ms);
});
