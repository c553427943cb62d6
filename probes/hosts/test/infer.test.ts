import { describe, expect, test } from 'vitest';
import type { SampleMore } from '../../../src/contract/net.ts';
import { contextOf, endpointsOf, times, tracesOn } from '../../../test/support/traces.ts';
import { hostsEvidence } from '../evidence.ts';
import { gather } from '../gather.ts';
import { BURSTS, HOLD_MS, HOLDS } from '../infer.ts';
import { hosts } from '../probe.ts';

const [endpoint] = endpointsOf('az1') as [ReturnType<typeof endpointsOf>[number]];
const named = (host: number) => ({ headers: [['x-served-by', `h${host}`]] as const });

/** A balancer of three that draws at random in the ride, and by fewest connections or in turn beyond it. */
async function asked(avoidsBusy: boolean, infer: boolean, isEarly = false) {
  const busy = new Set<number>();
  let [turn, underWay, most, sent] = [0, 0, 0, 0];
  const sample: SampleMore = async (_, __, ___, until) => {
    sent++;
    underWay++;
    most = Math.max(most, underWay);
    // Three hosts, of which one at most is busy.
    turn = (turn + (avoidsBusy && busy.has((turn + 1) % 3) ? 2 : 1)) % 3;
    const host = turn;
    if (until !== undefined && !isEarly) {
      busy.add(host);
      await until;
      busy.delete(host);
    }
    await new Promise(setImmediate);
    underWay--;
    const [trace] = tracesOn(endpoint, [named(host)]);
    if (trace === undefined) throw new Error('no trace');
    return trace;
  };
  const order = '0120210210122010120210012021';
  const traces = tracesOn(
    endpoint,
    [...order].map((host) => named(Number(host))),
  );
  const net = { now: () => performance.now(), dns: undefined as never, sample };
  const attempt = await gather(contextOf({ infer, burstEveryMs: 50 }, [endpoint], traces, { net }));
  if (attempt.state !== 'complete') throw new Error(attempt.state);
  hostsEvidence.parse(JSON.parse(JSON.stringify(attempt.value)));
  return { record: attempt.value.byEndpoint[0], sent, most };
}

describe('beyond the ride', () => {
  test('nothing is sent unless asked', async () => {
    const { record, sent } = await asked(false, false);
    expect([sent, record?.infer]).toEqual([0, null]);
  });

  test('bursts and requests kept open are bounded, and counted', async () => {
    const { record, sent, most } = await asked(false, true);
    expect(record?.infer).toMatchObject({
      requests: sent,
      bursts: 25,
      burstSize: 6,
      held: 4,
      avoided: 0,
      dispersion: 0,
    });
    expect([sent, most]).toEqual([25 * 6 + 4 * 10, 6]);
    expect(record?.algorithm).toBe('round robin');
  });

  test('a host with a request kept open that is passed over each time shows least connections', async () => {
    const { record } = await asked(true, true);
    expect(record).toMatchObject({ algorithm: 'least connections', infer: { held: 4, avoided: 4 } });
  });

  test('a host that answers before it has the whole request is kept busy by none', async () => {
    const { record } = await asked(true, true, true);
    expect(record).toMatchObject({ infer: { held: 0, avoided: 0 }, alsoFits: ['least connections'] });
  });
});

test('requests stop with the journey', async () => {
  const traces = tracesOn(
    endpoint,
    times(24, (at) => named(at % 2 === 0 || at % 5 === 0 ? 0 : 1)),
  );
  const stop = new AbortController();
  let sent = 0;
  const sample: SampleMore = async () => {
    if (++sent === 6) stop.abort();
    const [trace] = tracesOn(endpoint, [named(0)]);
    if (trace === undefined) throw new Error('no trace');
    return trace;
  };
  const net = { now: () => performance.now(), dns: undefined as never, sample };
  const context = contextOf({ infer: true, burstEveryMs: 50 }, [endpoint], traces, { net, signal: stop.signal });
  expect((await gather(context)).state).toBe('complete');
  expect(sent).toBeLessThanOrEqual(8);
});

test.each<[object | undefined, number]>([
  [undefined, 0],
  [{ infer: false }, 0],
  [{ infer: true }, BURSTS * 400 + HOLDS * HOLD_MS],
  [{ infer: true, burstEveryMs: 100 }, BURSTS * 100 + HOLDS * HOLD_MS],
])('with %j the plan reckons with %i ms', (options, ms) => {
  expect(hosts.lastsMs?.({ target: undefined as never, options })).toBe(ms);
});
