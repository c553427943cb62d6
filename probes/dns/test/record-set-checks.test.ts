import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Given, Judged } from '../../../src/contract/check.ts';
import type { Phrase } from '../../../src/model/finding.ts';
import type { Problem } from '../../../src/model/problem.ts';
import { parseTarget } from '../../../src/model/target.ts';
import { visible, wireText } from '../../../src/model/text.ts';
import type { TlsEvidence } from '../../tls/evidence.ts';
import { bindingOf } from '../caa-values.ts';
import { caaDomain, certificateIssuers, issuerOf } from '../certificate-issuers.ts';
import { caaBindsIssuer } from '../checks/caa-binds-issuer.ts';
import { caaForbidsIssuer } from '../checks/caa-forbids-issuer.ts';
import { caaLookupFailure } from '../checks/caa-lookup-failure.ts';
import { danglingAlias } from '../checks/dangling-alias.ts';
import { httpsAlpnDisagrees } from '../checks/https-alpn-disagrees.ts';
import { httpsRecordDisagrees } from '../checks/https-record-disagrees.ts';
import { ipv6MissingAnswer } from '../checks/ipv6-missing-answer.ts';
import { resolverFailure } from '../checks/resolver-failure.ts';
import { type DnsEvidence, dnsEvidenceSchema } from '../evidence.ts';
import { type DnsPolicy, dnsPolicySchema } from '../options.ts';

const file = new URL('cases/healthy.json', import.meta.url);
const healthy = dnsEvidenceSchema.parse(JSON.parse(readFileSync(file, 'utf8')).evidence);

const given = (target = 'kms.example'): Given<DnsPolicy> => ({
  policy: dnsPolicySchema.parse({}),
  asOfMs: 0,
  target: parseTarget(target),
  endpoints: [],
  hops: [],
});

/** Outcome, with the severity of what was found. */
const told = (judged: Judged) =>
  judged.outcome === 'found'
    ? `found ${judged.seen.map((one) => one.severity ?? 'warning').join(' ')}`
    : judged.outcome;

const words = (phrase: Phrase) =>
  phrase.map((piece) => (typeof piece === 'number' ? String(piece) : visible(piece))).join('');

const problem = (code: Problem['code'], fault: Problem['fault'] = 'resolver'): Problem => ({
  code,
  fault,
  step: 'resolve',
  detail: null,
});

interface Said {
  readonly issue?: readonly string[];
  readonly issuewild?: readonly string[];
  readonly critical?: readonly string[];
  readonly iodef?: boolean;
  readonly problem?: Problem;
}

/** A climb of one set a name. */
function caaOf(...climb: readonly (readonly [name: string, said: Said])[]): NonNullable<DnsEvidence['caa']> {
  const asked = climb.map(([name, { issue = [], issuewild = [], critical = [], iodef = false, problem: trouble }]) => ({
    name,
    problem: trouble ?? null,
    records: issue.length + issuewild.length + critical.length + Number(iodef),
    malformed: 0,
    ...{ issue, issuewild, critical },
  }));
  const at = asked.find(({ records }) => records > 0);
  const { issue = [], issuewild = [], critical = [] } = at ?? {};
  const caa = { at: at?.name ?? null, issue, issuewild, critical, asked };
  return dnsEvidenceSchema.shape.caa.unwrap().parse(JSON.parse(JSON.stringify(caa)));
}

const LE = "CN=R11,O=Let's Encrypt,C=US";

function tlsOf(issuer: string | null, sans: readonly string[] = ['www.kms.example'], alpn: string | null = 'h2') {
  const byEndpoint = [{ endpoint: '192.0.2.1:443', handshakes: 1, alpn, chainSent: ['f1'], otherChains: [] }];
  return { byEndpoint, certificates: { f1: { issuer, sans } } } as unknown as TlsEvidence;
}

