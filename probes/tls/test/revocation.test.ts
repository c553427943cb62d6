import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Fetch, FetchNamed } from '../../../src/contract/net.ts';
import type { Endpoint } from '../../../src/model/target.ts';
import { visible, wireText } from '../../../src/model/text.ts';
import { contextOf, endpointsOf, tracesOn } from '../../../test/support/traces.ts';
import { evidenceSchema, type TlsEvidence } from '../evidence.ts';
import { gather } from '../gather.ts';

/** Made with openssl, see src/x509/test/ocsp.test.ts: a CA that signed `good` and `revoked`, its OCSP responses and its list. */
const made = JSON.parse(
  readFileSync(new URL('../../../src/x509/test/revocation-fixtures.json', import.meta.url), 'utf8'),
) as Readonly<Record<'certificates' | 'responses' | 'crls', Readonly<Record<string, string>>>>;
const bytes = (base64: string | undefined): Buffer => Buffer.from(base64 ?? '', 'base64');
const sha256 = (der: Buffer): string => createHash('sha256').update(der).digest('hex');
const der = (name: string): Buffer => bytes(made.certificates[name]);
const AT = Date.parse('2026-11-22T00:00:00Z');

interface World {
  readonly leaf?: string;
  /** By handshake; null: none. */
  readonly staples?: readonly (string | null)[];
  readonly roots?: readonly string[];
  readonly fetchNamed?: FetchNamed;
  readonly endpoints?: readonly Endpoint[];
}

async function recordOf({ leaf = 'good', staples = [null], roots = ['ca'], fetchNamed, endpoints }: World) {
  const places = endpoints ?? endpointsOf('az1');
  const [endpoint] = places;
  if (endpoint === undefined) throw new Error('no endpoint');
  const chain = [sha256(der(leaf))];
  const bare = tracesOn(
    endpoint,
    staples.map(() => ({})),
  );
  const traces = bare.map((trace, at) => {
    const staple = staples[at] ?? null;
    if (trace.tls === null) throw new Error('no handshake');
    const stapled = staple === null ? {} : { ocspResponse: sha256(bytes(made.responses[staple])) };
    return { ...trace, tls: { ...trace.tls, chainSent: chain, ocspStapled: staple !== null, ...stapled } };
  });
  const responses = Object.values(made.responses).map((each) => [sha256(bytes(each)), bytes(each)] as const);
  const attempt = await gather(
    contextOf({ survey: false, handshakes: false, revocation: fetchNamed !== undefined }, places, traces, {
      startedAtMs: AT,
      trustedRoots: () => roots.map(der),
      ride: {
        ...{ traces, lookups: [], staples: new Map(responses) },
        certificates: new Map([der(leaf)].map((one) => [sha256(one), one])),
      },
      net: { now: () => 0, dns: undefined as never, ...(fetchNamed === undefined ? {} : { fetchNamed }) },
    }),
  );
  if (attempt.state !== 'complete') throw new Error(attempt.state);
  const { revocation } = evidenceSchema.parse(attempt.value) as TlsEvidence;
  if (revocation === undefined) throw new Error('not looked at');
  return revocation;
}

describe('staples', () => {
  test('are grouped by what they are, with those that did not come', async () => {
    const { staples, leaves } = await recordOf({ staples: ['good-issuer', null, 'good-issuer', 'good-delegate'] });
    expect(staples.map(({ handshakes, statement }) => [handshakes, statement?.status, statement?.signedBy])).toEqual([
      [2, 'good', 'issuer'],
      [1, undefined, undefined],
      [1, 'good', 'delegate'],
    ]);
    expect(Object.values(leaves)).toMatchObject([
      { mustStaple: true, crlUrls: ['http://crl.example/ca.crl'], scts: [] },
    ]);
  });

  test.each([
    ['of the issuer', 'good-issuer', ['ca'], 'good', null, false],
    ['of an impostor', 'good-impostor', ['ca'], 'good', 'its signature is not of the issuer that it names', false],
    ['about another certificate', 'revoked-issuer', ['ca'], null, 'it is about another certificate', false],
    [
      'of an issuer that is not known',
      'good-issuer',
      [],
      'good',
      'the certificate of its issuer is not known here, so that nothing signed by it can be checked',
      true,
    ],
  ] as const)('%s', async (_, staple, roots, status, because, unchecked) => {
    const { staples } = await recordOf({ staples: [staple], roots });
    expect(staples[0]?.statement).toMatchObject({ status, because, unchecked });
  });
});

