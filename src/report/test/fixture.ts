// Owns a journey made by hand: three zones, one slow, one with a failing host, one whose certificate ends soon.
import type { Section } from '../../contract/section.ts';
import { type Answer, type CheckResult, type Finding, pointer } from '../../model/finding.ts';
import type { Journey } from '../../model/journey.ts';
import type { Hop, LatencySummary } from '../../model/latency.ts';
import { type Endpoint, endpointId } from '../../model/target.ts';
import type { DnsName, IpAddress } from '../../model/text.ts';
import { type HopId, hopIds } from '../../model/trace.ts';

/** Deterministic numbers in [0, 1): a linear congruential generator, so that goldens do not move. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

export function summaryOf(samples: readonly number[]): LatencySummary {
  const sorted = samples.toSorted((a, b) => a - b);
  const rank = (q: number) => sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0;
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
  const squares = samples.reduce((sum, sample) => sum + (sample - mean) ** 2, 0);
  return {
    min: rank(0),
    mean,
    stddev: samples.length < 2 ? null : Math.sqrt(squares / (samples.length - 1)),
    p50: rank(0.5),
    p90: rank(0.9),
    p95: rank(0.95),
    p99: rank(0.99),
    max: rank(1),
    p99Interval: samples.length < 368 ? null : [rank(0.975), rank(1)],
    samples,
  };
}

const ZONES = ['kms-az1', 'kms-az2', 'kms-az3'] as const;
const PORT = 43_111;

const endpoints: readonly Endpoint[] = ZONES.map((zone, index) => {
  const address = `127.0.${index + 1}0.1` as IpAddress;
  return { id: endpointId(address, PORT), address, port: PORT, family: 4, zone, zoneSource: 'world', ttlSeconds: 60 };
});

/** Typical milliseconds of each phase; the second zone waits long. */
const TYPICAL: Readonly<Record<Exclude<HopId, 'resolve' | 'total'>, readonly number[]>> = {
  connect: [0.12, 0.14, 0.11],
  tls: [2.4, 2.8, 3.1],
  send: [0.03, 0.03, 0.04],
  wait: [6.2, 148, 7.4],
  receive: [0.21, 0.24, 0.19],
};

function hop(id: HopId, endpoint: Endpoint | null, samples: readonly number[], failures = 0): Hop {
  return {
    id,
    endpoint: endpoint?.id ?? null,
    zone: endpoint?.zone ?? null,
    attempts: samples.length + failures,
    failures,
    errors: failures === 0 ? {} : { 'connect-timeout': failures },
    clock: id === 'connect' ? 'kernel' : 'loop',
    latencyMs: samples.length === 0 ? null : summaryOf(samples),
  };
}

function endpointHops(endpoint: Endpoint, zone: number, count: number): readonly Hop[] {
  const random = numbers(zone + 7);
  const failures = zone === 2 ? Math.round(count * 0.15) : 0;
  const finished = count - failures;
  const phases = (['connect', 'tls', 'send', 'wait', 'receive'] as const).map((id) => {
    const typical = TYPICAL[id][zone] ?? 1;
    return [id, Array.from({ length: finished }, () => typical * (0.8 + random() ** 4 * 2.2))] as const;
  });
  const total = Array.from({ length: finished }, (_, index) =>
    phases.reduce((sum, [, samples]) => sum + (samples[index] ?? 0), 0),
  );
  const all = [...phases, ['total', total] as const];
  return all
    .map(([id, samples]) => hop(id, endpoint, samples, id === 'connect' ? failures : 0))
    .toSorted((a, b) => hopIds.indexOf(a.id) - hopIds.indexOf(b.id));
}

const [first, second, third] = endpoints as [Endpoint, Endpoint, Endpoint];