describe('caa-forbids-issuer', () => {
  const none: Said = {};
  const le: Said = { issue: ['letsencrypt.org; accounturi=https://acme.example/1'] };
  const www = 'www.kms.example';
  const kms = 'kms.example';
  test.each<[string, ReturnType<typeof caaOf> | undefined, TlsEvidence, string]>([
    ['journeys of before', undefined, tlsOf(LE), 'not-judged'],
    ['no CAA anywhere', caaOf([www, none], [kms, none], ['example', none]), tlsOf(LE), 'not-applicable'],
    ['allowed above the name', caaOf([www, none], [kms, le]), tlsOf(LE), 'pass'],
    ['forbidden above, allowed at the name', caaOf([www, le], [kms, { issue: ['pki.goog'] }]), tlsOf(LE), 'pass'],
    [
      'allowed above, forbidden at the name',
      caaOf([www, { issue: ['pki.goog'] }], [kms, le]),
      tlsOf(LE),
      'found warning',
    ],
    ['one of several', caaOf([www, { issue: ['pki.goog', 'LetsEncrypt.org'] }]), tlsOf(LE), 'pass'],
    ['nobody', caaOf([www, { issue: [';'] }]), tlsOf(LE), 'found warning'],
    ['a value that is no domain', caaOf([www, { issue: ['Let’s Encrypt'] }]), tlsOf(LE), 'found warning'],
    ['only where to report to', caaOf([www, { iodef: true }]), tlsOf(LE), 'not-applicable'],
    ['only wildcards restricted', caaOf([www, { issuewild: [';'] }]), tlsOf(LE), 'not-applicable'],
    ['a critical tag', caaOf([www, { ...le, critical: ['tbs'] }]), tlsOf(LE), 'found warning'],
    ['an issuer that is not known', caaOf([www, le]), tlsOf('CN=x,O=Example KMS'), 'not-judged'],
    ['an issuer that cannot be read', caaOf([www, le]), tlsOf(null), 'not-judged'],
    ['a CAA name that is not known', caaOf([www, { issue: ['ca.example'] }]), tlsOf(LE), 'not-judged'],
    ['a known one beside it', caaOf([www, { issue: ['ca.example', 'letsencrypt.org'] }]), tlsOf(LE), 'pass'],
    ['a failing lookup', caaOf([www, { problem: problem('servfail') }], [kms, le]), tlsOf(LE), 'not-judged'],
    ['a failing lookup above', caaOf([www, le], [kms, { problem: problem('servfail') }]), tlsOf(LE), 'pass'],
    ['no certificate', caaOf([www, le]), { byEndpoint: [], certificates: {} }, 'not-judged'],
    // RFC 8659 3 and 4.3: *.kms.example is looked up at kms.example, and issuewild goes before issue.
    [
      'by wildcard, issuewild forbids',
      caaOf([www, le], [kms, { ...le, issuewild: [';'] }]),
      tlsOf(LE, ['*.kms.example']),
      'found warning',
    ],
    ['by wildcard, issue alone', caaOf([www, none], [kms, le]), tlsOf(LE, ['*.kms.example']), 'pass'],
    [
      'by wildcard, the set of the name does not count',
      caaOf([www, { issue: [';'] }], [kms, le]),
      tlsOf(LE, ['*.kms.example']),
      'pass',
    ],
    ['by name and wildcard', caaOf([www, { ...le, issuewild: [';'] }]), tlsOf(LE, ['*.kms.example', www]), 'pass'],
  ])('%s: %s', (_, caa, tls, outcome) => {
    const dns = { ...healthy, name: www, ...(caa && { caa }) } as DnsEvidence;
    expect(told(caaForbidsIssuer.judge({ dns, tls }, given()))).toBe(outcome);
  });

  test('plain http has no issuer', () => {
    const judged = caaForbidsIssuer.judge({ dns: healthy, tls: tlsOf(LE) }, given('http://kms.example'));
    expect(judged.outcome).toBe('not-applicable');
  });
});