describe('asking', () => {
  const answering =
    (answers: Readonly<Record<string, string | null>>, asked: Fetch[] = []): FetchNamed =>
    (question) => {
      asked.push(question);
      const base64 = answers[question.url];
      if (base64 == null)
        return Promise.resolve({ state: 'failed', because: wireText('no answer in time'), elapsedMs: 1 });
      return Promise.resolve({ state: 'answered', body: bytes(base64), kept: false, elapsedMs: 1 });
    };
  const OCSP = 'http://ocsp.example/';
  const CRL = 'http://crl.example/ca.crl';
  const asked = async (leaf: string, answers: Readonly<Record<string, string | null | undefined>>) => {
    const given = answers as Readonly<Record<string, string | null>>;
    const { asked: records = [] } = await recordOf({ leaf, fetchNamed: answering(given) });
    return records.map(({ method, status, because }) => `${method} ${status} ${because ?? ''}`.trim());
  };

  test('says what the responder and the list say', async () => {
    const list = made.crls['crl'];
    expect(await asked('good', { [OCSP]: made.responses['good-issuer'], [CRL]: list })).toEqual([
      'ocsp good',
      'crl good',
    ]);
    expect(await asked('revoked', { [OCSP]: made.responses['revoked-issuer'], [CRL]: list })).toEqual([
      'ocsp revoked',
      'crl revoked',
    ]);
  });

  test('silence and nonsense are not "good"', async () => {
    expect(await asked('good', { [OCSP]: null, [CRL]: Buffer.from('<html>').toString('base64') })).toEqual([
      'ocsp null no answer in time',
      'crl null it is no revocation list, or larger than 64 MiB',
    ]);
    expect(
      await asked('good', {
        [OCSP]: Buffer.from('30030a0103', 'hex').toString('base64'),
        [CRL]: made.crls['crl-other'],
      }),
    ).toEqual(['ocsp null the responder answered "tryLater"', 'crl null its signature is not of the issuer']);
  });

  test('tells until when an answer holds, and how far it may go', async () => {
    const questions: Fetch[] = [];
    const fetchNamed = answering({}, questions);
    await recordOf({ fetchNamed });
    const [ocsp, crl] = questions;
    expect(ocsp?.keepUntilMs(bytes(made.responses['good-issuer']))).toBe(Date.parse('2026-11-28T13:13:12Z'));
    expect(ocsp?.keepUntilMs(Buffer.from('30030a0103', 'hex'))).toBeNull();
    expect(crl?.keepUntilMs(bytes(made.crls['crl']))).toBe(Date.parse('2026-12-21T13:13:12Z'));
    expect(crl?.keepUntilMs(Buffer.from('nothing'))).toBeNull();
    const near = endpointsOf('az1').map((endpoint) => ({ ...endpoint, address: '10.0.0.1' as Endpoint['address'] }));
    const far = near.map((endpoint) => ({ ...endpoint, address: '8.8.8.8' as Endpoint['address'] }));
    for (const [endpoints, reach] of [
      [near, 'any'],
      [far, 'public'],
      [[...near, ...far], 'public'],
    ] as const) {
      questions.length = 0;
      await recordOf({ fetchNamed, endpoints });
      expect(new Set(questions.map((question) => question.reach))).toEqual(new Set([reach]));
    }
  });

  test('cannot be done by OCSP when the issuer is not known', async () => {
    const { asked: records = [] } = await recordOf({
      roots: [],
      fetchNamed: answering({ [CRL]: made.crls['crl'] ?? null }),
    });
    expect(records.map(({ method, unchecked, url }) => [method, unchecked, url === null ? '' : visible(url)])).toEqual([
      ['ocsp', true, OCSP],
      ['crl', true, CRL],
    ]);
  });
});
