// The chain as a tree: every width, every kind of chain, names that try to act, and the bars themselves.
import { describe, expect, test } from 'vitest';
import type { CertificateRecord } from '../../model/certificate-schema.ts';
import type { CertsReport, ChainVerdict, EndpointPlace } from '../../model/certs.ts';
import type { EndpointId, WireText } from '../../model/text.ts';
import { chainTree } from '../certs/chain-tree.ts';
import { certsExplained } from '../certs/explain.ts';
import { axisLine, axisOf, validityBar } from '../certs/validity-bar.ts';
import { widthOf } from '../text/width.ts';

const [leaf, low, high, root, other, extra] = ['1', '2', '3', '4', '5', '6'].map((digit) => digit.repeat(64));

function record(subject: string, notBefore: string, notAfter: string, part: Partial<CertificateRecord> = {}) {
  const base = {
    ...{ subject: subject as unknown as WireText, issuer: null, serialHex: '01', sans: [], sansTotal: 0 },
    ...{ notBefore: `${notBefore}T00:00:00Z`, notAfter: `${notAfter}T00:00:00Z`, lifetimeDays: 90, daysLeft: 1 },
    ...{ keyType: 'ec', keyBits: 256, curve: 'prime256v1', signatureAlgorithm: 'ecdsa-with-SHA256', selfSigned: false },
    ...{ isCa: false, spkiSha256: null, caIssuersUrls: [], ocspUrls: [], parseError: null },
  };
  return { ...base, ...part } satisfies CertificateRecord;
}

const certificates: Readonly<Record<string, CertificateRecord>> = {
  [leaf ?? '']: record('CN=kms.example', '2026-10-01', '2026-12-30'),
  [low ?? '']: record('CN=Issuing CA', '2024-01-01', '2029-01-01', { isCa: true }),
  [high ?? '']: record('CN=Upper CA', '2020-01-01', '2032-01-01', {
    isCa: true,
    keyType: 'rsa',
    keyBits: 4096,
    curve: null,
  }),
  [root ?? '']: record('CN=Root', '2015-01-01', '2035-01-01', { isCa: true, selfSigned: true }),
  [other ?? '']: record('CN=Older Root', '2005-01-01', '2028-01-01', { isCa: true, selfSigned: true }),
  [extra ?? '']: record('CN=\x1b[31mStray\u202e,O=你好', '2020-01-01', '2021-01-01'),
};

const faultOf = (certificate = '', code = 'expired', about: string | null = null): ChainVerdict['faults'][number] => ({
  ...{
    code,
    fatal: true,
    certificate,
    says: 'is wrong: \x1b]0;title\x07 in words that go on for longer than one line',
  },
  about: about as unknown as WireText | null,
});
const way = (...certs: (string | undefined)[]) => ({
  certificates: certs.map((one) => one ?? ''),
  endsAt: '2026-12-30T00:00:00Z',
  endsBy: leaf ?? '',
});

const verdicts: Readonly<Record<string, ChainVerdict | undefined>> = {
  'two ways to a root': {
    ...{ valid: true, path: way(leaf, low, high, root).certificates, faults: [] },
    paths: [way(leaf, low, high, root), way(leaf, low, other)],
  },
  'a missing issuer': {
    ...{ valid: false, path: way(leaf, low).certificates, paths: [] },
    faults: [faultOf(low, 'missing-issuer', 'CN=Gone\x1b[2J')],
  },
  'many faults': { valid: false, path: [leaf ?? ''], paths: [], faults: [faultOf(leaf), faultOf(leaf, 'weak-key')] },
  'no verdict': undefined,
};

function reportOf(verdict: ChainVerdict | undefined): CertsReport {
  const place: EndpointPlace = {
    ...{ kind: 'endpoint', id: 'kms.example 192.0.2.1:443', state: 'read', target: 'kms.example' },
    ...{ endpoint: '192.0.2.1:443' as EndpointId, servername: null, starttls: null, problem: null, elapsedMs: 1 },
    ...{ protocol: 'TLSv1.3', certificatesSent: 3, trusted: true, hostnameMatches: true },
    chain: [leaf ?? '', low ?? '', extra ?? ''],
    ...(verdict === undefined ? {} : { verdict }),
  };
  const dark: EndpointPlace = { ...place, id: 'dark.example', state: 'failed', chain: [] };
  return {
    ...{ schema: 'certs/1', startedAt: '2026-11-21T00:00:00Z', asOf: '2026-11-21T00:00:00Z', durationMs: 1 },
    ...{ verdict: 'ok', complete: true, judgedWith: {}, problems: [], places: [place, dark], certificates },
    counts: { targets: 1, places: 1, failed: 0, certificates: 6 },
  };
}

describe.each(Object.entries(verdicts))('%s', (_, verdict) => {
  test.each([20, 40, 60, 75, 76, 80, 100, 140, 200])('in %d columns', (columns) => {
    const text = certsExplained(reportOf(verdict), { columns, colour: false });
    const lines = text.split('\n');
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(Math.max(40, columns));
    // oxlint-disable-next-line no-control-regex -- what must not be there
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f\u202e]/);
    expect(text).toContain('no certificate was shown');
    for (const part of ['kms.exa', '├', 'Stray']) expect(text).toContain(part);
    if (verdict !== undefined) expect(text).toMatch(verdict.valid ? /TRUSTED/ : /REFUSED/);
  });

  test('colour adds nothing but colour', () => {
    const plain = certsExplained(reportOf(verdict), { columns: 100, colour: false });
    const coloured = certsExplained(reportOf(verdict), { columns: 100, colour: true });
    // oxlint-disable-next-line no-control-regex -- the colours themselves
    expect(coloured.replace(/\x1b\[[\d;]*m/g, '')).toBe(plain);
  });
});

test('the tree: shared beginnings once, the ways apart, strangers beside it', () => {
  const tree = chainTree({
    chain: [leaf ?? '', low ?? '', extra ?? ''],
    verdict: verdicts['two ways to a root'] as ChainVerdict,
  });
  const drawn = tree.onPath.map((one) => `${one.lead}${one.kind === 'certificate' ? (one.fingerprint[0] ?? '') : '?'}`);
  expect(drawn).toEqual(['1', '└─ 2', '   ├─ 3', '   │  └─ 4', '   └─ 5']);
  expect(tree.extras).toEqual([extra]);
});

test.each([
  ['2026-01-01', '2026-12-31', '├─────────┼────────┤'],
  ['2026-01-01', '2026-03-01', '├──┤      ┊         '],
  ['2026-10-01', '2026-12-31', '          ┊   ├────┤'],
  ['2026-08-01', '2026-08-02', '          ┊■        '],
])('the bar from %s until %s', (from, to, bar) => {
  const day = (text: string): string => `${text}T00:00:00Z`;
  const year = { notBefore: day('2026-01-01'), notAfter: day('2026-12-31') };
  const axis = axisOf([year], Date.parse(day('2026-07-10')));
  expect(validityBar({ notBefore: day(from), notAfter: day(to) }, axis, 20)).toBe(bar);
  expect(axisLine(axis, 40)).toMatch(/^2026-01 +now +2026-12$/);
});