describe('the issuer of a certificate', () => {
  test.each([
    [LE, 'Let’s Encrypt'],
    ['CN=DigiCert Global G2 TLS RSA SHA256 2020 CA1,O=DigiCert Inc,C=US', 'DigiCert'],
    [
      'CN=Go Daddy Secure Certificate Authority - G2,OU=http://certs.godaddy.com/repository/,O=GoDaddy.com\\, Inc.,C=US',
      'GoDaddy',
    ],
    ['O=Amazon', 'Amazon'],
    ['CN=Amazon', undefined],
    ['CN=x\\,O=Amazon', undefined],
    ['O=Amazon Lookalike', undefined],
    ['', undefined],
  ])('%s is %s', (name, issuer) => {
    expect(issuerOf(wireText(name))?.name).toBe(issuer);
  });

  test('every row names a source, and domains as CAA values have them', () => {
    for (const { source, organisations, caaDomains } of certificateIssuers) {
      expect(source).toMatch(/^https:\/\//);
      expect(organisations.length).toBeGreaterThan(0);
      for (const domain of caaDomains) expect(caaDomain(wireText(`${domain}; x=y`))).toBe(domain);
    }
  });
});

describe('caa-lookup-failure', () => {
  const fails = { problem: problem('servfail') };
  test.each<[string, ReturnType<typeof caaOf> | undefined, string]>([
    ['journeys of before', undefined, 'not-judged'],
    ['all answered', caaOf(['www.kms.example', {}], ['kms.example', {}], ['example', {}]), 'pass'],
    ['the name fails', caaOf(['www.kms.example', fails], ['kms.example', {}], ['example', {}]), 'found warning'],
    ['a parent fails', caaOf(['www.kms.example', {}], ['kms.example', fails], ['example', {}]), 'found warning'],
    ['a parent above the records fails', caaOf(['www.kms.example', { issue: [';'] }], ['kms.example', fails]), 'pass'],
    ['the top-level domain fails', caaOf(['kms.example', {}], ['example', fails]), 'pass'],
    ['everything fails', caaOf(['kms.example', fails], ['example', fails]), 'not-judged'],
    ['stopped', caaOf(['kms.example', { problem: problem('cancelled', 'prober') }], ['example', {}]), 'not-judged'],
  ])('%s: %s', (_, caa, outcome) => {
    expect(told(caaLookupFailure.judge({ dns: { ...healthy, ...(caa && { caa }) } }, given()))).toBe(outcome);
  });
});

type Https = NonNullable<DnsEvidence['https']>[number];

const record = {
  ...{ name: 'kms.example', ttlSeconds: 60, priority: 1, target: '.', mandatory: [], alpn: ['h2'] },
  ...{ noDefaultAlpn: false, port: null, ipv4Hint: [], ipv6Hint: [], ech: false, otherKeys: [] },
};
const lookup = { name: 'kms.example', problem: null, malformed: 0, targets: [] };

function withHttps(records: readonly object[], change: object = {}): DnsEvidence {
  const https = records.map((one) => ({ ...record, ...one }) as unknown as Https);
  return {
    ...healthy,
    https,
    httpsLookup: { ...lookup, ...change } as unknown as NonNullable<DnsEvidence['httpsLookup']>,
  };
}

describe('https-record-disagrees', () => {
  const at = (target: string, addresses: readonly string[], trouble: Problem | null = null) => ({
    targets: [{ name: target, addresses, problem: trouble }],
  });
  test.each<[string, DnsEvidence, string]>([
    ['journeys of before', healthy, 'not-judged'],
    ['a failing lookup', withHttps([], { problem: problem('servfail') }), 'not-judged'],
    ['no record', withHttps([]), 'not-applicable'],
    ['no hints', withHttps([{}]), 'pass'],
    ['some of the addresses as hints', withHttps([{ ipv4Hint: ['192.0.2.3'] }]), 'pass'],
    ['hints that nobody gives', withHttps([{ ipv4Hint: ['198.51.100.1'] }]), 'found warning'],
    ['one such hint among good ones', withHttps([{ ipv4Hint: ['192.0.2.1', '198.51.100.1'] }]), 'found notice'],
    ['IPv6 hints without any AAAA record seen', withHttps([{ ipv6Hint: ['2001:db8::1'] }]), 'pass'],
    ['a broken record', withHttps([{}], { malformed: 1 }), 'found warning'],
    ['only a broken record', withHttps([], { malformed: 1 }), 'found warning'],
    ['alias mode: no such service', withHttps([{ priority: 0 }]), 'found warning'],
    [
      'a target that is there',
      withHttps([{ priority: 0, target: 'lb.example' }], at('lb.example', ['192.0.2.7'])),
      'pass',
    ],
    [
      'a target that is not',
      withHttps([{ priority: 0, target: 'lb.example' }], at('lb.example', [], problem('nxdomain'))),
      'found warning',
    ],
    [
      'a target without address',
      withHttps([{ target: 'lb.example' }], at('lb.example', [], problem('nodata'))),
      'found warning',
    ],
    [
      'a target that could not be asked for',
      withHttps([{ target: 'lb.example' }], at('lb.example', [], problem('servfail'))),
      'not-judged',
    ],
    [
      'hints of a target',
      withHttps([{ target: 'lb.example', ipv4Hint: ['192.0.2.7'] }], at('lb.example', ['192.0.2.7'])),
      'pass',
    ],
    [
      'stray hints of a target',
      withHttps([{ target: 'lb.example', ipv4Hint: ['192.0.2.1'] }], at('lb.example', ['192.0.2.7'])),
      'found warning',
    ],
    ['its own port', withHttps([{ port: 443 }]), 'pass'],
    ['another port', withHttps([{ port: 8443 }]), 'found notice'],
    [
      'another port in alias mode, where it means nothing',
      withHttps([{ priority: 0, port: 8443, target: 'lb.example' }], at('lb.example', ['192.0.2.7'])),
      'pass',
    ],
  ])('%s: %s', (_, dns, outcome) => {
    expect(told(httpsRecordDisagrees.judge({ dns }, given()))).toBe(outcome);
  });
});

describe('https-alpn-disagrees', () => {
  const h2 = tlsOf(LE);
  const plain = tlsOf(LE, [], null);
  const h1 = tlsOf(LE, [], 'http/1.1');
  test.each<[string, DnsEvidence, TlsEvidence, string]>([
    ['journeys of before', healthy, h2, 'not-judged'],
    ['a failing lookup', withHttps([], { problem: problem('servfail') }), h2, 'not-judged'],
    ['no record', withHttps([]), h2, 'not-applicable'],
    ['an alias', withHttps([{ priority: 0 }]), h2, 'not-applicable'],
    ['another port', withHttps([{ port: 8443 }]), h2, 'not-applicable'],
    ['named', withHttps([{}]), h2, 'pass'],
    ['named by another record', withHttps([{ alpn: ['h3'] }, {}]), h2, 'pass'],
    ['the default', withHttps([{}]), h1, 'pass'],
    ['no ALPN, which is the default', withHttps([{}]), plain, 'pass'],
    ['no ALPN and no default', withHttps([{ noDefaultAlpn: true }]), plain, 'found warning'],
    ['not named, no default', withHttps([{ alpn: ['h3'], noDefaultAlpn: true }]), h2, 'found warning'],
    ['not named beside the default', withHttps([{ alpn: ['h3'] }]), h2, 'found notice'],
    ['no handshake', withHttps([{}]), { byEndpoint: [], certificates: {} }, 'not-judged'],
  ])('%s: %s', (_, dns, tls, outcome) => {
    expect(told(httpsAlpnDisagrees.judge({ dns, tls }, given()))).toBe(outcome);
  });
});

test('what a server says of the reason of its failure is told', () => {
  const bogus = { ...problem('servfail'), detail: wireText('DNSSEC Bogus: RRSIG\u001b expired') };
  const said = (judged: Judged) => (judged.outcome === 'found' ? words(judged.seen[0].what) : judged.outcome);
  const end = /could not answer \(SERVFAIL\): DNSSEC Bogus: RRSIG\\x1b expired\.$/;
  const lookupOf = (change: object) => ({ ...healthy, lookup: { ...healthy.lookup, ...change } });
  expect(said(resolverFailure.judge({ dns: lookupOf({ problem: bogus }) }, given()))).toMatch(end);
  expect(said(resolverFailure.judge({ dns: lookupOf({ ipv4Problem: bogus }) }, given()))).toMatch(end);
  expect(said(ipv6MissingAnswer.judge({ dns: lookupOf({ ipv6Problem: bogus }) }, given()))).toMatch(end);
  const caa = caaOf(['kms.example', { problem: bogus }], ['example', {}]);
  expect(said(caaLookupFailure.judge({ dns: { ...healthy, caa } }, given()))).toMatch(end);
});

describe('dangling-alias', () => {
  const alias = { name: 'www.kms.example', target: 'gone.example', ttlSeconds: 60 } as DnsEvidence['aliases'][number];
  test.each<[string, Problem | null, string, string]>([
    ['nothing wrong', null, 'not-applicable', 'pass'],
    ['NXDOMAIN', problem('nxdomain'), 'not-applicable', 'found warning'],
    ['no address', problem('nodata'), 'not-applicable', 'pass'],
    ['a loop', problem('dns-alias-loop'), 'not-judged', 'pass'],
    ['SERVFAIL', problem('servfail'), 'not-judged', 'not-judged'],
  ])('%s: %s without an alias, %s with one', (_, trouble, without, alone) => {
    const dns = { ...healthy, lookup: { ...healthy.lookup, problem: trouble } };
    expect(told(danglingAlias.judge({ dns }, given()))).toBe(without);
    expect(told(danglingAlias.judge({ dns: { ...dns, aliases: [alias] } }, given()))).toBe(alone);
  });
});

describe('ipv6-missing-answer', () => {
  const nobody = { delegation: [] };
  test.each<[string, Partial<DnsEvidence['lookup']>, Partial<DnsEvidence>, string]>([
    ['no IPv6, as the authorities say', {}, {}, 'pass'],
    ['asked of nobody', {}, nobody, 'not-judged'],
    ['NXDOMAIN', { ipv6Problem: problem('nxdomain') }, {}, 'found warning'],
    ['silence', { ipv6Problem: problem('dns-timeout') }, {}, 'found warning'],
    ['no IPv6 here', { ipv6Problem: problem('no-ipv6', 'prober') }, {}, 'not-judged'],
    ['no address at all', { problem: problem('nodata') }, {}, 'not-applicable'],
    ['no answer at all', { problem: problem('servfail') }, {}, 'not-judged'],
    ['no IPv4', {}, { records: [] }, 'not-applicable'],
  ])('%s: %s', (_, change, rest, outcome) => {
    const dns = { ...healthy, ...rest, lookup: { ...healthy.lookup, ...change } };
    expect(told(ipv6MissingAnswer.judge({ dns }, given()))).toBe(outcome);
  });

  test('the other way round is the resolver’s failure', () => {
    const dns = { ...healthy, lookup: { ...healthy.lookup, ipv4Problem: problem('dns-timeout') } };
    expect(told(resolverFailure.judge({ dns }, given()))).toBe('found warning');
  });
});

describe('caa-binds-issuer', () => {
  const host = tlsOf(LE);
  const wildcard = tlsOf(LE, ['*.example']);
  const account = 'accounturi=https://acme.example/acct/7';
  test.each<[string, readonly string[], TlsEvidence, string, string?]>([
    ['no parameters', ['letsencrypt.org'], host, 'pass'],
    ['the issuer’s own parameters', ['letsencrypt.org; policy=ev'], host, 'pass'],
    ['another value without', [`letsencrypt.org; ${account}`, 'letsencrypt.org'], host, 'pass'],
    [
      'an account',
      [`letsencrypt.org; ${account}`],
      host,
      'found notice',
      'only for account https://acme.example/acct/7.',
    ],
    [
      'ways of validation',
      ['letsencrypt.org;validationmethods=dns-01,http-01'],
      host,
      'found notice',
      'only by dns-01, http-01.',
    ],
    [
      'each value its own',
      [`letsencrypt.org; ${account}`, 'letsencrypt.org; validationmethods=dns-01'],
      host,
      'found notice',
      'of their own.',
    ],
    [
      'two accounts in one value',
      [`letsencrypt.org; ${account}; ${account}8`],
      host,
      'found warning',
      'break their format',
    ],
    ['an account that is no URI', ['letsencrypt.org; accounturi=7'], host, 'found warning', 'break their format'],
    [
      'methods that are none',
      ['letsencrypt.org; validationmethods=dns_01'],
      host,
      'found warning',
      'break their format',
    ],
    [
      'a wildcard by dns-01',
      ['letsencrypt.org; validationmethods=dns-01'],
      wildcard,
      'found notice',
      'only by dns-01.',
    ],
    [
      'a wildcard by http-01',
      ['letsencrypt.org; validationmethods=http-01'],
      wildcard,
      'found warning',
      'cannot prove the wildcard',
    ],
    ['another issuer', [`digicert.com; ${account}`], host, 'not-applicable'],
    ['nobody', [';'], host, 'not-applicable'],
    ['an issuer unknown here', [`letsencrypt.org; ${account}`], tlsOf('CN=X,O=Nobody'), 'not-judged'],
    ['no certificate', [`letsencrypt.org; ${account}`], { byEndpoint: [], certificates: {} }, 'not-judged'],
  ])('%s', (_, issue, tls, outcome, say = '') => {
    const caa = caaOf(['kms.example', { issue }], ['example', { issue }]);
    const judged = caaBindsIssuer.judge({ dns: { ...healthy, caa }, tls }, given());
    expect(judged.outcome === 'found' ? `found ${judged.seen[0].severity ?? 'notice'}` : judged.outcome).toBe(outcome);
    expect(judged.outcome === 'found' ? words(judged.seen[0].what) : '').toContain(say);
  });

  test('parameters are read as RFC 8657 writes them, and whatever stands there is no failure', () => {
    expect(
      bindingOf(wireText('ca.example ; AccountURI = https://ca.example/a=b ; validationMethods=DNS-01, ca-fax')),
    ).toEqual({
      ...{ domain: 'ca.example', accounts: ['https://ca.example/a=b'], methods: ['dns-01', 'ca-fax'], broken: false },
    });
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (value) => {
        const { methods } = bindingOf(wireText(`letsencrypt.org; ${value}`));
        expect((methods ?? []).every((one) => /^[a-z0-9-]{1,64}$/.test(one))).toBe(true);
      }),
    );
  });
});
