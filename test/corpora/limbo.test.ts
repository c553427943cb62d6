// The judge of the path validator: x509-limbo and bettertls, made by people who break validators. See README.md.
import { beforeAll, describe, expect, test } from 'vitest';
import { ipAddress } from '../../src/model/target.ts';
import { dnsName } from '../../src/model/text.ts';
import { readCertificate } from '../../src/x509/certificate.ts';
import { judgePath, type Verdict } from '../../src/x509/path.ts';
import { trustStore } from '../../src/x509/trust-store.ts';
import { corpus } from './corpus.ts';
import exceptions from './limbo-exceptions.json' with { type: 'json' };

interface Case {
  readonly id: string;
  readonly validation_kind: 'SERVER' | 'CLIENT';
  readonly trusted_certs: readonly string[];
  readonly untrusted_intermediates: readonly string[];
  readonly peer_certificate: string;
  readonly validation_time: string | null;
  readonly expected_result: 'SUCCESS' | 'FAILURE';
  readonly expected_peer_name: { readonly kind: 'DNS' | 'IP'; readonly value: string } | null;
  readonly max_chain_depth: number | null;
  readonly crls: readonly string[];
}

/** The time of cases that name none: when the suite was made. */
const MADE_MS = Date.parse('2026-11-20T00:00:00Z');

const derOf = (pem: string) => Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
const read = (pem: string) => readCertificate(derOf(pem));

function judged(one: Case): Verdict {
  const { expected_peer_name: name, max_chain_depth: most, validation_time: time } = one;
  const isAddress = name?.kind === 'IP';
  const host = name === null ? null : isAddress ? ipAddress(name.value) : dnsName(name.value);
  if (name !== null && host === null) throw new Error(`${name.value} is no host`);
  return judgePath({
    leaf: read(one.peer_certificate),
    sent: one.untrusted_intermediates.map(read),
    store: trustStore(one.trusted_certs.map(derOf)),
    atMs: time === null ? MADE_MS : Date.parse(time),
    host: host === null ? null : { host, isAddress },
    purpose: 'serverAuth',
    ...(most === null ? {} : { maxIntermediates: most }),
  });
}

/** Strictly: a rule for certificates that is broken counts, as the suite has it. */
const isStrictlyValid = ({ valid, faults }: Verdict): boolean =>
  valid && !faults.some(({ code }) => code === 'profile');

describe('the SERVER cases without revocation lists', () => {
  let answers: ReadonlyMap<Case, Verdict>;
  beforeAll(() => {
    const { testcases } = corpus('limbo') as { readonly testcases: readonly Case[] };
    const chosen = testcases.filter(({ validation_kind: kind, crls }) => kind === 'SERVER' && crls.length === 0);
    answers = new Map(chosen.map((one) => [one, judged(one)]));
  }, 120_000);

  test('are answered as expected, but for the exceptions that are written down', () => {
    const otherwise = [...answers]
      .filter(([one, verdict]) => isStrictlyValid(verdict) !== (one.expected_result === 'SUCCESS'))
      .map(([{ id }]) => id);
    expect(otherwise.toSorted()).toEqual(exceptions.map(({ id }) => id).toSorted());
    expect(answers.size).toBe(9761);
    expect(answers.size - otherwise.length).toBeGreaterThanOrEqual(9740);
  });

  test('no valid chain is refused', () => {
    const refused = [...answers].filter(
      ([one, verdict]) => one.expected_result === 'SUCCESS' && !isStrictlyValid(verdict),
    );
    expect(refused.map(([{ id }]) => id)).toEqual([]);
  });

  test('what is refused is refused for a reason, and what is valid has a path', () => {
    const mute = [...answers].filter(([, { valid, paths, faults }]) => (valid ? paths : faults).length === 0);
    expect(mute.map(([{ id }]) => id)).toEqual([]);
  });

  test.each([
    ['rfc5280::validity::expired-root', 'expired'],
    ['rfc5280::validity::expired-intermediate', 'expired'],
    ['rfc5280::validity::expired-1-second', 'expired'],
    ['rfc5280::validity::not-yet-valid-1-second', 'not-yet-valid'],
    ['rfc5280::chain-untrusted-root', 'unknown-root'],
    ['rfc5280::intermediate-ca-without-ca-bit', 'not-a-ca'],
    ['rfc5280::unknown-critical-extension-intermediate', 'unknown-critical-extension'],
    ['rfc5280::duplicate-extensions', 'malformed'],
    ['rfc5280::mismatching-signature-algorithm', 'malformed'],
    ['rfc5280::san::malformed', 'malformed'],
    ['rfc5280::eku::ee-wrong-eku', 'wrong-purpose'],
    ['rfc5280::nc::excluded-dns-match', 'name-constraint'],
    ['pathlen::intermediate-violates-pathlen-0', 'path-too-long'],
    ['pathological::nc-dos-1', 'too-complex'],
    ['webpki::san::mismatch-domain-san', 'name-mismatch'],
    ['webpki::san::no-san', 'name-mismatch'],
    ['webpki::forbidden-weak-rsa-key-in-root', 'weak-key'],
    ['webpki::explicit-curve', 'weak-key'],
    ['webpki::cryptographydotio-chain-missing-intermediate', 'missing-issuer'],
    ['webpki::cn::not-in-san', 'common-name'],
    ['webpki::ca-as-leaf', 'ca-as-leaf'],
  ])('%s is called %s', (id, code) => {
    const verdict = [...answers].find(([one]) => one.id === id)?.[1];
    expect(verdict?.faults.map((fault) => fault.code)).toContain(code);
  });
});
