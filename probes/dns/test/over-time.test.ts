// Owns the tests of telling failover from what earlier journeys saw: a table of histories, and the digest of a real journey.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Observation } from '../../../src/model/journey.ts';
import { parseTarget } from '../../../src/model/target.ts';
import { type DnsName, type IpAddress, visible, wireText } from '../../../src/model/text.ts';
import { answerChanged } from '../checks/answer-changed.ts';
import { earlierOf } from '../earlier.ts';
import { type DnsEvidence, dnsEvidenceSchema, type EarlierEvidence, type PolicyEvidence } from '../evidence.ts';
import { dnsPolicySchema } from '../options.ts';
import { earlierBlocks, overTime, overTimeFacts, overTimeWords } from '../over-time.ts';

const { evidence } = JSON.parse(readFileSync(new URL('cases/healthy.json', import.meta.url), 'utf8')) as {
  evidence: unknown;
};
const healthy = dnsEvidenceSchema.parse(evidence);

const A = '192.0.2.101';
const B = '192.0.2.102';
const C = '192.0.2.103';
const V6 = '2001:db8::1';
type Seen = Readonly<Record<string, 'up' | 'down' | 'unridden'>>;

function moment(day: number, seen: Seen, draws = false, name = 'kms.example'): EarlierEvidence {
  return {
    id: `journey-${day}`,
    startedAt: `2026-11-0${day}T03:00:00.000Z`,
    canonicalName: name as DnsName,
    addresses: Object.entries(seen).map(([address, health]) => ({
      address: address as IpAddress,
      requests: health === 'unridden' ? 0 : 20,
      failures: health === 'down' ? 20 : 0,
    })),
    addressesSeen: Object.keys(seen).length,
    policy: { kind: draws ? 'weighted' : 'fixed', setsSeen: draws ? 2 : 1 },
  };
}

/** This journey gives these addresses. */
function now(addresses: readonly string[], earlier: readonly EarlierEvidence[], draws = false): DnsEvidence {
  const { policy: _, aliasPolicy: __, ...rest } = healthy;
  const policy: PolicyEvidence = {
    zone: 'kms.example' as DnsName,
    name: 'kms.example' as DnsName,
    type: 'A',
    kind: draws ? 'weighted' : 'fixed',
    confidence: 'inferred',
    queries: 20,
    sets: [],
    setsSeen: draws ? 2 : 1,
    orders: 1,
    pool: null,
    ecs: [],
    signals: [],
  };
  return {
    ...rest,
    canonicalName: 'kms.example' as DnsName,
    delegation: [],
    records: addresses.map((address) => ({
      name: 'kms.example' as DnsName,
      type: address.includes(':') ? 'AAAA' : 'A',
      ttlSeconds: 60,
      authoritativeTtlSeconds: 60,
      data: wireText(address),
    })),
    policy,
    earlier: [...earlier],
  };
}

const nobody = { endpoints: [], hops: [] };

