// Chains as the servers of badssl.com send them, each with all its faults. See README.md.
import { describe, expect, test } from 'vitest';
import { dnsName } from '../../src/model/text.ts';
import { readCertificate } from '../../src/x509/certificate.ts';
import { type Fault, isFatal } from '../../src/x509/fault.ts';
import { judgePath } from '../../src/x509/path.ts';
import { trustStore } from '../../src/x509/trust-store.ts';
import { corpus } from './corpus.ts';

const { root, chains } = corpus('badssl') as {
  readonly root: string;
  readonly chains: Readonly<Record<string, readonly string[]>>;
};
const store = trustStore([Buffer.from(root, 'base64')]);
/** Four days after they were made: their `expired` has by then. */
const atMs = Date.parse('2026-11-25T00:00:00Z');

/** `code detail` of each fatal fault. Chains that are not named here are valid: revocation and timestamps are not judged. */
const FAULTS: Readonly<Record<string, readonly string[]>> = {
  'client-ca-root': ['name-mismatch client-ca-root.badssl.test', 'self-signed'],
  'client-ca-untrusted-root': ['name-mismatch client-ca-untrusted-root.badssl.test', 'self-signed'],
  fallback: ['name-mismatch fallback.badssl.test', 'missing-issuer'],
  'subdomain-10000-sans': ['malformed it is larger than 128 KiB', 'missing-issuer'],
  'subdomain-captive-portal': ['name-mismatch captive-portal.badssl.test'],
  'subdomain-dsdtestprovider': ['missing-issuer'],
  'subdomain-edellroot': ['missing-issuer'],
  'subdomain-mitm-software': ['missing-issuer'],
  'subdomain-no-san': ['name-mismatch no-san.badssl.test'],
  'subdomain-preact-cli': ['missing-issuer'],
  'subdomain-preloaded-expect-ct': ['name-mismatch preloaded-expect-ct.badssl.test'],
  'subdomain-reversed-chain': ['name-mismatch reversed-chain.badssl.test'],
  'subdomain-superfish': ['missing-issuer'],
  'subdomain-webpack-dev-server': ['missing-issuer'],
  'wildcard-expired': ['expired on 2026-11-21 21:42 UTC'],
  'wildcard-incomplete-chain': ['missing-issuer'],
  'wildcard-md5': ['weak-signature md5WithRSAEncryption'],
  'wildcard-rsa1024': ['weak-key RSA of 1024 bits'],
  'wildcard-rsa512': ['weak-key RSA of 512 bits'],
  'wildcard-self-signed': ['self-signed'],
  'wildcard-sha1-2016': ['weak-signature sha1WithRSAEncryption'],
  'wildcard-sha1-2017': ['weak-signature sha1WithRSAEncryption'],
  'wildcard-sha1-intermediate': ['weak-signature sha1WithRSAEncryption'],
  'wildcard-untrusted-root': ['unknown-root'],
};

const says = ({ code, detail }: Fault): string => [code, detail].filter((part) => part !== null).join(' ');

function hostOf(chain: string) {
  const label = chain.startsWith('wildcard-') ? 'any' : chain.replace('subdomain-', '');
  const host = dnsName(`${label}.badssl.test`);
  if (host === null) throw new Error(`${chain} is no host`);
  return { host, isAddress: false };
}

describe('badssl.com serves', () => {
  test.each(Object.keys(chains))('%s', (name) => {
    const [leaf, ...sent] = (chains[name] ?? []).map((base64) => readCertificate(Buffer.from(base64, 'base64')));
    if (leaf === undefined) throw new Error('an empty chain');
    const verdict = judgePath({ leaf, sent, store, atMs, host: hostOf(name), purpose: 'serverAuth' });
    expect(verdict.faults.filter(isFatal).map(says)).toEqual(FAULTS[name] ?? []);
    expect(verdict.valid).toBe(!(name in FAULTS));
  });

  test('nothing that is named here in vain', () => {
    expect(Object.keys(FAULTS).filter((name) => !(name in chains))).toEqual([]);
  });
});
