import { describe, expect, test } from 'vitest';
import type { FullSize, Trace, Traced, TraceReply } from '../../../src/contract/path.ts';
import { addressScope } from '../../../src/model/address-scope.ts';
import type { Json } from '../../../src/model/json.ts';
import type { Attempt } from '../../../src/model/problem.ts';
import { problem } from '../../../src/model/problem.ts';
import type { Endpoint } from '../../../src/model/target.ts';
import { type IpAddress, wireText } from '../../../src/model/text.ts';
import { contextOf, endpointsOf, tracesOn } from '../../../test/support/traces.ts';
import { options } from '../defaults.ts';
import { type FullSizeRecord, type PathEvidence, pathEvidence } from '../evidence.ts';
import { gather } from '../gather.ts';
import { chosenOf, trace } from '../trace.ts';

const [endpoint] = endpointsOf('az1') as [Endpoint];
type FullSizeHole = FullSizeRecord['hole'];

/** `1 10.0.0.1 5.5`: lifetime, who, ms; `*` is nobody; behind it `reached` and the like. */
function replies(flow: number, round: number, ...lines: readonly string[]): readonly TraceReply[] {
  return lines.map((line): TraceReply => {
    const [ttl, from, ms, outcome] = line.split(' ');
    const silent = from === '*';
    return {
      ...{ flow, round, ttl: Number(ttl), from: silent ? null : (from as IpAddress), clock: 'kernel' },
      outcome: silent ? 'silent' : ((outcome ?? 'router') as TraceReply['outcome']),
      icmp: silent ? null : { type: outcome === undefined ? 11 : 3, code: 0 },
      ...{ latencyMs: silent ? null : Number(ms), replyTtl: silent ? null : 64 - Number(ttl), quotedMssBytes: 1460 },
    };
  });
}

function traced(...all: readonly (readonly TraceReply[])[]): Traced {
  const flat = all.flat();
  const flows = Math.max(...flat.map(({ flow }) => flow)) + 1;
  const sourcePorts = Array.from({ length: flows }, (_, flow) => 40_000 + flow);
  return { method: 'tcp', sourcePorts, replies: flat, pathMtuBytes: 1500 };
}

async function gathered(
  attempt: Attempt<Traced>,
  more: Partial<Parameters<typeof contextOf<typeof options>>[3]> = {},
): Promise<Attempt<PathEvidence>> {
  const traceOne: Trace = async () => attempt;
  const net = { now: () => 0, dns: { resolvers: [] } as never, trace: traceOne };
  const traces = tracesOn(endpoint, [{}]);
  const context = contextOf(options, [endpoint], traces, { net, ...more });
  const beside = await trace(context);
  // It crosses from one to the other as JSON.
  const handed = JSON.parse(JSON.stringify(beside)) as Attempt<Json>;
  const result = await gather({ ...context, beside: handed });
  if (result.state === 'complete')
    expect(pathEvidence.parse(JSON.parse(JSON.stringify(result.value)))).toEqual(result.value);
  return result;
}

const complete = (value: Traced): Attempt<Traced> => ({ state: 'complete', value, elapsedMs: 1 });

async function pathOf(value: Traced, cut = false): Promise<PathEvidence['byEndpoint'][number]> {
  const result = await gathered(cut ? { state: 'unfinished', value, elapsedMs: 1 } : complete(value));
  if (result.state !== 'complete') throw new Error(result.state);
  return result.value.byEndpoint[0] as PathEvidence['byEndpoint'][number];
}

