import { describe, expect, test } from 'vitest';
import type { Judged } from '../../contract/check.ts';
import type { AnyProbe } from '../../contract/probe.ts';
import { pointer, type Severity } from '../../model/finding.ts';
import type { Observation } from '../../model/journey.ts';
import { LEFT_OUT, NO_ENDPOINT } from '../../model/observation-words.ts';
import { endpointId } from '../../model/target.ts';
import { type IpAddress, wireText } from '../../model/text.ts';
import { type JudgeContext, judge } from '../judge.ts';

const address = '192.0.2.1' as IpAddress;
const id = endpointId(address, 443);

/** A probe that is all judgement: what it gathers is given by the test's observation. */
function probe(judged: () => Judged, severity: Severity = 'warning', needs: readonly string[] = ['door']): AnyProbe {
  const check = {
    ...{ id: 'door-open', needs, severity, title: 'A door is open', soWhat: 'Anyone can walk in.', sources: [] },
    nowWhat: [
      { kind: 'change' as const, text: ['close it'] },
      { kind: 'command' as const, argv: ['knock', wireText('a b\u001b[2J')] },
    ],
    judge: judged,
  };
  const answer = () => ({
    summary: ['seen ', wireText('\u202e')],
    confidence: 'observed' as const,
    facts: { a: 'x\u0007' },
  });
  return {
    ...{ id: 'door', question: 3, title: 'Is the door open?', reads: 'ride', after: [], sends: null },
    defaults: async () => ({ options: {}, policy: {} }),
    options: async () => ({ parse: () => ({}) }),
    policy: async () => ({ parse: (value) => value }),
    evidence: async () => ({ parse: (value) => value }),
    gather: async () => async () => ({ state: 'skipped', because: 'not here' }),
    judgement: async () => ({ checks: [check], answer }),
    metrics: async () => () => [],
    section: async () => () => ({ title: 'door', blocks: [] }),
  };
}

function observation(evidence: Observation['evidence'], because: string | null = null): Observation {
  const state = {
    state: because === null ? ('complete' as const) : ('skipped' as const),
    elapsedMs: 1,
    problem: null,
    because,
  };
  return {
    ...{ schema: 'journey/1', id: 'x', startedAt: '2026-11-20T00:00:00.000Z', durationMs: 1, complete: true, hops: [] },
    target: { input: 'a', url: 'https://a/', scheme: 'https', host: address, isAddress: true, port: 443 },
    vantage: { name: 'here', zone: null, addresses: [] },
    budget: { dnsQueries: 0, connections: 0, requests: 0, bytesSent: 0, bytesReceived: 0 },
    endpoints: [{ id, address, port: 443, family: 4, zone: 'north', zoneSource: 'flag', ttlSeconds: null }],
    probes: { door: state },
    riddenWith: {},
    evidence,
  };
}

const context: JudgeContext = {
  policy: { probes: {}, severities: {} },
  asOfMs: Date.parse('2026-11-20T00:00:00Z'),
  version: '0',
  quote: (argv) => argv.join(' '),
};
const found = (): Judged => ({
  outcome: 'found',
  seen: [
    {
      what: ['door ', wireText('\u001b]0;x\u0007'), ' is ', 90, ' % open'],
      endpoint: id,
      evidence: [pointer('evidence', 'door')],
    },
  ],
});

describe('judge', () => {
  test('a finding carries zone, flattened words, steps and one printable line', async () => {
    const journey = await judge(observation({ door: {} }), [probe(found)], context);
    expect(journey.verdict).toBe('warning');
    expect(journey.findings).toEqual([
      {
        ...{ id: 'door-open', severity: 'warning', probe: 'door', endpoint: id, zone: 'north' },
        what: 'door \\x1b]0;x\\x07 is 90 % open',
        soWhat: 'Anyone can walk in.',
        nowWhat: 'close it; knock a b\\x1b[2J',
        steps: [
          { kind: 'change', text: 'close it' },
          { kind: 'command', argv: ['knock', 'a b\\x1b[2J'] },
        ],
        evidence: ['/evidence/door'],
      },
    ]);
    expect(journey.answers[0]).toMatchObject({ question: 3, summary: 'seen \\u{202e}', facts: { a: 'x\\x07' } });
  });

  test.each([
    ['passes', () => ({ outcome: 'pass' }) as const, { door: {} }, null, 'pass', 'ok'],
    ['has no evidence', () => ({ outcome: 'pass' }) as const, { door: null }, NO_ENDPOINT, 'not-judged', 'unknown'],
    [
      'was left out by choice',
      () => ({ outcome: 'pass' }) as const,
      { door: null },
      LEFT_OUT,
      'not-applicable',
      'unknown',
    ],
    [
      'cannot tell',
      () => ({ outcome: 'not-judged', because: 'too few' }) as const,
      { door: {} },
      null,
      'not-judged',
      'unknown',
    ],
    [
      'throws',
      () => {
        throw new Error('a bug');
      },
      { door: {} },
      null,
      'not-judged',
      'unknown',
    ],
  ])('a critical check that %s', async (_, judged, evidence, because, outcome, verdict) => {
    const journey = await judge(observation(evidence, because), [probe(judged, 'critical')], context);
    expect(journey.checks[0]?.outcome).toBe(outcome);
    expect(journey.verdict).toBe(verdict);
  });

  test('a warning that could not be judged does not hide that the others passed; nothing judged at all is not health', async () => {
    const unseen = probe(() => ({ outcome: 'not-judged', because: 'dark' }));
    const seen = probe(() => ({ outcome: 'pass' }), 'critical');
    expect((await judge(observation({ door: {} }), [unseen, seen], context)).verdict).toBe('ok');
    expect((await judge(observation({ door: {} }), [unseen], context)).verdict).toBe('unknown');
  });

  test('the answer of a probe that was left out says so, whatever it would say of missing evidence', async () => {
    const journey = await judge(observation({ door: null }, LEFT_OUT), [probe(found)], context);
    expect(journey.answers[0]).toMatchObject({
      summary: 'Not looked at: left out by choice.',
      confidence: 'not-visible',
    });
  });

  test('policy overrides severity by check id and is written down', async () => {
    const policy = { probes: { door: { limit: 3 } }, severities: { 'door-open': 'critical' } } as const;
    const journey = await judge(observation({ door: {} }), [probe(found)], { ...context, policy });
    expect(journey.verdict).toBe('critical');
    expect(journey.judgedWith.policy).toEqual({ door: { limit: 3 }, severities: { 'door-open': 'critical' } });
  });

  test('a check sees the evidence it declared and nothing else', async () => {
    let seen: unknown;
    const curious = probe(() => ({ outcome: 'pass' }));
    const judgement = await curious.judgement();
    const spying = {
      ...judgement.checks[0],
      judge: (facts: unknown) => ((seen = facts), { outcome: 'pass' as const }),
    };
    await judge(
      observation({ door: { a: 1 }, secret: { b: 2 } }),
      [{ ...curious, judgement: async () => ({ ...judgement, checks: [spying] as never }) }],
      context,
    );
    expect(seen).toEqual({ door: { a: 1 } });
  });
});
