// The last words of every report, and how an answer says what it rests on.
import { expect, test } from 'vitest';
import type { Answer, CheckResult } from '../../model/finding.ts';
import type { ProbeState } from '../../model/journey.ts';
import { problem } from '../../model/problem.ts';
import type { WireText } from '../../model/text.ts';
import { confidenceNote, shortTitle } from '../answers.ts';
import { budgetText, checksText, notJudged, openProbes } from '../summary.ts';
import { journeyOf } from './fixture.ts';

const demo = journeyOf();

test.each([
  [demo.budget, '26 DNS queries, 60 connections, 57 requests, 42 kB out, 183 kB in'],
  [
    { dnsQueries: 1, connections: 1, requests: 1, bytesSent: 1, bytesReceived: 0 },
    '1 DNS query, 1 connection, 1 request, 1 B out, 0 B in',
  ],
])('the budget %j reads %s', (budget, text) => {
  expect(budgetText(budget)).toBe(text);
});

const check = (outcome: CheckResult['outcome'], because: string | null = null, id = 'a'): CheckResult => ({
  id,
  probe: 'tls',
  outcome,
  because,
});

test.each<[readonly CheckResult[], string]>([
  [[], '0 passed, 0 found'],
  [[check('pass'), check('pass'), check('found')], '2 passed, 1 found'],
  [[check('not-judged'), check('not-applicable')], '0 passed, 0 found, 1 not judged, 1 not applicable'],
])('the checks %j read %s', (checks, text) => {
  expect(checksText(checks)).toBe(text);
});

test('checks that were not judged are told by reason', () => {
  const checks = [
    check('not-judged', 'no samples', 'a'),
    check('pass', null, 'b'),
    check('not-judged', null, 'c'),
    check('not-judged', 'no samples', 'd'),
    check('not-applicable', 'no samples', 'e'),
  ];
  expect(notJudged(checks)).toEqual([
    { because: 'no samples', ids: ['a', 'd'] },
    { because: 'no reason given', ids: ['c'] },
  ]);
});

const state = (changes: Partial<ProbeState>): ProbeState => ({
  state: 'complete',
  elapsedMs: 1,
  problem: null,
  because: null,
  ...changes,
});
const words = 'no\u001b[2J way' as unknown as WireText;

test.each<[string, ProbeState, string | null]>([
  ['complete', state({}), null],
  ['skipped', state({ state: 'skipped', because: 'not asked for' }), 'skipped: not asked for'],
  ['skipped without a reason', state({ state: 'skipped' }), 'skipped'],
  ['unfinished', state({ state: 'unfinished' }), 'not finished: cut off'],
  ['failed without a problem', state({ state: 'failed' }), 'failed'],
  ['failed', state({ state: 'failed', problem: problem('refused', 'connect') }), 'failed: connection refused (target)'],
  [
    'failed by our own fault',
    state({ state: 'failed', problem: problem('no-ipv6', 'connect') }),
    'failed: this machine has no IPv6 (our side)',
  ],
  [
    'failed with words of the other side',
    state({ state: 'failed', problem: problem('tls-alert', 'tls', words) }),
    'failed: TLS refused by the server (target): no\\x1b[2J way',
  ],
])('a probe that is %s', (_, probe, says) => {
  expect(openProbes({ ...demo, probes: { tls: probe } })).toEqual(says === null ? [] : [{ id: 'tls', says }]);
});

test.each<[Answer['confidence'], string, string | null]>([
  ['observed', '3 addresses.', null],
  ['inferred', 'One balancer.', 'inferred'],
  ['declared', 'One balancer.', 'declared'],
  ['not-visible', 'No rate limit is announced.', 'not visible from outside'],
  ['not-visible', 'Retries are Not Visible From Outside.', null],
])('an answer that is %s, %j, is noted %s', (confidence, summary, note) => {
  const [answer] = demo.answers as [Answer, ...Answer[]];
  expect(confidenceNote({ ...answer, confidence, summary })).toBe(note);
});

test('each question has a short title of its own', () => {
  expect(demo.answers.map(shortTitle)).toEqual(['DNS', 'Balancer', 'Hosts', 'TLS', 'Layers', 'Access']);
});