test('routers are told apart by lifetime, with whoever answered, how many and how fast', async () => {
  const path = await pathOf(
    traced(
      replies(0, 0, '1 10.0.0.1 1', '2 10.0.2.1 5', '3 *', '4 192.0.2.1 9 reached'),
      replies(1, 0, '1 10.0.0.1 2', '2 10.0.3.1 6', '3 *', '4 192.0.2.1 11 reached'),
      replies(0, 1, '1 10.0.0.1 3', '2 10.0.2.1 7'),
    ),
  );
  expect(path).toMatchObject({ endpoint: endpoint.id, zone: 'az1', method: 'tcp', reached: true, pathMtuBytes: 1500 });
  expect(
    path.routers.map(({ ttl, addresses, sent, received, hopsBack }) => [ttl, addresses, sent, received, hopsBack]),
  ).toEqual([
    [1, ['10.0.0.1'], 3, 3, 2],
    [2, ['10.0.2.1', '10.0.3.1'], 3, 3, 3],
    [3, [], 2, 0, null],
    [4, ['192.0.2.1'], 2, 2, 5],
  ]);
  expect(path.routers[0]).toMatchObject({
    clock: 'kernel',
    latencyMs: { min: 1, p50: 2, max: 3 },
    quotedMssBytes: 1460,
  });
  expect(path.flows).toMatchObject([
    { sourcePort: 40_000, end: 'reached', ttl: 4, way: ['10.0.0.1', '10.0.2.1', null, '192.0.2.1'], targetMs: [9] },
    { sourcePort: 40_001, end: 'reached', ttl: 4, way: ['10.0.0.1', '10.0.3.1', null, '192.0.2.1'], targetMs: [11] },
  ]);
});

const silence = (from: number): readonly string[] => Array.from({ length: 5 }, (_, at) => `${from + at} *`);

describe('a flow', () => {
  test.each<[string, readonly string[], boolean, object, number]>([
    [
      'that a closed port ends was there',
      ['1 10.0.0.1 1', '2 192.0.2.1 2 refused'],
      false,
      { end: 'refused', targetMs: [2] },
      2,
    ],
    [
      'that somebody rejects was not',
      ['1 10.0.0.1 1', '2 10.0.0.2 2 rejected'],
      false,
      { end: 'rejected', endedBy: '10.0.0.2', icmp: { type: 3, code: 0 }, targetMs: [] },
      2,
    ],
    [
      'ends where nobody answers any more',
      ['1 10.0.0.1 1', ...silence(2)],
      false,
      { end: 'silent', endedBy: '10.0.0.1' },
      1,
    ],
    ['on which nobody answers at all has no router', silence(1), false, { end: 'silent', endedBy: null, way: [] }, 0],
    [
      'in which a router comes again and again is a circle',
      ['1 10.0.0.1 1', '2 10.0.0.2 1', '3 10.0.0.3 1', '4 10.0.0.2 1', '5 10.0.0.3 1', '6 10.0.0.2 1'],
      false,
      { end: 'loop', endedBy: '10.0.0.2' },
      6,
    ],
    [
      'that the end of the journey cut is not finished',
      ['1 10.0.0.1 1', '2 10.0.0.2 1'],
      true,
      { end: 'cut', ttl: 2 },
      2,
    ],
    ['that this machine stopped is not finished', ['1 10.0.0.1 1', '2 10.0.0.2 1'], false, { end: 'cut', ttl: 2 }, 2],
    [
      'that the end of the journey cut behind three silent routers ends before them',
      ['1 10.0.0.1 1', ...silence(2).slice(0, 3)],
      true,
      { end: 'silent', endedBy: '10.0.0.1' },
      1,
    ],
    [
      'longer than was asked',
      Array.from({ length: 30 }, (_, at) => `${at + 1} 10.0.1.${at} 1`),
      false,
      { end: 'ttl', ttl: 30 },
      30,
    ],
  ])('%s', async (_title, lines, cut, flow, routers) => {
    const path = await pathOf(traced(replies(0, 0, ...lines)), cut);
    expect(path.flows).toMatchObject([flow]);
    expect(path.routers).toHaveLength(routers);
  });
});

