import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Given } from '../../../src/contract/check.ts';
import type { Phrase } from '../../../src/model/finding.ts';
import { parseTarget } from '../../../src/model/target.ts';
import { visible, wireText } from '../../../src/model/text.ts';
import { type DnsEvidence, dnsEvidenceSchema } from '../evidence.ts';
import { judgement } from '../judgement.ts';
import { metrics } from '../metrics.ts';
import { type DnsPolicy, dnsPolicySchema } from '../options.ts';
import { section } from '../section.ts';

interface Case {
  readonly about: string;
  readonly policy?: Partial<DnsPolicy>;
  readonly evidence: unknown;
  /** Evidence of the tls probe, as far as checks here read it. */
  readonly tls?: unknown;
  readonly outcomes: Readonly<Record<string, string>>;
  readonly findings: readonly { readonly id: string; readonly severity: string; readonly what: string }[];
  readonly answer: string;
}

const folder = new URL('cases/', import.meta.url);
const cases = readdirSync(folder).map((file): [string, Case] => [
  file,
  JSON.parse(readFileSync(new URL(file, folder), 'utf8')),
]);

const words = (phrase: Phrase) =>
  phrase.map((piece) => (typeof piece === 'number' ? String(piece) : visible(piece))).join('');

function given(policy: Case['policy'] = {}): Given<DnsPolicy> {
  return {
    policy: dnsPolicySchema.parse(policy),
    asOfMs: 0,
    target: parseTarget('kms.example'),
    endpoints: [],
    hops: [],
  };
}

function judged({ evidence, policy, tls }: Pick<Case, 'evidence' | 'policy' | 'tls'>) {
  const dns = dnsEvidenceSchema.parse(evidence);
  const results = judgement.checks.map((check) => ({ check, result: check.judge({ dns, tls }, given(policy)) }));
  return {
    dns,
    outcomes: Object.fromEntries(results.map(({ check, result }) => [check.id, result.outcome])),
    seen: results.flatMap(({ check, result }) =>
      result.outcome === 'found' ? result.seen.map((one) => ({ check, one })) : [],
    ),
    answer: judgement.answer(dns, given(policy)),
  };
}

describe('each recorded case', () => {
  test.each(cases)('%s', (_, recorded) => {
    const { outcomes, seen, answer } = judged(recorded);
    // Checks that a case does not mention may end in any way but `found`: all findings are listed below.
    expect(outcomes).toMatchObject(recorded.outcomes);
    expect(
      seen.map(({ check, one }) => ({ id: check.id, severity: one.severity ?? check.severity, what: words(one.what) })),
    ).toEqual(recorded.findings);
    expect(words(answer.summary)).toBe(recorded.answer);
  });

  test.each(cases)('%s: every pointer resolves, and every finding says what to do', (_, recorded) => {
    const { dns, seen } = judged(recorded);
    const { tls } = recorded;
    for (const { check, one } of seen) {
      expect((one.nowWhat ?? check.nowWhat).length).toBeGreaterThan(0);
      for (const at of one.evidence) expect(resolve({ evidence: { dns, tls } }, at)).toBeDefined();
    }
  });

  test.each(cases)('%s: metrics are finite and told once, and tables are even', (_, recorded) => {
    const dns = dnsEvidenceSchema.parse(recorded.evidence);
    const samples = [...metrics(dns)];
    expect(samples.every((sample) => Number.isFinite(sample.value))).toBe(true);
    expect(new Set(samples.map(({ family, labels }) => JSON.stringify([family, labels]))).size).toBe(samples.length);
    for (const block of section(dns).blocks) {
      if (block.kind === 'table') expect(block.rows.every((row) => row.length === block.columns.length)).toBe(true);
    }
  });

  test('every check is found in one case and passes in another', () => {
    const all = cases.flatMap(([, recorded]) => Object.entries(recorded.outcomes));
    for (const { id } of judgement.checks) {
      for (const outcome of ['found', 'pass']) expect(all).toContainEqual([id, outcome]);
    }
  });
});

describe('absence never passes', () => {
  const healthy = cases.find(([file]) => file === 'healthy.json')?.[1].evidence as DnsEvidence;
  const lost: readonly [string, Partial<DnsEvidence>, readonly string[]][] = [
    ['no zone', { delegation: [] }, ['name-server-lame', 'answers-disagree', 'serials-disagree', 'single-name-server']],
    ['no name servers', { delegation: [] }, ['one-network', 'one-operator', 'delegation-set-odd']],
    ['no addresses', { records: [] }, ['private-address-in-public-dns']],
    ['a server without an address, beside others in one network', { delegation: [partly()] }, ['one-network']],
    ['no shift', { shift: null }, ['slow-traffic-shift']],
    [
      'no answer of a resolver',
      { lookup: { ...healthy.lookup, problem: cancelled() } },
      ['name-does-not-exist', 'resolver-failure', 'alias-loop'],
    ],
  ];
  test.each(lost)('%s', (_, change, ids) => {
    const { outcomes } = judged({ evidence: { ...healthy, ...change } });
    for (const id of ids) expect([id, outcomes[id]]).toEqual([id, 'not-judged']);
  });

  test('without evidence the answer says so', () => {
    const { summary, confidence } = judgement.answer(null, given());
    expect([words(summary), confidence]).toEqual(['DNS was not asked for this target.', 'not-visible']);
  });

  /** Whoever has no address here may stand anywhere. */
  function partly() {
    const recorded = cases.find(([file]) => file === 'one-network-own-servers.json')?.[1];
    const zone = dnsEvidenceSchema.parse(recorded?.evidence).delegation[0];
    if (zone === undefined) throw new Error('the case has no zone');
    const lost = { name: wireText('ns3.kms.example'), addresses: [], authoritative: null, rttMs: null, serial: null };
    return { ...zone, nameservers: [...zone.nameservers, { ...lost, error: 'servfail' as const, byAddress: [] }] };
  }

  function cancelled() {
    return { code: 'cancelled', fault: 'prober', step: 'resolve', detail: null } as const;
  }
});

function resolve(document: unknown, at: string): unknown {
  return at
    .split('/')
    .slice(1)
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document);
}
