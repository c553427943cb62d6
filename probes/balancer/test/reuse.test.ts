import { describe, expect, test } from 'vitest';
import type { Conversation, Converse, HeardAnswer, Message } from '../../../src/contract/conversation.ts';
import type { Json } from '../../../src/model/json.ts';
import { problem } from '../../../src/model/problem.ts';
import { wireText } from '../../../src/model/text.ts';
import { contextOf, endpointsOf, tracesOn } from '../../../test/support/traces.ts';
import { gather as gatherHosts } from '../../hosts/gather.ts';
import { options } from '../defaults.ts';
import { type BalancerEvidence, balancerEvidence } from '../evidence.ts';
import { gather } from '../gather.ts';
import { metrics } from '../metrics.ts';
import { section } from '../section.ts';

const [endpoint] = endpointsOf(null) as [ReturnType<typeof endpointsOf>[number]];

/** How the answers of the ride, and those on one connection, name their host. */
interface World {
  readonly ride: string;
  readonly connection: string;
  readonly header?: (host: string) => readonly [string, string];
  readonly body?: string;
  readonly given?: Partial<typeof options>;
  readonly ends?: Partial<Conversation>;
  readonly refuses?: true;
}

function answerOf([name, value]: readonly [string, string]): HeardAnswer {
  const text = { version: wireText('HTTP/1.1'), reason: wireText('OK'), bodyStart: wireText('ok') };
  return { ...text, status: 200, headers: [[wireText(name), wireText(value)]], bodyBytes: 2, whole: true, waitMs: 1 };
}

async function seen({ ride, connection, header = (host) => ['X-Served-By', host], ...more }: World) {
  const sent: Message[] = [];
  const converse: Converse = async (_, { next, mostMessages }) => {
    if (more.refuses === true) return null;
    const answers: HeardAnswer[] = [];
    for (const host of connection) {
      const message = answers.length < mostMessages ? next(answers) : null;
      if (message === null) break;
      sent.push(message);
      answers.push(answerOf(header(host)));
    }
    return { answers, sent: sent.length, end: 'open', closedAfterMs: null, problem: null, ...more.ends };
  };
  const traces = tracesOn(
    endpoint,
    [...ride].map((host) => ({ headers: [header(host)], ...(more.body === undefined ? {} : { body: more.body }) })),
  );
  const hosts = await gatherHosts(contextOf({ infer: false, burstEveryMs: 400 }, [endpoint], traces));
  const earlier = { hosts: hosts.state === 'complete' ? (hosts.value as unknown as Json) : null };
  const net = { now: () => 0, dns: undefined as never, converse };
  const attempt = await gather(contextOf({ ...options, ...more.given }, [endpoint], traces, { net, earlier }));
  if (attempt.state !== 'complete') throw new Error(attempt.state);
  balancerEvidence.parse(JSON.parse(JSON.stringify(attempt.value)));
  return { value: attempt.value, sent };
}

const TURNS = 'ababababababababababab';
const CHANCE = 'aabbabbbabaaabbabaabab';
const ODDS = 'aaaabaaaaaabaaaaaaabaa';

describe('requests on one connection', () => {
  test.each<[string, World, number, Partial<BalancerEvidence>]>([
    ['that change the host', { ride: TURNS, connection: 'abab' }, 2, { layer: 7, layerConfidence: 'strong' }],
    ['that change it late', { ride: CHANCE, connection: 'aaaab' }, 5, { layer: 7, layerConfidence: 'strong' }],
    [
      'that keep it, others in turns',
      { ride: TURNS, connection: 'bbbbbbbbbb' },
      4,
      { layer: 4, layerConfidence: 'weak' },
    ],
    [
      'that keep it, others at random',
      { ride: CHANCE, connection: 'b'.repeat(20) },
      9,
      { layer: 4, layerConfidence: 'weak' },
    ],
    ['that keep it where one host has most', { ride: ODDS, connection: 'a'.repeat(20) }, 12, { layer: null }],
    ['that are broken off too early', { ride: CHANCE, connection: 'bbb' }, 3, { layer: null }],
    ['of which only strangers answer', { ride: TURNS, connection: 'cdef' }, 4, { layer: null }],
    [
      'that a cookie of the balancer names',
      { ride: TURNS, connection: 'aaaa', header: (host) => ['Set-Cookie', `SERVERID=${host}; path=/`] },
      4,
      { layer: 7, layerConfidence: 'weak' },
    ],
  ])('%s', async (_, world, requests, expected) => {
    const { value, sent } = await seen(world);
    expect(sent).toEqual(Array.from({ length: requests }, () => 'ride'));
    expect(value).toMatchObject(expected);
    expect(value.reuse).toMatchObject([{ requests, end: 'open' }]);
    expect(JSON.stringify(section(value).blocks)).toContain('one connection');
    expect([...metrics(value)].length).toBeGreaterThan(0);
  });

  test.each<[string, World]>([
    ['one host', { ride: 'aaaaaaaaaaaa', connection: 'ab' }],
    ['hosts without name', { ride: TURNS, connection: 'ab', header: () => ['X-Other', 'same'] }],
    ['large answers', { ride: TURNS, connection: 'ab', body: 'x'.repeat(65_537) }],
    ['a request that is not to be repeated', { ride: TURNS, connection: 'ab', refuses: true }],
  ])('are not sent, or say nothing, with %s', async (_, world) => {
    const { value, sent } = await seen(world);
    expect([value.reuse, sent]).toEqual([[], []]);
  });

  test('are not sent where they are switched off', async () => {
    const { value, sent } = await seen({ ride: TURNS, connection: 'ab', given: { reuse: false } });
    expect([value.reuse, sent]).toEqual([undefined, []]);
  });

  test('that fail are told', async () => {
    const ends = { answers: [], end: 'reset' as const, problem: problem('refused', 'connect') };
    const { value } = await seen({ ride: TURNS, connection: '', ends });
    expect(value.reuse).toMatchObject([{ answered: 0, chance: null, end: 'reset', problem: 'refused' }]);
    expect(value.layer).toBeNull();
  });
});
