import { expect, test } from 'vitest';
import { problem } from '../../../src/model/problem.ts';
import { contextOf, endpointsOf, type TraceScript, times, tracesOn } from '../../../test/support/traces.ts';
import { type ProbeNameEvidence, probeNameEvidence } from '../evidence.ts';
import { gather } from '../gather.ts';

const [endpoint] = endpointsOf('az1') as [ReturnType<typeof endpointsOf>[number]];

async function gathered(scripts: readonly TraceScript[]): Promise<ProbeNameEvidence> {
  const attempt = await gather(contextOf({ valuesPerEndpoint: 2 }, [endpoint], tracesOn(endpoint, scripts)));
  if (attempt.state !== 'complete') throw new Error(attempt.state);
  // Evidence is JSON and nothing else: it must read back as itself.
  expect(probeNameEvidence.parse(JSON.parse(JSON.stringify(attempt.value)))).toEqual(attempt.value);
  return attempt.value;
}

const named = (value: string): TraceScript => ({ headers: [['Server', value]] });

const table: readonly [string, readonly TraceScript[], object][] = [
  [
    'values are told apart as sent, most frequent first',
    [named('b'), named('a'), named('a')],
    {
      answered: 3,
      servers: [
        { value: 'a', n: 2 },
        { value: 'b', n: 1 },
      ],
      serversLeftOut: 0,
    },
  ],
  ['the name of the field has no case', [{ headers: [['sErVeR', 'a']] }], { servers: [{ value: 'a', n: 1 }] }],
  ['their number is bounded', times(5, (at) => named(`s${at}`)), { answered: 5, serversLeftOut: 3 }],
  ['an answer without the field counts as answered', [{}], { answered: 1, servers: [] }],
  ['no answer is no answer', [{ problem: problem('refused', 'connect') }], { answered: 0, servers: [] }],
];

test.each(table)('%s', async (_title, scripts, expected) => {
  const { byEndpoint } = await gathered(scripts);
  expect(byEndpoint).toMatchObject([{ endpoint: endpoint.id, zone: 'az1', ...expected }]);
});