const findings: readonly Finding[] = [
  {
    id: 'zone-slow',
    severity: 'warning',
    probe: 'balancer',
    endpoint: second.id,
    zone: second.zone,
    what: 'Half of the requests wait longer than 149 ms, 24 times as long as in the fastest zone.',
    soWhat: 'Every third caller lands in this zone and waits; timeouts tuned to the other zones will fire here.',
    nowWhat: 'compare the hosts behind this zone',
    steps: [
      { kind: 'change', text: 'Look at load and garbage collection of the hosts behind this zone.' },
      { kind: 'command', argv: ['probe', 'https://kms.example:43111/', '--connect', '127.0.20.1:43111', '-n', '400'] },
    ],
    evidence: [pointer('hops', 8)],
  },
  {
    id: 'certificate-expiry',
    severity: 'critical',
    probe: 'tls',
    endpoint: third.id,
    zone: third.zone,
    what: 'The certificate ends in 6 days, on 2026-11-26 22:00 UTC.',
    soWhat: 'From then on every client refuses this zone; the other zones have 81 days left.',
    nowWhat: 'renew',
    steps: [
      { kind: 'change', text: 'Install the certificate that the other zones serve, or renew this one.' },
      {
        kind: 'command',
        argv: ['openssl', 's_client', '-connect', '127.0.30.1:43111', '-servername', 'kms.example', '-showcerts'],
      },
    ],
    evidence: [pointer('evidence', 'tls', 'byEndpoint', 2)],
  },
  {
    id: 'host-unhealthy',
    severity: 'warning',
    probe: 'hosts',
    endpoint: first.id,
    zone: first.zone,
    what: 'Host kms-az1-b answered 503 to 7 of its 10 requests and stays in rotation.',
    soWhat: 'The balancer keeps sending it a share of the requests: its health check does not see what callers see.',
    nowWhat: 'take it out',
    steps: [
      {
        kind: 'change',
        text: 'Take kms-az1-b out of the target group, then let the health check ask for what callers ask for.',
      },
    ],
    evidence: [pointer('evidence', 'hosts', 'byEndpoint', 0, 'unhealthy', 0)],
  },
];

const answers: readonly Answer[] = [
  {
    question: 1,
    probe: 'dns',
    title: 'Where is the record, who can move it, and how long does a move take to be seen?',
    summary:
      '3 addresses with a TTL of 60 s from 2 name servers of kms.example, which agree; a change is seen within 60 s.',
    confidence: 'observed',
    facts: { ttlSeconds: 60 },
  },
  {
    question: 2,
    probe: 'balancer',
    title: 'Which balancer: which layer, per zone or per region, which algorithm, what shields it?',
    summary: 'One balancer per zone, layer 7 (it adds Via and X-Forwarded headers).',
    confidence: 'inferred',
    facts: { layer: 7 },
  },
  {
    question: 3,
    probe: 'hosts',
    title: 'How many hosts answer, in which zones, and do sick ones stay in rotation?',
    summary: '5 hosts in 3 zones; 1 of them answers errors and stays in rotation.',
    confidence: 'observed',
    facts: { hosts: 5 },
  },
  {
    question: 4,
    probe: 'tls',
    title: 'Where does TLS end, with whose certificates, until when, and are they being rotated?',
    summary: 'TLS 1.3 at the balancer of each zone; 2 different certificates; the first one ends in 6 days.',
    confidence: 'observed',
    facts: { daysLeft: 6 },
  },
  {
    question: 5,
    probe: 'layers',
    title: 'Which layers does a request pass behind the balancer, what does each cost, what retries?',
    summary: 'app 4.1 ms, db 1.9 ms by Server-Timing; retries are not visible from outside.',
    confidence: 'observed',
    facts: {},
  },
  {
    question: 6,
    probe: 'access',
    title: 'How are callers authenticated and throttled, and what degrades when a dependency fails?',
    summary: 'Anonymous requests are answered; no rate limit is announced.',
    confidence: 'not-visible',
    facts: { rateLimit: null },
  },
];