describe('the histories', () => {
  test.each([
    [
      'nothing changed',
      now([A, B], [moment(1, { [A]: 'up', [B]: 'up' })]),
      'unchanged',
      'the same addresses in 2 journeys',
    ],
    [
      'what failed is gone',
      now([B], [moment(1, { [A]: 'up' }), moment(2, { [A]: 'down' })]),
      'failover',
      `${A} failed at 2026-11-02T03:00:00.000Z and is no longer answered now`,
    ],
    [
      'one of two failed and is withdrawn',
      now([B], [moment(1, { [A]: 'down', [B]: 'up' })]),
      'failover',
      `${A} failed`,
    ],
    [
      'and comes back',
      now([A], [moment(1, { [A]: 'down' }), moment(2, { [B]: 'up' })]),
      'failover',
      `${A} is back now`,
    ],
    [
      'what answered is gone',
      now([B], [moment(1, { [A]: 'up' })]),
      'changed',
      `${A} answered at 2026-11-01T03:00:00.000Z and yet went`,
    ],
    [
      'nobody rode it',
      now([B], [moment(1, { [A]: 'unridden' })]),
      'changed',
      `how ${A} did at 2026-11-01T03:00:00.000Z was not seen`,
    ],
    [
      'one failed, the other answered, both gone',
      now([C], [moment(1, { [A]: 'down', [B]: 'up' })]),
      'changed',
      `${B} answered`,
    ],
    ['one more', now([A, B], [moment(1, { [A]: 'up' })]), 'changed', `${B} came now beside those there were`],
    [
      'it fails and stays',
      now([A], [moment(1, { [A]: 'down' })]),
      'unchanged',
      `${A} failed at 2026-11-01T03:00:00.000Z and was still answered now`,
    ],
    [
      'it draws, and shares some',
      now([B], [moment(1, { [A]: 'up', [B]: 'up' }, true)], true),
      'drawn',
      'the name chooses',
    ],
    ['it draws, and shares none', now([C], [moment(1, { [A]: 'up', [B]: 'up' }, true)], true), 'changed', 'yet went'],
    ['only IPv4 was asked for then', now([A, V6], [moment(1, { [A]: 'up' })]), 'unchanged', 'the same addresses'],
    [
      'another alias, the same addresses',
      now([A], [moment(1, { [A]: 'up' }, false, 'old.example')]),
      'changed',
      'the alias led to old.example',
    ],
  ] as const)('%s', (_, dns, kind, signal) => {
    const seen = overTime(dns, nobody);
    expect(seen?.kind).toBe(kind);
    expect(seen?.signals.join('; ')).toContain(signal);
    expect(overTimeFacts(dns, nobody)).toMatchObject({ overTime: { kind, since: '2026-11-01T03:00:00.000Z' } });
    expect(overTimeWords(seen) === null).toBe(kind === 'drawn');
    expect(earlierBlocks(dns)).toHaveLength(1);
  });

  test('without an address on either side nothing is told', () => {
    expect(overTime(now([], [moment(1, { [A]: 'up' })]), nobody)).toBeNull();
    expect(overTime(now([A], [moment(1, {})]), nobody)).toBeNull();
    expect(overTimeFacts(now([A], []), nobody)).toEqual({});
  });
});

describe('the finding', () => {
  const given = { ...nobody, policy: dnsPolicySchema.parse({}), asOfMs: 0, target: parseTarget('kms.example') };
  const judged = (dns: DnsEvidence) => answerChanged.judge({ dns }, given);

  test('names what went, what came, and what failed', () => {
    const result = judged(now([B], [moment(1, { [A]: 'down' })]));
    if (result.outcome !== 'found') throw new Error(result.outcome);
    const [only, ...rest] = result.seen;
    expect(rest).toEqual([]);
    expect(only.what.map((piece) => (typeof piece === 'number' ? piece : visible(piece))).join('')).toBe(
      `kms.example changed since 2026-11-01T03:00:00.000Z: it no longer gives ${A}, gives ${B} instead; ${A} failed then: a failover, as it looks.`,
    );
    expect(only.evidence).toEqual(['/evidence/dns/earlier/0', '/evidence/dns/records']);
  });

  test.each([
    ['pass', now([A], [moment(1, { [A]: 'up' })])],
    ['not-applicable', now([B], [moment(1, { [A]: 'up', [B]: 'up' }, true)], true)],
    ['not-judged', now([A], [])],
    ['not-applicable', { ...now([A], []), earlier: undefined } as unknown as DnsEvidence],
  ])('else %s', (outcome, dns) => {
    expect(judged(dns).outcome).toBe(outcome);
  });
});

test('the digest of a journey holds its addresses with how each did', () => {
  const journey = JSON.parse(
    readFileSync(new URL('../../../test/golden/old/0.1.0-demo.json', import.meta.url), 'utf8'),
  ) as Observation;
  const [digest, ...rest] = earlierOf([journey]);
  expect(rest).toEqual([]);
  expect(dnsEvidenceSchema.shape.earlier.parse([digest])).toEqual([digest]);
  expect(digest?.addresses.map(({ address }) => address)).toEqual(
    journey.endpoints.map(({ address }) => address).toSorted(),
  );
  const total = journey.hops.filter(({ id }) => id === 'total');
  expect(digest?.addresses.reduce((sum, { requests }) => sum + requests, 0)).toBe(
    total.reduce((sum, hop) => sum + hop.attempts, 0),
  );
  expect(earlierOf([{ ...journey, evidence: { dns: null } }])).toEqual([]);
});