describe('without a trace', () => {
  test.each<[string, Attempt<Traced>, string]>([
    ['where this machine cannot', { state: 'skipped', because: 'no koffi' }, 'or `mtr --tcp --port 443'],
    [
      'where there is no way',
      { state: 'failed', problem: problem('no-route', 'gather'), elapsedMs: 1 },
      'has no route',
    ],
    ['where the journey ended first', { state: 'unfinished', value: null, elapsedMs: 1 }, 'the journey ended first'],
  ])('it is left out with the reason: %s', async (_title, attempt, words) => {
    const result = await gathered(attempt);
    expect(result).toMatchObject({ state: 'skipped', because: expect.stringContaining(words) as string });
  });

  test('it is left out when nobody wants it, and on this machine alone', async () => {
    const off = { ...contextOf({ ...options, trace: false }, [endpoint], []) };
    expect(await trace(off)).toMatchObject({ state: 'skipped' });
    const here = { ...endpoint, address: '127.0.0.1' as IpAddress };
    const net = { now: () => 0, dns: undefined as never, trace: (): never => expect.fail('traced this machine') };
    expect(await trace(contextOf(options, [here], [], { net }))).toMatchObject({
      because: expect.stringContaining('this machine itself') as string,
    });
    expect(await gather(contextOf(options, [endpoint], []))).toMatchObject({ state: 'skipped' });
  });
});

test('the first endpoint of each zone is traced, each without a zone, none of this machine, and no more than the bound', () => {
  const all = [...endpointsOf('az1', 'az1', 'az2', null, null)];
  const here = { ...(all[0] as Endpoint), zone: 'az0', address: '::1' as IpAddress };
  expect(addressScope(here.address)).toBe('loopback');
  const chosen = (max: number) => chosenOf([here, ...all], max).map(({ address }) => address.split('.').at(-1));
  expect(chosen(8)).toEqual(['1', '3', '4', '5']);
  expect(chosen(2)).toEqual(['1', '3']);
});

test('names are asked of public routers only, and each is told with what the lists know', async () => {
  const asked: string[] = [];
  const dns = {
    resolvers: [{ address: '127.0.0.1', port: 53 }],
    async query(_server: unknown, { name }: { name: string }) {
      asked.push(name);
      const target = wireText('core1.transit.example');
      return { state: 'complete', value: { answers: [{ type: 'PTR', name, ttlSeconds: 1, target }] }, elapsedMs: 1 };
    },
  };
  const value = traced(replies(0, 0, '1 10.0.0.1 1', '2 1.2.3.4 2', '3 192.0.2.1 3 reached'));
  const net = { now: () => 0, dns: dns as never, trace: async () => complete(value) };
  const asName = wireText('TRANSIT');
  const networks = { find: () => ({ prefix: null, place: null, autonomousSystem: { asn: 64500, name: asName } }) };
  const result = await gathered(complete(value), { net, networks });
  if (result.state !== 'complete') throw new Error(result.state);
  expect(asked).toEqual(['4.3.2.1.in-addr.arpa']);
  expect(result.value.places).toHaveLength(3);
  expect(result.value.places[1]).toMatchObject({ address: '1.2.3.4', name: 'core1.transit.example', asn: 64500 });
});