const check = (
  id: string,
  probe: string,
  outcome: CheckResult['outcome'],
  because: string | null = null,
): CheckResult => ({
  id,
  probe,
  outcome,
  because,
});

const checks: readonly CheckResult[] = [
  check('certificate-expiry', 'tls', 'found'),
  check('zone-slow', 'balancer', 'found'),
  check('host-unhealthy', 'hosts', 'found'),
  check('chain-incomplete', 'tls', 'pass'),
  check('hostname-mismatch', 'tls', 'pass'),
  check('serials-disagree', 'dns', 'pass'),
  check('ttl-too-long', 'dns', 'pass'),
  check('retry-amplification', 'layers', 'not-judged', 'no trace header showed retries'),
  check('family-missing', 'dns', 'not-applicable', 'the name has IPv4 addresses only'),
];

/** The journey of the demo, with as many samples an endpoint as asked for. */
export function journeyOf(samples = 20): Journey {
  const random = numbers(3);
  return {
    schema: 'journey/1',
    id: '5f0c7a52-8a39-4f7b-9f5c-9f1a4a6b8c11',
    startedAt: '2026-11-20T22:00:12.345Z',
    durationMs: 4_217.4,
    complete: true,
    target: {
      input: 'kms.example:43111',
      url: 'https://kms.example:43111/',
      scheme: 'https',
      host: 'kms.example' as DnsName,
      isAddress: false,
      port: PORT,
    },
    vantage: { name: 'laptop', zone: null, addresses: ['127.0.0.1' as IpAddress] },
    budget: { dnsQueries: 26, connections: 60, requests: 57, bytesSent: 41_870, bytesReceived: 183_204 },
    endpoints,
    hops: [
      hop(
        'resolve',
        null,
        Array.from({ length: samples }, () => 0.6 + random() * 0.9),
      ),
      ...endpoints.flatMap((endpoint, zone) => endpointHops(endpoint, zone, samples)),
    ],
    probes: Object.fromEntries(
      ['dns', 'balancer', 'hosts', 'tls', 'layers', 'access'].map((id) => [
        id,
        { state: 'complete', elapsedMs: 12.5, problem: null, because: null },
      ]),
    ),
    riddenWith: { samples, deadlineMs: 2000 },
    evidence: {
      tls: { byEndpoint: endpoints.map(({ id }) => ({ endpoint: id, protocol: 'TLSv1.3' })) },
      hosts: { byEndpoint: [{ endpoint: first.id, unhealthy: ['kms-az1-b'] }] },
    },
    verdict: 'critical',
    checks,
    judgedWith: { policy: { tls: { warnDays: 30 } }, asOf: '2026-11-20T22:00:16.562Z', version: '0.1.0' },
    answers,
    findings,
  };
}

export const sections: readonly Section[] = [
  {
    title: 'TLS as each endpoint serves it',
    blocks: [
      {
        kind: 'table',
        columns: ['zone', 'protocol', 'cipher', 'subject', 'days left', 'trusted'],
        rows: [
          ['kms-az1', 'TLSv1.3', 'TLS_AES_256_GCM_SHA384', 'CN=kms.example', 81.25, true],
          ['kms-az2', 'TLSv1.3', 'TLS_AES_256_GCM_SHA384', 'CN=kms.example', 81.25, true],
          [
            'kms-az3',
            'TLSv1.3',
            'TLS_AES_256_GCM_SHA384',
            'CN=kms.example, O=Example KMS Operations, L=Zürich',
            6,
            true,
          ],
        ],
      },
      {
        kind: 'facts',
        rows: [
          ['certificates seen', 6],
          ['stapled OCSP response', false],
          ['hosts by header', 'x-backend'],
        ],
      },
    ],
  },
  {
    title: 'Access',
    blocks: [{ kind: 'unknown', because: 'No authentication challenge and no rate-limit header was sent.' }],
  },
];
