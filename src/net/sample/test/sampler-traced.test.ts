// Owns the tests of what a sample says about its trace, as a server gets it, and of fields that differ from sample to sample.
// Never asserts how ids are drawn.
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { Secret } from '../../../model/secret.ts';
import type { RequestTrace } from '../../../model/trace.ts';
import { readTraceparent } from '../../../model/trace-context.ts';
import { openTraceIds } from '../../trace-ids.ts';
import { openSampler } from '../sampler.ts';
import { type Change, endpointFor, optionsFor } from './riding.ts';
import { onRequest, startTls } from './servers.ts';

const SAMPLES = 3;
const STARTED_MS = Date.parse('2026-11-21T12:00:00Z');
type Heads = readonly ReadonlyMap<string, string>[];

/** What the server received of each sample, and what was written down. */
async function ridden(change: Change): Promise<{ heads: Heads; traces: readonly RequestTrace[] }> {
  const heads: ReadonlyMap<string, string>[] = [];
  await using server = await startTls((socket: Socket) =>
    onRequest(socket, (head) => {
      const fields = (head.split('\r\n\r\n')[0] ?? '').split('\r\n').slice(1);
      heads.push(new Map(fields.map((line) => line.split(/: (.*)/s, 2) as [string, string])));
      socket.write('HTTP/1.1 204 No Content\r\n\r\n');
    }),
  );
  const sampler = await openSampler(optionsFor(server, { startedAtMs: STARTED_MS, ...change }));
  const traces: RequestTrace[] = [];
  try {
    for (let sequence = 0; sequence < SAMPLES; sequence++)
      traces.push((await sampler.sample(endpointFor(server), sequence, new AbortController().signal)).trace);
  } finally {
    await sampler.close();
  }
  expect(traces.map(({ problem }) => problem)).toEqual([null, null, null]);
  return { heads, traces };
}

test('each sample names a trace of its own, which is written down', async () => {
  const { heads, traces } = await ridden({ request: { traced: ['traceparent', 'amzn'] } });
  const read = heads.map((head) => readTraceparent(head.get('traceparent') ?? ''));
  expect(read).toEqual(traces.map(({ traceId, spanId }) => ({ traceId, spanId, sampled: true })));
  expect(new Set(traces.map(({ traceId }) => traceId)).size).toBe(SAMPLES);
  for (const [index, { traceId = '', spanId }] of traces.entries()) {
    const epoch = traceId.slice(0, 8);
    expect(Number.parseInt(epoch, 16) * 1000 - STARTED_MS).toBeGreaterThanOrEqual(0);
    expect(heads[index]?.get('X-Amzn-Trace-Id')).toBe(`Root=1-${epoch}-${traceId.slice(8)};Parent=${spanId};Sampled=1`);
  }
});

test('ids and the wish not to be recorded can be given', async () => {
  const mint = openTraceIds((bytes) => new Uint8Array(bytes).fill(7));
  const { heads } = await ridden({ tracing: { mint, sampled: false }, request: { traced: ['traceparent'] } });
  expect(heads[0]?.get('traceparent')).toMatch(/^00-[0-9a-f]{8}(07){12}-(07){8}-00$/);
});

test.each([
  ['nothing is asked for', {}],
  ['the caller gives one', { traced: ['traceparent'], headers: [['TraceParent', 'mine']] }],
] as const)('no header and no ids when %s', async (_why, request) => {
  const { heads, traces } = await ridden({ request });
  expect(heads.map((head) => head.get('traceparent'))).toEqual([undefined, undefined, undefined]);
  expect(traces.map(({ traceId, spanId }) => [traceId, spanId])).toEqual(traces.map(() => [undefined, undefined]));
});

test('fields of one sample alone come last, and see the others', async () => {
  const { heads } = await ridden({
    request: {
      traced: ['traceparent'],
      perSample: ({ sequence, atMs }, others) => [
        ['x-signed', new Secret('signature', `${sequence} ${others.map(([name]) => name).join(',')}`)],
        ['x-late', String(atMs >= STARTED_MS)],
      ],
    },
  });
  expect(heads.map((head) => head.get('x-signed'))).toEqual(
    heads.map((_head, sequence) => `${sequence} host,user-agent,accept,traceparent`),
  );
  expect(heads[0]?.get('x-late')).toBe('true');
});