describe('packets of full size', () => {
  type Line = readonly [bytes: number, delivered: boolean, received: number | null, ended?: true];
  const trialsOf = (lines: readonly Line[]): FullSize['trials'] =>
    lines.map(([packetBytes, delivered, receivedBytes, ended]) => ({
      ...{ packetBytes, delivered, receivedBytes, ended: ended === true, receivedMssBytes: null, mtuBytes: 1400 },
    }));
  const lost: Line = [1500, false, 0];
  const mute: Line = [1500, true, 0];

  test.each<[string, readonly Line[], FullSizeHole, number | null]>([
    ['arrive', [[1500, true, 2000]], null, null],
    ['vanish on the way', [lost, lost, [1400, false, 0], [1280, true, 2000], [576, true, 2000]], 'there', 1280],
    [
      'vanish without an answer wanted',
      [
        [1500, false, null],
        [1500, false, null],
        [1280, true, null],
        [576, true, null],
      ],
      'there',
      1280,
    ],
    ['vanish on the way back', [mute, mute, [1400, true, 0], [1280, true, 2000], [576, true, 2000]], 'back', 1280],
    ['and every other vanish', [lost, lost, [1280, false, 0], [576, false, 0]], null, null],
    ['vanish by accident', [lost, [1500, true, 2000], [1280, true, 2000], [576, true, 2000]], null, null],
    ['were tried but once', [lost, [1280, true, 2000], [576, true, 2000]], null, null],
    [
      'vanish as a smaller one does, and others not',
      [lost, lost, [1400, true, 2000], [1280, false, 0], [576, true, 2000]],
      null,
      null,
    ],
    ['vanish, and all but one size with them', [lost, lost, [1280, false, 0], [576, true, 2000]], null, null],
    ['are not answered, as none is', [mute, mute, [1280, true, 0], [576, true, 0]], null, null],
    [
      'are answered by a word of refusal',
      [mute, [1500, true, 7, true], [1280, true, 2000], [576, true, 2000]],
      null,
      null,
    ],
  ])('%s', async (_title, lines, hole, passesBytes) => {
    const reaches = [{ packetBytes: 1500, ttl: 2, from: '10.0.0.2' as IpAddress }];
    const net = {
      ...{ now: () => 0, dns: { resolvers: [] } as never },
      trace: async () => complete(traced(replies(0, 0, '1 192.0.2.1 1 reached'))),
      fullSize: async () => ({ state: 'complete', value: { trials: trialsOf(lines), reaches }, elapsedMs: 1 }) as const,
    };
    const result = await gathered(complete(traced(replies(0, 0, '1 192.0.2.1 1 reached'))), { net });
    if (result.state !== 'complete') throw new Error(result.state);
    const [path] = result.value.byEndpoint;
    expect(path?.fullSize).toMatchObject({ packetBytes: 1500, hole, passesBytes, farthestFull: { ttl: 2 } });
    // What routers told meanwhile.
    expect(path?.pathMtuBytes).toBe(1400);
  });

  test.each<[string, Partial<typeof options>, Attempt<FullSize>]>([
    [
      'when nobody wants it',
      { fullSize: false },
      { state: 'complete', value: { trials: [], reaches: [] }, elapsedMs: 1 },
    ],
    ['where this machine cannot', {}, { state: 'skipped', because: 'no koffi' }],
    ['when the journey ends first', {}, { state: 'unfinished', value: null, elapsedMs: 1 }],
  ])('are not told of %s', async (_title, given, attempt) => {
    const net = {
      ...{ now: () => 0, dns: { resolvers: [] } as never },
      trace: async () => complete(traced(replies(0, 0, '1 192.0.2.1 1 reached'))),
      fullSize: async () => (given.fullSize === false ? expect.fail('tried') : attempt),
    };
    const context = contextOf({ ...options, ...given }, [endpoint], tracesOn(endpoint, [{}]), { net });
    const beside = JSON.parse(JSON.stringify(await trace(context))) as Attempt<Json>;
    const result = await gather({ ...context, beside });
    expect(result.state === 'complete' && result.value.byEndpoint[0]).not.toHaveProperty('fullSize');
  });
});

test('a zone that became known after the trace began is that of the record', async () => {
  const unzoned: Endpoint = { ...endpoint, zone: null, zoneSource: null };
  const traceOne: Trace = async () => complete(traced(replies(0, 0, '1 10.0.0.1 1', '2 192.0.2.1 2 reached')));
  const net = { now: () => 0, dns: { resolvers: [] } as never, trace: traceOne };
  const beside = await trace(contextOf(options, [unzoned], [], { net }));
  const result = await gather({ ...contextOf(options, [endpoint], [], { net }), beside });
  expect(result).toMatchObject({ state: 'complete', value: { byEndpoint: [{ endpoint: endpoint.id, zone: 'az1' }] } });
});
